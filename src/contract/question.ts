// What may be asked about the past: query parameters in, a question or a complaint out. Pure.
import * as z from "zod/mini";
import type { DeliveryFilter, EventFilter, Place, Routing } from "./filter.ts";
import type { State } from "../types.ts";

/** The lists that have cursors. */
export type List = "events" | "deliveries";

const DEFAULT_LIMIT = 50;
const LARGEST_LIMIT = 200;

const STATES = ["pending", "delivering", "delivered", "failed", "held"] as const satisfies readonly State[];

const ROUTINGS = ["unrouted", "undecided"] as const satisfies readonly Routing[];

/** Either what was asked, or what is wrong with the question, in words for whoever asked. */
export type Asked<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly detail: string };

/** A question, the place to go on from, and how much to answer at once. */
export interface Question<Filter> {
  readonly filter: Filter;
  readonly after: Place | null;
  readonly limit: number;
}

/** What may be left out, and is `null` then. */
export function orNull<T extends z.ZodMiniType>(schema: T) {
  return z._default(z.nullable(schema), null);
}

export const name = orNull(
  z
    .string()
    .check(
      z.minLength(1, "must not be empty: leave it out to see all"),
      z.maxLength(200, "must not be longer than 200 characters"),
    ),
);
export const time = orNull(
  z.pipe(
    z.union([z.iso.date(), z.iso.datetime({ offset: true })], {
      error:
        'must be a time of ISO 8601, such as 2026-03-01T09:30:00Z or 2026-03-01; write the "+" of an offset as %2B',
    }),
    z.transform((text: string) => Date.parse(text)),
  ),
);
const limitError = `must be a whole number from 1 to ${LARGEST_LIMIT}`;
/** How many at once. */
export const limit = z._default(
  z
    .pipe(
      z.string().check(z.regex(/^\d{1,3}$/, limitError)),
      z.transform((text: string) => Number(text)),
    )
    .check(z.refine((number) => number >= 1 && number <= LARGEST_LIMIT, limitError)),
  DEFAULT_LIMIT,
);
const state = orNull(z.enum(STATES, { error: `must be one of ${STATES.join(", ")}` }));
const routing = orNull(z.enum(ROUTINGS, { error: `must be one of ${ROUTINGS.join(", ")}` }));
const cursor = (list: List) =>
  orNull(
    z.pipe(
      z.string(),
      z.transform((text: string, { issues }) => {
        const place = readCursor(list, text);
        if (place === null) {
          const message = `must be the "next" of an earlier page of /api/${list}: leave it out to start with the newest`;
          issues.push({ code: "custom", message, input: text });
        }
        return place;
      }),
    ),
  );

const shared = { source: name, type: name, since: time, until: time, limit };
/** `text` is looked for in bodies that are text, ASCII letters in either case; `routing` names what went nowhere. */
export const eventParameters = z.strictObject({ ...shared, text: name, routing, cursor: cursor("events") });
export const deliveryParameters = z.strictObject({
  ...shared,
  destination: name,
  state,
  cursor: cursor("deliveries"),
});

/** The question behind the parameters of `/api/events`. */
export function askEvents(parameters: URLSearchParams): Asked<Question<EventFilter>> {
  const asked = ask(eventParameters, parameters);
  if (!asked.ok) return asked;
  const { limit: count, cursor: after, ...filter } = asked.value;
  return { ok: true, value: { filter, after, limit: count } };
}

/** The question behind the parameters of `/api/deliveries`. */
export function askDeliveries(parameters: URLSearchParams): Asked<Question<DeliveryFilter>> {
  const asked = ask(deliveryParameters, parameters);
  if (!asked.ok) return asked;
  const { limit: count, cursor: after, ...filter } = asked.value;
  return { ok: true, value: { filter, after, limit: count } };
}

/** What parameters say to a schema; every complaint names its parameter. */
export function ask<Schema extends z.ZodMiniObject>(
  schema: Schema,
  parameters: URLSearchParams,
): Asked<z.output<Schema>> {
  const twice = [...parameters.keys()].find((key, index, keys) => keys.indexOf(key) !== index);
  if (twice !== undefined) return { ok: false, detail: `${twice.slice(0, 100)}: must be given once` };
  const parsed = schema.safeParse(Object.fromEntries(parameters));
  return parsed.success
    ? { ok: true, value: parsed.data }
    : { ok: false, detail: complaint(parsed.error, Object.keys(schema.shape)) };
}

/** What is wrong, each with the name of what it is wrong with. `known` are the names that there are. */
export function complaint({ issues }: z.core.$ZodError, known: readonly string[]): string {
  return issues
    .flatMap((issue) =>
      issue.code === "unrecognized_keys"
        ? issue.keys.map(
            (key) =>
              `${[...issue.path, key.slice(0, 100)].join(".")}: is no parameter here: ${known.length === 0 ? "leave it out" : `take one of ${known.join(", ")}`}`,
          )
        : [`${issue.path.join(".")}: ${issue.message}`],
    )
    .join("; ");
}

/** Opaque to whoever carries it, so that it may change. */
export function writeCursor(list: List, { event, destination }: Place): string {
  return sealed(`${list}.${event}.${destination}`);
}

/** A cursor of this text, which is ASCII. */
export function sealed(plain: string): string {
  return btoa(plain).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** The place that a cursor stands for; `null` where it is none of this list. */
export function readCursor(list: List, text: string): Place | null {
  const match = /^([a-z]+)\.(\d{1,15})\.([a-z0-9_-]*)$/.exec(opened(text));
  if (match === null || match[1] !== list) return null;
  return { event: Number(match[2]), destination: match[3] ?? "" };
}

/** The text of a cursor; empty where it is none. */
export function opened(text: string): string {
  if (!/^[A-Za-z0-9_-]{1,300}$/.test(text)) return "";
  try {
    return atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  } catch {
    return "";
  }
}
