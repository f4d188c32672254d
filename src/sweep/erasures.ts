// All of a subject, deleted step by step: along D1 to its newest event, through the archive, and once more for what has
// come or moved meanwhile. Each step deletes what it has found and moves its job on in one transaction.
import { decodeBody } from "../bytes/body.ts";
import { Away, Locked } from "../bytes/vault.ts";
import type { Line } from "../contract/line.ts";
import type { Erasure, Erasures, Moved, Suspect, Work } from "../d1/erasures.ts";
import { receiptId } from "../ids.ts";
import { isAbout } from "../in/subject.ts";
import type { Log } from "../log.ts";
import { type Ring, ringOrLeave } from "../out/bells.ts";
import { Incomplete, load, type LoadDeps, type Loaded } from "../out/load.ts";

/** From one step to the next, in ms, and while segments are written anew. */
const STEP_MS = 1_000;
const REWRITE_MS = 10_000;
/** What is counted waits for so long for somebody who confirms it, in ms. */
const UNCONFIRMED_MS = 24 * 60 * 60_000;
/** Events of a step that are loaded once more where not all of them was there. */
const AGAIN = 3;
/** Clocks of isolates differ by less than this, in ms. */
const SKEW_MS = 5 * 60_000;
/** Archived events that are looked for one by one in a step: each takes a statement of D1 and an object or more. */
const SOUGHT = 5;

/** What is asked of the archive. */
interface Shelves {
  behind(
    key: string,
    source: string,
    since: number,
  ): Promise<{
    readonly key: string;
    readonly events: readonly { readonly id: string; readonly line: Line | null }[];
  } | null>;
  copies(ids: readonly string[]): Promise<string[]>;
  readonly sweep: { tidy(): Promise<void> };
}

export interface ErasingDeps extends LoadDeps {
  readonly erasures: Pick<Erasures, "suspects" | "archived" | "rewriting" | "move">;
  readonly archive: Shelves | null;
  /** Whether what was accepted before a time may still wait for D1. */
  readonly intake: { holds(before: number): Promise<boolean> };
  readonly ring: Ring;
  readonly now: () => number;
  /** 32 hexadecimal digits. */
  readonly newId: () => string;
  readonly log: Log;
}

/** What a look has come to. */
interface Look {
  readonly judged: readonly (readonly [id: string, verdict: boolean | null])[];
  /** What goes without being judged. */
  readonly goes?: readonly string[];
  /** Where the next look begins. */
  readonly next: Partial<Work>;
  /** Whether it waits for what was accepted before it was confirmed, and is not in D1. */
  readonly waits?: boolean;
}

/**
 * One step of a job. Safe to take twice at once, late, or never.
 *
 * @returns when the next one is due; `null` where there is none
 */
export async function erase(job: Erasure, deps: ErasingDeps): Promise<number | null> {
  const { now, newId, log } = deps;
  const look = await lookFor(job.work, deps);
  const found = matching(look.judged);
  const deletes = job.work.phase === "deleting";
  const at = now();
  const work: Work = {
    ...job.work,
    looked: job.work.looked + look.judged.length,
    unreadable: job.work.unreadable + look.judged.filter(([, verdict]) => verdict === null).length,
    matched: job.work.matched + (deletes ? 0 : found.length),
    ...look.next,
  };
  const ends = await endOf(job, at, deps);
  const nextAt = ends === null ? nextOf(job, look.waits === true ? "rewriting" : work.phase, at) : null;
  const moved: Moved = {
    work,
    found: deletes ? [...found, ...(look.goes ?? [])].filter((id) => work.copies?.includes(id) !== true) : [],
    receipt: receiptId(at, newId()),
    now: at,
    nextAt,
    ends,
  };
  const after = await deps.erasures.move(job, moved);
  // Somebody else is at it, or it was cancelled.
  if (after === null) return at + STEP_MS;
  const { phase, looked, matched, deleted, unreadable } = after.job.work;
  log.info("erasures.step", {
    job: job.id,
    state: after.job.state,
    phase,
    looked,
    matched,
    deleted,
    unreadable,
    waits: look.waits,
  });
  await ringOrLeave(after.bells, deps.ring, log, { job: job.id });
  return nextAt;
}

/** Whether it ends with this step: what nobody has confirmed in time is ordered anew. */
async function endOf({ work, updatedAt }: Erasure, at: number, deps: ErasingDeps): Promise<Moved["ends"]> {
  if (work.phase === "counted") return updatedAt <= at - UNCONFIRMED_MS ? "cancelled" : null;
  return work.phase === "rewriting" && !(await deps.erasures.rewriting(work.from)) ? "done" : null;
}

