// How much of each limit is used, what is reached, and what still works then?
import { inForce, LIMITS, type Meter, METERS, type Plan } from "../contract/prices.ts";
import type { Use as UseAnswer } from "../contract/use.ts";
import type { FeedDoor } from "../feed/door.ts";
import type { Use } from "../feed/use.ts";
import type { Log } from "../log.ts";
import { within } from "../patience.ts";
import { DAY_MS, iso } from "../time.ts";
import { growthOf, sizeBefore } from "./growth.ts";

export interface UseDeps {
  readonly config: { readonly plan: Plan };
  readonly feed: Pick<FeedDoor, "use">;
  /** What this isolate has counted and not told, and which limits it has run into. */
  readonly own: Pick<Use, "peek" | "seen">;
  readonly backlogOfQueue: () => Promise<QueueMetrics>;
  readonly now: () => number;
  readonly log: Log;
}

/** The Feed object reads up to 1,440 rows for an answer, so that it is asked twice a minute, in ms. */
const KEPT_MS = 30_000;
const QUEUE_MS = 2_000;
/** Seconds of objects, and bytes of log lines with what the platform adds to each. */
const ESTIMATED: ReadonlySet<Meter> = new Set(["object_gb_s", "log_bytes"]);

const HISTORY = "the history, the pages and the API wait for it";
const JOURNALED =
  "Events are accepted, kept in the journal and sent once; retries, pauses and replays wait for D1. Nothing is lost";
const REFUSED =
  "Events are refused with 503, so that senders come again. What is in D1 is still delivered, and the history can be read";

/** What a reached limit means; the reader knows already which one it is. */
const SAYS: Readonly<Record<Meter, string>> = {
  d1_rows_written: `D1 takes no writes until midnight UTC. ${JOURNALED}. The paid plan lifts this within minutes`,
  d1_rows_read: `D1 answers no reads until midnight UTC: ${HISTORY}. ${JOURNALED}. The paid plan lifts this within minutes`,
  d1_bytes: `The database is full. ${JOURNALED}. Lower RETENTION_DAYS: the sweep then deletes older events, and their space is used again`,
  object_requests: `Objects take no calls until midnight UTC. ${REFUSED}. The paid plan lifts this`,
  object_gb_s: `Objects may not run until midnight UTC. ${REFUSED}. The paid plan lifts this`,
  object_rows_written: `The journal takes no writes until midnight UTC. ${REFUSED}. The paid plan lifts this`,
  object_rows_read: `The journal cannot be read until midnight UTC. ${REFUSED}. The paid plan lifts this`,
  queue_operations:
    "The queue takes no messages until midnight UTC. Events are accepted and first attempts are made at once; the sweep makes about ten other attempts a minute",
  worker_requests: "Cloudflare answers in the relay's place until midnight UTC, and senders come again",
  worker_cpu_ms: "Cloudflare ends requests that take longer",
  log_lines: "Further lines of the log are dropped until midnight UTC. Nothing else changes",
  log_bytes: "Further lines of the log are dropped until midnight UTC. Nothing else changes",
};

/** Looks at the use of this day. Where the Feed object cannot be reached, the counts are those of this isolate. */
export function openUse(deps: UseDeps): () => Promise<UseAnswer> {
  let told: { at: number; day: number; counts: ReadonlyMap<string, number> } | null = null;
  return async () => {
    const now = deps.now();
    const day = now - (now % DAY_MS);
    if (told === null || told.day !== day || now - told.at >= KEPT_MS) {
      try {
        told = { at: now, day, counts: await deps.feed.use(day) };
      } catch (error) {
        deps.log.warn("overview.feed_unreachable", { error: String(error) });
        told = { at: now, day, counts: told?.day === day ? told.counts : new Map() };
      }
    }
    return answer(told.counts, deps, now, await queueOf(deps));
  };
}

function answer(
  told: ReadonlyMap<string, number>,
  { config: { plan }, own }: UseDeps,
  now: number,
  queue: UseAnswer["queue"],
): UseAnswer {
  const day = now - (now % DAY_MS);
  const [untold, seen] = [own.peek(), own.seen()];
  const today = iso(day).slice(0, 10);
  const meters = METERS.filter((name) => inForce(name, today)).map((name) => {
    const { [plan]: limit, per } = LIMITS[name];
    const used =
      per === "size" ? (untold.get(name) ?? told.get(name)) : (told.get(name) ?? 0) + (untold.get(name) ?? 0);
    const over = told.has(`over:${name}`) || untold.has(`over:${name}`) || (seen.get(name) ?? 0) >= day;
    return {
      name,
      used: name === "worker_cpu_ms" ? null : Math.round((used ?? 0) * 1000) / 1000,
      limit,
      per,
      estimated: ESTIMATED.has(name),
      reached: over || (limit !== null && (used ?? 0) >= limit),
    };
  });
  return {
    plan,
    day: today,
    resets_at: iso(day + DAY_MS),
    resets_in_s: Math.ceil((day + DAY_MS - now) / 1000),
    meters,
    database: growthOf(untold.get("d1_bytes") ?? told.get("d1_bytes"), sizeBefore(told), plan, now),
    reached: meters.filter(({ reached }) => reached).map(({ name }) => ({ name, says: SAYS[name] })),
    queue,
  };
}

async function queueOf({ backlogOfQueue, log }: UseDeps): Promise<UseAnswer["queue"]> {
  try {
    const { backlogCount, oldestMessageTimestamp: oldest } = await within(QUEUE_MS, "the queue", backlogOfQueue());
    return {
      backlog: backlogCount,
      oldest_at: oldest === undefined || backlogCount === 0 ? null : oldest.toISOString(),
    };
  } catch (error) {
    log.warn("queue.metrics_unknown", { error: String(error) });
    return null;
  }
}
