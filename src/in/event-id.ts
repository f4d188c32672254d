// By which id is an event known here? From what its sender calls it, or made up.
import type { ConfiguredSource } from "../config/configured.ts";
import { anonymousEventId, eventId, soleEventId, turnOf } from "../ids.ts";
import type { Identity } from "./identify.ts";

/** The name of an event: the same for its repeats, and made up where its sender says nothing of that sort. */
export async function idOf(
  { dedupe, type }: Identity,
  { name: source, scheme, dedupeWindowMs }: ConfiguredSource,
  now: number,
  body: Uint8Array,
  newId: () => string,
): Promise<string> {
  if (dedupe === null) return anonymousEventId(newId());
  const name = { source, rule: scheme.id ?? "", key: dedupe.key, turn: turnOf(now, dedupeWindowMs) };
  if (dedupe.sole === true) return await soleEventId(name, [JSON.stringify(type), body]);
  const { fields } = dedupe;
  return await eventId(name, dedupe.bindBody ? (fields === undefined ? body : new TextEncoder().encode(fields)) : null);
}
