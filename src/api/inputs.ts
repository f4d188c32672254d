// What the API takes, and how it complains: query parameters and bodies, held to their schemas.
import type { Input, MiddlewareHandler } from "hono";
import * as z from "zod/mini";
import { parsedStrictly } from "../bytes/json.ts";
import { ask, complaint, orNull } from "../contract/question.ts";
import { type ApiEnv, Refusal } from "./env.ts";

export const overviewParameters = z.strictObject({
  hours: z._default(z.enum(["1", "24", "168"], "must be 1, 24 or 168"), "24"),
});

export const auditParameters = z.strictObject({ cursor: orNull(z.string()) });

export const inspectionParameters = z.strictObject({
  show: orNull(z.string().check(z.regex(/^\d{1,15}$/, 'must be the "id" of one of them'))),
});

type Takes<Schema extends z.ZodMiniType> = Input & {
  in: { query: z.input<Schema> };
  out: { query: z.output<Schema> };
};

/**
 * Holds the query to a schema; a parameter that nobody knows is refused,
 * because leaving it out in silence would answer another question.
 */
export function query<Schema extends z.ZodMiniObject>(
  schema: Schema,
): MiddlewareHandler<ApiEnv, string, Takes<Schema>> {
  return async function holdsQuery(c, next) {
    const asked = ask(schema, new URL(c.req.url).searchParams);
    if (!asked.ok) throw badRequest(asked.detail);
    c.req.addValidatedData("query", asked.value);
    await next();
  };
}

/**
 * A body held to a schema, as JSON whatever the content type says:
 * a form of another site could not be JSON by accident.
 */
export function orderIn<Schema extends z.ZodMiniObject>(text: string, schema: Schema): z.output<Schema> {
  const sent = parsedStrictly(text);
  if (typeof sent !== "object" || sent === null || Array.isArray(sent))
    throw badRequest(`the body must be JSON: ${example(schema)}`);
  const parsed = schema.safeParse(sent);
  if (!parsed.success) throw badRequest(complaint(parsed.error, Object.keys(schema.shape)));
  return parsed.data;
}

function example(schema: z.ZodMiniObject): string {
  return `an object with ${Object.keys(schema.shape).join(", ")}`;
}

function badRequest(detail: string): Refusal {
  return new Refusal({ status: 400, title: "Bad Request", detail });
}
