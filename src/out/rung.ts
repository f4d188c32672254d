// Which bells does a batch of the queue hold? A message of another version is left to the sweep, which rings in this
// version's form.
import type { Log } from "../log.ts";
import type { Bell } from "../types.ts";

/** The bells of a batch. What is none is logged, and acknowledged like them. */
export function bellsOf(batch: { readonly messages: readonly { readonly body: unknown }[] }, log: Log): Bell[] {
  return batch.messages.flatMap(({ body }) => {
    if (isBell(body)) return [body];
    log.error("queue.unknown_message", { body: JSON.stringify(body).slice(0, 200) });
    return [];
  });
}

function isBell(body: unknown): body is Bell {
  return typeof body === "object" && body !== null && "v" in body && body.v === 1;
}
