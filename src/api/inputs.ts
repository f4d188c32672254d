// What the API takes, and how it complains: query parameters and bodies. Schemas, and the middleware that holds requests to them.
import type { Input, MiddlewareHandler } from "hono";
import * as z from "zod/mini";
import { keyName, role } from "../contract/access.ts";
import { replayState } from "../contract/operations.ts";
import { ask, complaint, orNull } from "../contract/question.ts";
import { type ApiEnv, Refusal } from "./env.ts";

export const overviewParameters = z.strictObject({
  hours: z._default(z.enum(["1", "24", "168"], "must be 1, 24 or 168"), "24"),
});

export const auditParameters = z.strictObject({ cursor: orNull(z.string()) });

export const inspectionParameters = z.strictObject({
  show: orNull(z.string().check(z.regex(/^\d{1,15}$/, 'must be the "id" of one of them'))),
});

/** Which ended deliveries: the failed ones unless `state` says otherwise; what else is left out admits all. The operator judges what it says. */
export const filterParameters = z.strictObject({
  source: orNull(z.string()),
  type: orNull(z.string()),
  destination: orNull(z.string()),
  state: replayState,
  since: orNull(z.string()),
  until: orNull(z.string()),
});

export const replayOrder = z.strictObject({
  filter: filterParameters,
  rate: z._default(z.number("must be a number of deliveries a minute"), 600),
});

const text = (most: number) =>
  z
    .string("must be text")
    .check(z.minLength(1, "must not be empty"), z.maxLength(most, `must not be longer than ${most} characters`));

export const sendOrder = z.strictObject({ destination: text(63) });

export const scriptOrder = z.strictObject({
  script: z.nullable(text(1_000)),
});

export const keyOrder = z.strictObject({
  name: keyName,
  role: z.enum(role.options, `must be one of ${role.options.join(", ")}`),
  days: z.nullable(
    z
      .int("must be a whole number of days, or null for a key that does not expire")
      .check(z.minimum(1, "must be 1 at least"), z.maximum(3_650, "must be 3650 at most")),
  ),
});

type Takes<Kind extends "query" | "json", Schema extends z.ZodMiniType> = Input & {
  in: Record<Kind, z.input<Schema>>;
  out: Record<Kind, z.output<Schema>>;
};

/** Holds the query to a schema; a parameter that nobody knows is refused, because leaving it out in silence would answer another question. */
export function query<Schema extends z.ZodMiniObject>(
  schema: Schema,
): MiddlewareHandler<ApiEnv, string, Takes<"query", Schema>> {
  return async function holdsQuery(c, next) {
    const asked = ask(schema, new URL(c.req.url).searchParams);
    if (!asked.ok) throw badRequest(asked.detail);
    c.req.addValidatedData("query", asked.value);
    await next();
  };
}

/** Holds the body to a schema, as JSON whatever the content type says: a form of another site could not be JSON by accident. */
export function body<Schema extends z.ZodMiniObject>(
  schema: Schema,
): MiddlewareHandler<ApiEnv, string, Takes<"json", Schema>> {
  return async function holdsBody(c, next) {
    const sent = parse(await c.req.text());
    if (typeof sent !== "object" || sent === null || Array.isArray(sent))
      throw badRequest(`the body must be JSON: ${example(schema)}`);
    const parsed = schema.safeParse(sent);
    if (!parsed.success) throw badRequest(complaint(parsed.error, Object.keys(schema.shape)));
    c.req.addValidatedData("json", parsed.data);
    await next();
  };
}

function parse(sent: string): unknown {
  try {
    return JSON.parse(sent);
  } catch {
    return undefined;
  }
}

function example(schema: z.ZodMiniObject): string {
  return `an object with ${Object.keys(schema.shape).join(", ")}`;
}

function badRequest(detail: string): Refusal {
  return new Refusal({ status: 400, title: "Bad Request", detail });
}
