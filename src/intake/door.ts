// The way to the Intake objects: which one, how often to try, and how long.
import type { Acceptance } from "../types.ts";
import type { Log } from "../log.ts";
import { within } from "../patience.ts";
import type { Candidate } from "./intake.ts";
import { fnv1a } from "../ids.ts";

/** Both tries together, in ms: Slack gives up at 3 s (https://docs.slack.dev/apis/events-api/). */
const PATIENCE_MS = 2_500;

/** What the object offers over RPC. */
export interface IntakeRpc {
  accept(candidate: Candidate): Promise<Acceptance>;
  status(): Promise<{ waiting: number; stuck: number; bytes: number }>;
  remind(at: number): Promise<void>;
}

/** The door to the journal. */
export interface IntakeDoor {
  /** Never rejects: whatever goes wrong is `busy`, and the sender comes again. */
  accept(candidate: Candidate): Promise<Acceptance>;
  /** The sums over all shards. */
  status(): Promise<{ waiting: number; stuck: number; bytes: number }>;
  /** Has the sweep look at `at`. Cron does too, each minute; where there is no cron, only this does. */
  remind(at: number): Promise<void>;
}

/**
 * @param stub opens the object of a shard; a stub that has failed may stay broken, so every try takes a fresh one
 * @param shards how many objects share the sources; one object accepts about 1,000 requests a second
 */
export function openShards(
  stub: (shard: string) => IntakeRpc,
  shards: number,
  now: () => number,
  log: Log,
): IntakeDoor {
  const tryOnce = async (candidate: Candidate, deadline: number) =>
    await within(deadline - now(), "intake", stub(shardOf(candidate.source, shards)).accept(candidate));

  return {
    async accept(candidate) {
      const deadline = now() + PATIENCE_MS;
      try {
        return await tryOnce(candidate, deadline);
      } catch (first) {
        log.warn("intake.unreachable", { id: candidate.id, error: String(first) });
        try {
          // The same id and receipt: if the first try was durable after all, this one finds it.
          const answer = now() < deadline ? await tryOnce(candidate, deadline) : null;
          // "Too many" would promise that the event was not accepted, and by the first try it may have been.
          // Nor is it a duplicate of another: parts of its body may be those of the event.
          if (answer !== null && answer.kind !== "limited")
            return answer.kind === "duplicate" ? { ...answer, kind: "accepted" } : answer;
        } catch (second) {
          log.error("intake.unreachable", { id: candidate.id, error: String(second) });
        }
        return { kind: "busy", why: "the intake object could not be reached" };
      }
    },

    async status() {
      const all = await Promise.all(
        Array.from({ length: shards }, (_, shard) => within(PATIENCE_MS, "intake", stub(`intake-${shard}`).status())),
      );
      const sum = (key: "waiting" | "stuck" | "bytes") => all.reduce((total, status) => total + status[key], 0);
      return { waiting: sum("waiting"), stuck: sum("stuck"), bytes: sum("bytes") };
    },

    async remind(at) {
      try {
        await within(PATIENCE_MS, "intake", stub("intake-0").remind(at));
      } catch (error) {
        log.warn("intake.unreachable", { at, error: String(error) });
      }
    },
  };
}

/** The same over isolates and deploys, so that a source always meets its own bucket. */
function shardOf(source: string, shards: number): string {
  return `intake-${fnv1a(source) % shards}`;
}
