// How does the relay do as a whole? Counts over time, what waits, and every source and destination at a glance.
import { type Backlog, MOST_COUNTED, MOST_FAILED, type Overview, type Point } from "../contract/overview.ts";
import type { Backlogs } from "../d1/backlog.ts";
import type { IntakeDoor } from "../intake/door.ts";
import type { FeedDoor } from "../feed/door.ts";
import type { Config } from "../config/configured.ts";
import type { Log } from "../log.ts";
import type { Looks } from "./operator.ts";
import type { Totals } from "../feed/tally.ts";
import { iso } from "../time.ts";
import { endFindings } from "./ends.ts";

export interface OverviewDeps extends Pick<Looks, "sources" | "destinations"> {
  readonly config: Pick<Config, "missing" | "findings" | "ends"> & {
    readonly destinations: ReadonlyMap<string, unknown>;
  };
  readonly feed: Pick<FeedDoor, "steps">;
  readonly backlog: Backlogs;
  readonly intake: Pick<IntakeDoor, "status">;
  readonly use: () => Promise<Overview["use"]>;
  readonly now: () => number;
  readonly log: Log;
}

const HOUR_MS = 60 * 60_000;
/** The length of a step by how many hours are shown: 60, 96 and 84 points. Minutes are kept for 26 hours only. */
const STEP_MS = { 1: 60_000, 24: 15 * 60_000, 168: 2 * HOUR_MS };

/** Looks at everything at once. Where the feed cannot be reached, its counts are zero and a finding says so. */
export function openOverview(deps: OverviewDeps): Pick<Looks, "overview"> {
  return {
    async overview(origin, hours) {
      const now = deps.now();
      const stepMs = STEP_MS[hours];
      const count = (hours * HOUR_MS) / stepMs;
      const since = now - (now % stepMs) - (count - 1) * stepMs;
      const [points, backlog, { sources }, destinations, use] = await Promise.all([
        pointsSince(since, stepMs, count, deps),
        backlogNow(deps),
        deps.sources(origin),
        deps.destinations(),
        deps.use(),
      ]);
      const sum = (key: keyof Overview["totals"]) => (points ?? []).reduce((total, point) => total + point[key], 0);
      const { missing, ends } = deps.config;
      const findings = [...deps.config.findings, ...endFindings(ends, now)];
      return {
        now: iso(now),
        since: iso(since),
        step_s: stepMs / 1000,
        points: points ?? Array.from({ length: count }, (_, n) => nothingAt(since + n * stepMs)),
        totals: {
          accepted: sum("accepted"),
          delivered: sum("delivered"),
          retried: sum("retried"),
          failed: sum("failed"),
          refused: sum("refused"),
        },
        backlog,
        sources,
        destinations,
        use,
        missing: [...missing],
        findings: points === null ? [...findings, UNREACHABLE] : findings,
      };
    },
  };
}

const UNREACHABLE: Overview["findings"][number] = {
  key: "FEED",
  level: "warning",
  says: "cannot be reached, so that the counts here are zero. Events are accepted and delivered all the same",
};

async function pointsSince(
  since: number,
  stepMs: number,
  count: number,
  { feed, log }: OverviewDeps,
): Promise<Point[] | null> {
  try {
    const steps = await feed.steps(since, stepMs, count);
    return steps.map(({ at, ...sums }) => Object.assign(sums, { at: iso(at) }));
  } catch (error) {
    log.warn("overview.feed_unreachable", { error: String(error) });
    return null;
  }
}

function nothingAt(at: number): Point {
  return { at: iso(at), accepted: 0, delivered: 0, retried: 0, failed: 0, refused: 0 };
}

/** What waits at this moment. @throws where D1 does not answer */
export async function backlogNow({
  backlog,
  intake,
  config,
  log,
}: Pick<OverviewDeps, "backlog" | "intake" | "config" | "log">): Promise<Backlog> {
  const journal = journalNow(intake).catch((error: unknown) => {
    log.error("overview.intake_unreachable", { error: String(error) });
    return null;
  });
  const { open, oldest, held, behind, replayable, failed, unrouted, undecided, alerts } = await backlog([
    ...config.destinations.keys(),
  ]);
  return {
    open: Math.min(open, MOST_COUNTED),
    held: Math.min(held, MOST_COUNTED),
    ...(behind === 0 ? {} : { behind: Math.min(behind, MOST_COUNTED) }),
    more: open > MOST_COUNTED || held > MOST_COUNTED,
    oldest_received_at: iso(oldest),
    journal: await journal,
    replayable: Math.min(replayable, MOST_FAILED),
    replayable_more: failed > MOST_FAILED,
    unrouted,
    undecided,
    alerts,
  };
}

async function journalNow(intake: OverviewDeps["intake"]): Promise<Backlog["journal"]> {
  const { waiting, stuck, bytes, unreachable } = await intake.status();
  if (unreachable.length > 0) throw new Error(`${unreachable.join(", ")} did not answer`);
  return { waiting, stuck, bytes };
}

/**
 * What each source and destination did in the last 24 hours;
 * a name that did nothing is not there, and nobody is where the feed cannot be reached.
 */
export function openTotals(feed: Pick<FeedDoor, "totals">, now: () => number, log: Log): () => Promise<Totals> {
  return async function totals() {
    try {
      return await feed.totals(now() - 24 * HOUR_MS);
    } catch (error) {
      log.warn("overview.feed_unreachable", { error: String(error) });
      return { sources: new Map(), destinations: new Map(), heard: new Map() };
    }
  };
}
