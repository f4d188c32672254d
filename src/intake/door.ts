// The way to the Intake objects: which one, how often to try, and how long.
import type { FirstOutcome } from "../d1/settlement.ts";
import type { Acceptance, Desk, Grant } from "../types.ts";
import type { Log } from "../log.ts";
import { GRANT_WAIT_MS } from "../deadlines.ts";
import { sleep, within } from "../patience.ts";
import { Calls, type Told } from "./calls.ts";
import type { Candidate } from "./gathering.ts";
import { type Ended, Tellings } from "./tellings.ts";
import type { Spreads } from "./moved.ts";
import { LEADER, shardOf } from "./spread.ts";
import { type JournalStatus, Journals, type ShardStatus } from "./status.ts";

/** Both tries together, in ms: Slack gives up at 3 s (https://docs.slack.dev/apis/events-api/). */
const PATIENCE_MS = 2_500;
/** What is left of it for the second try: the first may be in a call whose invocation has died. */
const SECOND_MS = 1_250;
/**
 * How often an outcome is told, how long each time may take and the pause after it, in ms: an invocation has 30 s after
 * its answer.
 */
const ENDED_TRIES = 3;
const ENDED_PATIENCE_MS = 8_000;
const ENDED_PAUSE_MS = 500;

/** What the object offers over RPC. */
export interface IntakeRpc {
  /** @param spread how this isolate spreads events; one of an earlier release does not say */
  accept(candidate: Candidate, spread?: string): Promise<Acceptance>;
  /** The same for several. What takes longer than the others is told `later`: `accept` waits for its answer. */
  acceptAll(candidates: readonly Candidate[], spread?: string): Promise<readonly Told[]>;
  status(): Promise<ShardStatus>;
  holds(before: number): Promise<boolean>;
  remind(at: number): Promise<void>;
  grant(id: string, receipt: string, destination: string): Promise<Grant | "unknown" | null>;
  ended(all: readonly Ended[]): Promise<void>;
  pause(destination: string): Promise<void>;
  /** Tells the leader of a way of spreading events. */
  enlist(spread: string): Promise<Spreads>;
  heed(spreads: Spreads): Promise<void>;
  release(spread: string): Promise<boolean>;
}

/** Of which acceptance something is told. */
type Accepted = Pick<Candidate, "id" | "receipt" | "source" | "rate" | "together"> & { readonly size: number };

/** The door to the journal. */
export interface IntakeDoor {
  /** Never rejects: whatever goes wrong is `busy`, and the sender comes again. */
  accept(candidate: Candidate): Promise<Acceptance>;
  /**
   * Waits for the grant of a first attempt; `null` where there is none, `unknown` where the object cannot be reached.
   * Never rejects.
   *
   * @param desk from the object's own answer; without it the object is called once more
   */
  grant(of: Accepted, destination: string, desk?: Desk): Promise<Grant | "unknown" | null>;
  /**
   * Tells how first attempts ended, until the object has it. Never rejects: what cannot be told is found by its lease.
   */
  ended(of: Accepted, outcomes: readonly FirstOutcome[]): Promise<void>;
  /**
   * Ends the granting for a destination whose pause was committed, in every object that may grant: those of a larger
   * `INTAKE_SHARDS`, too, as long as they are used or hold events. Returns the objects that have not confirmed it.
   */
  pause(destination: string): Promise<string[]>;
  /** The sums over all objects that may hold events, up to a few seconds old. Rejects if no object answers. */
  status(): Promise<JournalStatus>;
  /**
   * Whether an event that was accepted before this time, in ms, may not be in D1 yet. Never rejects: an object that
   * does not answer may hold one.
   */
  holds(before: number): Promise<boolean>;
  /** Has the sweep look at `at`. Cron does too, each minute; where there is no cron, only this does. */
  remind(at: number): Promise<void>;
}

/**
 * @param stub opens the object of a shard; a stub that has failed may stay broken, so every try takes a fresh one
 * @param shards how many objects share the events: see docs/operations.md
 * @param spread how events are spread over them, for objects that meet isolates of several versions
 * @param keep keeps the invocation that calls it alive until this work has ended; `null` where one invocation may not
 *   settle what another awaits, so that each makes its own call
 */
