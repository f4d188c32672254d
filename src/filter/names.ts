// What a filter and a transform read of an event: the same four names for both. Pure.
import type { Event } from "../types.ts";
import type { Names } from "./condition.ts";

/** Facts of an event that are there before its body is looked at. */
export type Told = Pick<Event, "id" | "type" | "receivedAt" | "source" | "headers">;

/**
 * The names `event`, `source`, `headers` and `body`. The body is asked for once, and only where an expression reads it.
 *
 * @param told `headers` are those that are kept: what a sender proves itself with is not among them
 * @param document gives the JSON document, `undefined` where there is none; may throw, and says why
 */
export function namesOf({ id, type, receivedAt, source, headers }: Told, document: () => unknown): Names {
  let known: { readonly body: unknown } | undefined;
  return {
    get event() {
      return { id, type, receivedAt: new Date(receivedAt).toISOString() };
    },
    source,
    headers,
    get body() {
      known ??= { body: document() ?? null };
      return known.body;
    },
  };
}
