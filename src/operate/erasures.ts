// Everything about a subject is deleted because somebody asked: counted first, confirmed, and done step by step. The
// value that tells the subject's events is not kept: a job knows its digest.
import { type ErasureAnswer, WHERE, WHERE_IS } from "../contract/erasures.ts";
import { CANCEL_ERASURE, CONFIRM, START } from "../d1/deeds/erase.ts";
import type { Erasure, Erasures, Work } from "../d1/erasures.ts";
import { digestOf } from "../in/subject.ts";
import { isRedacted } from "../scheme/redacted.ts";
import { iso } from "../time.ts";
import { openOnce } from "./once.ts";
import type { Acts, Done, VerbDeps } from "./operator.ts";
import { badRequest, conflict, noSource, notFound, quoted, type Refused, reused } from "./refuse.ts";

/** Jobs, as they may be looked at. */
export function openErasureLooks(erasures: Pick<Erasures, "newest" | "one">) {
  return {
    /** Newest first, the last 100. */
    async list(): Promise<ErasureAnswer[]> {
      return (await erasures.newest()).map(answerOf);
    },
    async show(id: string): Promise<Done<ErasureAnswer>> {
      const job = await erasures.one(id);
      return job === null ? noErasure(id) : { ok: true, value: answerOf(job) };
    },
  };
}

/** How they are ordered, confirmed and ended. */
export function openErasureActs(
  deps: VerbDeps,
  hasArchive: boolean,
): Pick<Acts, "erasures.start" | "erasures.confirm" | "erasures.cancel"> {
  const { config, tables, remind, newId, log } = deps;
  const once = openOnce(deps);
  const show = async (id: string) => {
    const job = await tables.erasures.one(id);
    if (job === null) return noErasure(id);
    if (job.nextAt !== null) await remind(job.nextAt);
    return { ok: true as const, value: answerOf(job) };
  };
  return {
    async "erasures.start"(_, by, { source, where }) {
      // Whoever asks: what is no place of a body would be looked for elsewhere than it was meant.
      const { place, value } = WHERE.exec(where)?.groups ?? {};
      if (place === undefined || value === undefined) return badRequest(`where ${WHERE_IS}`);
      const held = await heldBy(source, place);
      if (held !== null) return held;
      const salt = newId();
      const work: Work = { ...BEGINNING, source, place, salt, digest: await digestOf(salt, value) };
      const { answer } = await once(START, source, { erasure: JSON.stringify(work) }, by);
      const job = await tables.erasures.one(answer.id);
      if (job === null)
        return notFound("what this Idempotency-Key has ordered is older than the retention: ask with another key");
      const { salt: first, digest } = job.work;
      if (job.work.source !== source || job.work.place !== place || (await digestOf(first, value)) !== digest)
        return reused();
      log.info("erasures.asked", { job: job.id, source, place, actor: by.caller.actor });
      return await show(job.id);
    },

    async "erasures.confirm"(id, by) {
      const job = await tables.erasures.one(id);
      if (job === null) return noErasure(id);
      const { answer } = await once(CONFIRM, id, {}, by);
      if (answer.done === 0 && job.work.phase === "counting")
        return conflict(`${id} still counts: confirm it once its state is counted`);
      if (answer.done === 0 && job.state === "cancelled") return conflict(`${id} was cancelled: order it anew`);
      log.info("erasures.confirmed", { job: id, actor: by.caller.actor });
      return await show(id);
    },

    async "erasures.cancel"(id, by) {
      const { answer } = await once(CANCEL_ERASURE, id, {}, by);
      const job = await show(id);
      return answer.done === 0 && job.ok && job.value.state === "rewriting"
        ? conflict(`${id} has deleted everything, and ends by itself once the archive is written anew: leave it`)
        : job;
    },
  };

  /** Why it cannot be ordered; `null` where it can. */
  async function heldBy(source: string, place: string): Promise<Refused | null> {
    const found = config.sources.get(source);
    const archived = (await tables.segments.behind("", source, 0, 1)).length > 0;
    // One that was taken out of the configuration may have events all the same.
    if (found === undefined && !archived && !(await hasEvents(source))) return noSource(source);
    if (!hasArchive && archived)
      return conflict(
        "the archive has events of this source, and no bucket is bound as EVENT_ARCHIVE: bind it, and deploy",
      );
    return found !== undefined && isRedacted(found, place)
      ? badRequest(`where: ${quoted(place)} is redacted for this source, and would match nothing: name another place`)
      : null;
  }

  async function hasEvents(source: string): Promise<boolean> {
    const filter = { source, type: null, since: null, until: null, text: null, routing: null };
    const { rows, next } = await tables.records.events(filter, null, 1);
    return rows.length > 0 || next !== null;
  }
}

const BEGINNING = {
  phase: "counting",
  step: "",
  seq: 0,
  key: null,
  turn: 1,
  from: 0,
  matched: 0,
  deleted: 0,
  looked: 0,
  unreadable: 0,
} as const;

function noErasure(id: string): Refused {
  return notFound(`there is no order ${quoted(id)} to delete everything about a subject: GET /api/erasures lists them`);
}

function answerOf({ id, state, actor, work, createdAt, updatedAt, endedAt }: Erasure): ErasureAnswer {
  const { source, place, salt, digest, phase, matched, deleted, looked, unreadable } = work;
  return {
    id,
    state: state === "running" ? phase : state,
    source,
    place,
    salt,
    digest,
    actor,
    matched,
    deleted,
    looked,
    unreadable,
    created_at: iso(createdAt),
    updated_at: iso(updatedAt),
    ended_at: iso(endedAt),
  };
}