export function openShards(
  stub: (shard: string) => IntakeRpc,
  shards: number,
  now: () => number,
  log: Log,
  spread = String(shards),
  keep: ((work: Promise<void>) => void) | null = null,
): IntakeDoor {
  const callsOf = eachShard((name) => {
    if (keep === null) return null;
    const call = async (all: readonly Candidate[]) => {
      const [one] = all;
      return all.length === 1 && one !== undefined
        ? [await stub(name).accept(one, spread)]
        : await stub(name).acceptAll(all, spread);
    };
    return new Calls(call, keep, now);
  });
  const alone = async (candidate: Candidate, deadline: number) =>
    await within(deadline - now(), "intake", stub(shardOf(candidate, shards)).accept(candidate, spread));
  const tryOnce = async (candidate: Candidate, deadline: number) => {
    const calls = callsOf(shardOf(candidate, shards));
    if (calls === null) return await alone(candidate, deadline);
    const told = await within(deadline - SECOND_MS - now(), "intake", calls.accept(candidate));
    if (told.kind === "failed") throw new Error(told.error);
    return told.kind === "later" ? askingFor(await alone(candidate, deadline), candidate) : told;
  };
  const journals = new Journals(stub, shards, now);

  return {
    async accept(candidate) {
      const deadline = now() + PATIENCE_MS;
      try {
        return await tryOnce(candidate, deadline);
      } catch (first) {
        log.warn("intake.unreachable", { id: candidate.id, error: String(first) });
        if (isOverloaded(first)) return { kind: "busy", why: "the intake object is overloaded" };
        try {
          // The same id and receipt: if the first try was durable after all, this one finds it. By now D1 may have it,
          // and is to be asked, though the id was made up.
          const answer = now() < deadline ? await alone({ ...candidate, keyed: true }, deadline) : null;
          // "Too many" would promise that the event was not accepted, and by the first try it may have been.
          // Nor is it a duplicate of another: parts of its body may be those of the event.
          if (answer?.kind === "duplicate") return askingFor({ kind: "accepted", id: answer.id }, candidate);
          if (answer?.kind === "accepted") return askingFor(answer, candidate);
          if (answer?.kind === "busy") return { ...answer, mayBeKept: true };
        } catch (second) {
          log.error("intake.unreachable", { id: candidate.id, error: String(second) });
        }
        return { kind: "busy", why: "the intake object could not be reached", mayBeKept: true };
      }
    },

    ...openFirsts((of) => shardOf(of, shards), stub, now, log),

    async pause(destination) {
      const names = await journals.names();
      const told = await Promise.allSettled(
        names.map((name) => within(PATIENCE_MS, "intake", stub(name).pause(destination))),
      );
      return names.filter((_, n) => told[n]?.status !== "fulfilled");
    },

    status: () => journals.status(),
    holds: (before) => journals.holds(before),

    async remind(at) {
      try {
        await within(PATIENCE_MS, "intake", stub(LEADER).remind(at));
      } catch (error) {
        log.warn("intake.unreachable", { at, error: String(error) });
      }
    },
  };
}

/** What the isolates that make first attempts ask and tell. */
function openFirsts(
  shard: (of: Accepted) => string,
  stub: (shard: string) => IntakeRpc,
  now: () => number,
  log: Log,
): Pick<IntakeDoor, "grant" | "ended"> {
  const tell = async (name: string, all: readonly Ended[]) => {
    for (let tries = 1; tries <= ENDED_TRIES; tries += 1) {
      try {
        return await within(ENDED_PATIENCE_MS, "intake", stub(name).ended(all));
      } catch (error) {
        const isLast = tries === ENDED_TRIES;
        // Nobody else knows: each of these attempts is on record as lost once its lease ends, and is made again.
        log[isLast ? "error" : "warn"]("intake.unreachable", { events: all.length, tries, error: String(error) });
        if (!isLast) await sleep(ENDED_PAUSE_MS);
      }
    }
  };
  const tellingsOf = eachShard((name) => new Tellings((all) => tell(name, all), now));

  return {
    async grant(of, destination, desk) {
      try {
        const patience = GRANT_WAIT_MS + PATIENCE_MS;
        const asking = desk?.ask(destination) ?? stub(shard(of)).grant(of.id, of.receipt, destination);
        return await within(patience, "intake", asking);
      } catch (error) {
        log.warn("intake.unreachable", { id: of.id, error: String(error) });
        return "unknown";
      }
    },

    async ended(of, outcomes) {
      const { id, receipt, size } = of;
      await tellingsOf(shard(of)).tell({ id, receipt, size, outcomes });
    },
  };
}

/** What an isolate keeps for each object. */
function eachShard<T>(make: (name: string) => T): (name: string) => T {
  const kept = new Map<string, T>();
  return (name) => {
    let one = kept.get(name);
    if (one === undefined) kept.set(name, (one = make(name)));
    return one;
  };
}

/**
 * Whether the platform has not let a call in because too many wait. Another try would make that worse
 * (https://developers.cloudflare.com/durable-objects/reference/error-handling/).
 */
function isOverloaded(error: unknown): boolean {
  return error instanceof Error && "overloaded" in error && error.overloaded === true;
}

/** An answer to somebody who asks once more: what the first answer would have granted may be asked for. */
function askingFor(answer: Acceptance, { first = [] }: Candidate): Acceptance {
  return answer.kind === "accepted" ? { ...answer, first: answer.first ?? { go: [], wait: first } } : answer;
}
