// The API as an OpenAPI 3.1 document, out of the table of routes and the
// schemas that requests and answers are held to. Pure.
import * as z from "zod/mini";
import { apiKey, auditEntry } from "../contract/access.ts";
import { alert, ruleInForce } from "../contract/alerts.ts";
import { attempt, delivery, event } from "../contract/history.ts";
import { backlog, point, refusal, source } from "../contract/overview.ts";
import { destination, inspection, replayFilter, replayJob, route as configuredRoute } from "../contract/operations.ts";
import { BASE, groupOf, type Route, ROUTES } from "./routes.ts";

type Schema = Readonly<Record<string, unknown>>;
type Content = Readonly<Record<string, { readonly schema: Schema }>>;

interface Parameter {
  readonly name: string;
  readonly in: "path" | "query" | "header";
  readonly required: boolean;
  readonly description?: string;
  readonly schema: unknown;
}

export interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly description: string;
  readonly tags: readonly string[];
  readonly parameters: readonly Parameter[];
  readonly requestBody?: { readonly required: true; readonly content: Content };
  /** By status. */
  readonly responses: Readonly<Record<string, { readonly description: string; readonly content?: Content }>>;
}

interface Document {
  readonly openapi: "3.1.0";
  readonly info: { readonly title: string; readonly version: string; readonly description: string };
  readonly security: readonly Schema[];
  /** Path → method → operation. */
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: Schema;
}

/** What every route may answer instead. */
const ERRORS: Readonly<Record<string, string>> = {
  400: "What was asked cannot be meant: `detail` names the parameter or the field.",
  401: "Nothing in the request opens the relay.",
  403: "The caller's role is too low, or a page of another site sent the request.",
  404: "There is no such thing.",
  409: "It cannot be done as things stand: `detail` says what to do first.",
  410: "Its body is gone: deleted after its retention, or by an operator.",
};

const ABOUT = `Everything that the dashboard shows and does, as JSON. What goes wrong is told as problem details (RFC 9457) whose detail says what to do.
Lists go from the newest to the oldest: give "next" back as "cursor" for the following page.
With an Idempotency-Key, a repeat of a POST or PUT does nothing and gets the first answer.`;

const IDEMPOTENCY: Parameter = {
  name: "Idempotency-Key",
  in: "header",
  required: false,
  description: "Names the request: a repeat with the same name does nothing and gets the first answer.",
  schema: { type: "string", minLength: 1, maxLength: 255 },
};

const problem = z.object({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.optional(z.string()),
  field: z.optional(z.string()),
});

/** What has a name of its own in the document, so that a client made from it has one type for it. */
const NAMED = z.registry<{ id: string }>();
for (const [id, schema] of Object.entries({
  Alert: alert,
  AlertRule: ruleInForce,
  ApiKey: apiKey,
  Attempt: attempt,
  AuditEntry: auditEntry,
  Backlog: backlog,
  Delivery: delivery,
  Destination: destination,
  Event: event,
  Inspection: inspection,
  Point: point,
  Problem: problem,
  Refusal: refusal,
  ReplayFilter: replayFilter,
  ReplayJob: replayJob,
  Route: configuredRoute,
  Source: source,
})) {
  NAMED.add(schema, { id });
}

/** What the schemas that have been read refer to, by name. */
const referred: Record<string, unknown> = {};
let made: Document | null = null;

/** The document, the same for every relay of this version. */
export function openApi(): Document {
  schemaOf(problem, "output");
  made ??= {
    openapi: "3.1.0",
    info: { title: "Hookline", version: "1", description: ABOUT },
    security: [{ key: [] }, { session: [] }],
    paths: readPaths(),
    components: {
      securitySchemes: {
        key: { type: "http", scheme: "bearer", description: "An API key, or ADMIN_TOKEN." },
        session: {
          type: "apiKey",
          in: "cookie",
          name: "__Host-hookline",
          description: "A browser that has signed in.",
        },
      },
      schemas: referred,
    },
  };
  return made;
}

function readPaths(): Document["paths"] {
  const paths: Record<string, Record<string, Operation>> = {};
  for (const [key, route] of Object.entries(ROUTES)) {
    const [method = "", path = ""] = key.split(" ", 2);
    const item = (paths[BASE + path.replaceAll(/:(\w+)/g, "{$1}")] ??= {});
    item[method.toLowerCase()] = toOperation(method, path, route);
  }
  return paths;
}

function toOperation(method: string, path: string, { role, says, query, body, answer, refuses }: Route): Operation {
  const named = [...path.matchAll(/:(\w+)/g)].map(([, name = ""]): Parameter => ({
    name,
    in: "path",
    required: true,
    schema: { type: "string" },
  }));
  const done =
    answer === null
      ? { 101: { description: "The socket is open." } }
      : { 200: { description: "Done.", content: contentOf(answer) } };
  return {
    operationId: `${method.toLowerCase()}${path.replaceAll(/[/.]:?/g, "_")}`,
    summary: says,
    description: `Needs the role ${role}.`,
    tags: [groupOf(path)],
    parameters: [
      ...named,
      ...(query === undefined ? [] : parametersOf(query)),
      ...(method === "GET" ? [] : [IDEMPOTENCY]),
    ],
    ...(body === undefined ? {} : { requestBody: { required: true, content: json(schemaOf(body, "input")) } }),
    responses: { ...done, ...refusals(refuses) },
  };
}

function refusals(others: Readonly<Record<string, string>> = {}): Operation["responses"] {
  const content = { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } };
  return Object.fromEntries(
    Object.entries({ ...ERRORS, ...others }).map(([status, description]) => [status, { description, content }]),
  );
}

/** A parameter is given or left out: that the relay then reads `null` is its own affair. */
function parametersOf(query: z.ZodMiniObject): Parameter[] {
  const { properties } = z.object({ properties: z.record(z.string(), node) }).parse(schemaOf(query, "input"));
  return Object.entries(properties).map(([name, { anyOf, default: unset, type, ...rest }]) => {
    const [given = { ...rest, type: Array.isArray(type) ? type[0] : type }] = anyOf ?? [];
    const schema = unset === null || unset === undefined ? given : Object.assign({}, given, { default: unset });
    return { name, in: "query", required: false, schema };
  });
}

const node = z.looseObject({
  anyOf: z.optional(z.array(z.unknown())),
  default: z.optional(z.unknown()),
  type: z.optional(z.unknown()),
});

function contentOf(answer: z.ZodMiniType | string): Content {
  return typeof answer === "string" ? { [answer]: { schema: {} } } : json(schemaOf(answer, "output"));
}

function json(schema: Schema): Content {
  return { "application/json": { schema } };
}

/** JSON Schema 2020-12, which OpenAPI 3.1 takes as it is. What it refers to goes into `referred`. */
function schemaOf(schema: z.ZodMiniType, io: "input" | "output"): Schema {
  const written = z.toJSONSchema(schema, {
    io,
    metadata: NAMED,
    unrepresentable: "any",
    override({ jsonSchema }) {
      // Answers may grow; and the expression behind a format of its own name tells nobody anything.
      if (io === "output" && jsonSchema.additionalProperties === false) delete jsonSchema.additionalProperties;
      if (jsonSchema.format !== undefined) delete jsonSchema.pattern;
    },
  });
  const {
    $schema: _,
    $defs = {},
    ...rest
  } = parse(JSON.stringify(written).replaceAll('"#/$defs/', '"#/components/schemas/'));
  Object.assign(referred, $defs);
  return rest;
}

const parse = (text: string) =>
  z.looseObject({ $defs: z.optional(z.record(z.string(), z.unknown())) }).parse(JSON.parse(text));
