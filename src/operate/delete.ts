// An event is deleted everywhere because somebody asked. That there was one stays: its sender's repeat is known.
import type { Gone } from "../contract/retention.ts";
import { DELETE } from "../d1/deeds/delete.ts";
import { openOnce } from "./once.ts";
import type { Verb, VerbDeps } from "./operator.ts";
import { notFound, quoted } from "./refuse.ts";

/** Deletes what an event holds, and ends what is open of it. */
export function openDelete(deps: VerbDeps): Verb<"delete"> {
  const { tables, now, log } = deps;
  const once = openOnce(deps);
  return async ({ event: id }, by) => {
    const event = await tables.records.event(id);
    if (event === null) return unknown(id);
    const gone: Gone = { why: "deleted", at: now() };
    const { answer } = await once(DELETE, event.id, { ids: [event.id], gone: JSON.stringify(gone) }, by);
    const { deleted, cancelled, underWay } = answer;
    log.info("delete.asked", { target: event.id, deleted: deleted.length, cancelled });
    return { ok: true, value: { event: event.id, deleted: [...deleted], cancelled, under_way: underWay } };
  };
}

function unknown(id: string) {
  return notFound(
    `there is no event ${quoted(id)} in D1: GET /api/events lists them. One that came in the last seconds may still be in the journal: ask again`,
  );
}