function nextOf({ work, updatedAt }: Erasure, phase: Work["phase"], at: number): number {
  if (phase === "counted") return (work.phase === "counted" ? updatedAt : at) + UNCONFIRMED_MS;
  return at + (phase === "rewriting" ? REWRITE_MS : STEP_MS);
}

async function lookFor(work: Work, deps: ErasingDeps): Promise<Look> {
  if (work.phase === "rewriting") await deps.archive?.sweep.tidy();
  if (work.phase === "rewriting" || work.phase === "counted") return { judged: [], next: {} };
  if (work.copies !== undefined && work.copies.length > 0) return await ofCopies(work.copies, deps);
  return work.key === null ? await inHistory(work, deps) : await inArchive(work, work.key, deps);
}

async function inHistory(work: Work, deps: ErasingDeps): Promise<Look> {
  const ofHeaders = work.place.startsWith("headers.");
  const { rows, to, end } = await deps.erasures.suspects(work.seq, work.source, ofHeaders);
  const judge = async (one: Suspect, loaded: Loaded) => {
    const event = await loaded.event(one);
    return await isAbout(work, event.headers, ofHeaders ? new Uint8Array() : await loaded.body(event));
  };
  const loaded = load(rows, ({ size }) => size, deps);
  const judged: [string, boolean | null][] = [];
  let again = AGAIN;
  for (const one of rows) {
    const verdict = await judge(one, loaded).catch(async (error: unknown) => {
      if (!(error instanceof Incomplete) || again === 0) return nullIfUnreadable(error);
      // Its body, or what it was before it was redacted, may have gone between two queries.
      again -= 1;
      return await judge(
        one,
        load([one], ({ size }) => size, deps),
      ).catch(nullIfUnreadable);
    });
    judged.push([one.id, verdict]);
  }
  const from = work.turn === 1 ? deps.now() - SKEW_MS : work.from;
  const found = matching(judged);
  // The line of one that was archived before its sender repeated it says more than D1 does.
  const twins = work.phase === "deleting" && deps.archive !== null && found.length > 0;
  const copies = twins ? [...(await deps.erasures.archived(found))] : [];
  return { judged, next: { ...(end ? { seq: to, key: "", from } : { seq: to }), copies } };
}

/** What was made by hand of what goes is next, and goes itself once its own line was read. */
async function ofCopies(copies: readonly string[], deps: ErasingDeps): Promise<Look> {
  const goes = copies.slice(0, SOUGHT);
  const made = (await deps.archive?.copies(goes)) ?? [];
  return { judged: [], goes, next: { copies: [...new Set([...copies.slice(SOUGHT), ...made])] } };
}

function matching(judged: Look["judged"]): string[] {
  return judged.flatMap(([id, verdict]) => (verdict === true ? [id] : []));
}

async function inArchive(work: Work, key: string, deps: ErasingDeps): Promise<Look> {
  const segment = (await deps.archive?.behind(key, work.source, work.turn === 1 ? 0 : work.from)) ?? null;
  if (segment === null) return { judged: [], ...(await behindArchive(work, deps)) };
  const judged: [string, boolean | null][] = [];
  for (const { id, line } of segment.events) {
    const isBodiless = line?.gone !== undefined && !work.place.startsWith("headers.");
    if (isBodiless) continue;
    const body = line === null ? null : decodeBody(line.encoding, line.body);
    judged.push([id, line === null || body === null ? null : await isAbout(work, line.headers, body)]);
  }
  const found = new Set(matching(judged));
  const made = segment.events.flatMap(({ id, line }) => (found.has(id) ? (line?.edited_as ?? []) : []));
  const copies = work.phase === "deleting" ? [...new Set(made.map(({ event }) => event))] : [];
  return { judged, next: { key: segment.key, copies } };
}

async function behindArchive(
  { phase, turn, from }: Work,
  { intake, now }: ErasingDeps,
): Promise<Pick<Look, "next" | "waits">> {
  if (phase === "counting") return { next: { phase: "counted" } };
  if (turn === 2) return { next: { phase: "rewriting", from: now() + SKEW_MS } };
  // The second turn is to meet all that was acknowledged before the first one began, wherever it was meanwhile.
  const waits = await intake.holds(from + 2 * SKEW_MS);
  return waits ? { next: {}, waits } : { next: { turn: 2, key: null } };
}

/**
 * What no repeat would read either is counted as such, so that the job goes on: what D1 or a bucket fails comes again.
 */
function nullIfUnreadable(error: unknown): null {
  const isBroken = [Locked, Incomplete, SyntaxError, DOMException].some((kind) => error instanceof kind);
  if (isBroken && !(error instanceof Away)) return null;
  throw error;
}
