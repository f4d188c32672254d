// What do the last day and the month cost, for whom, and what will the month come to?
import type { CostOf, Costs } from "../contract/costs.ts";
import { LIMITS, type Meter, PLAN_USD, type Plan, PRICES, READ_ON, usdOf } from "../contract/prices.ts";
import type { FeedDoor } from "../feed/door.ts";
import type { Spent } from "../feed/tally.ts";
import type { Log } from "../log.ts";
import { DAY_MS, iso } from "../time.ts";
import type { Done } from "./operator.ts";
import { type Amounts, billedOf, metersOn, type Part, partsOf, restOf, together, usedIn, worthOf } from "./spending.ts";

export interface CostsDeps {
  readonly config: { readonly plan: Plan };
  readonly feed: Pick<FeedDoor, "spent">;
  readonly now: () => number;
  readonly log: Log;
}

const MINUTE_MS = 60_000;
/** Days that are looked at, today included: a whole month, whichever it is. */
const DAYS = 31;
/** Days whose pace the projection goes on with. */
const PACE_DAYS = 7;
/** The Feed object reads some 3,000 rows for an answer, so that it is asked once a minute by each isolate, in ms. */
const KEPT_MS = 60_000;
const ESTIMATED: ReadonlySet<Meter> = new Set(["object_gb_s", "log_bytes", "worker_cpu_ms"]);

/** One day of the last 31, with what was used on it. */
interface Day {
  readonly at: number;
  readonly day: string;
  readonly spent: Spent;
  readonly used: Amounts;
}

/** @returns what was spent; refused where the Feed object, which has the counts, cannot be reached */
export function openCosts({ config, feed, now: clock, log }: CostsDeps): () => Promise<Done<Costs>> {
  let kept: { readonly at: number; readonly costs: Costs } | null = null;
  return async () => {
    const now = clock();
    if (kept !== null && now >= kept.at && now - kept.at < KEPT_MS) return { ok: true, value: kept.costs };
    const today = now - (now % DAY_MS);
    const minute = now - (now % MINUTE_MS) + MINUTE_MS;
    try {
      const [days, [lastDay]] = await Promise.all([
        feed.spent(today - (DAYS - 1) * DAY_MS, DAY_MS, DAYS),
        feed.spent(minute - DAY_MS, DAY_MS, 1),
      ]);
      if (lastDay === undefined) throw new Error("the Feed object gave no day");
      kept = { at: now, costs: costsOf(days, lastDay, config.plan, now) };
    } catch (error) {
      log.warn("costs.feed_unreachable", { error: String(error) });
      const detail =
        "the Feed object, which has the counts, cannot be reached: ask again in a minute. Events are accepted and delivered all the same";
      return { ok: false, problem: { status: 503, title: "Service Unavailable", detail } };
    }
    return { ok: true, value: kept.costs };
  };
}

/** @param days the last 31, oldest first, by UTC */
export function costsOf(spent: readonly Spent[], last24h: Spent, plan: Plan, now: number): Costs {
  const days = daysOf(spent);
  const today = dayOf(now);
  const month = today.slice(0, 7);
  const ends = nextMonth(now);
  const inMonth = days.filter(({ day }) => day.startsWith(month));
  const size = days.at(-1)?.used.get("d1_bytes") ?? 0;
  const sized = (amounts: Amounts): Amounts => new Map([...amounts, ["d1_bytes", size]]);
  const [begins, length] = [Date.parse(`${month}-01T00:00:00Z`), ends - Date.parse(`${month}-01T00:00:00Z`)];
  const used = {
    today: sized(days.at(-1)?.used ?? new Map()),
    lastDay: sized(usedIn(last24h)),
    month: sized(sumOf(inMonth)),
  };
  const pace = paceOf(days, now);
  const projected = new Map(
    metersOn(today).map((name) => {
      const n = used.month.get(name) ?? 0;
      return [name, name === "d1_bytes" ? n : n + (pace.get(name) ?? 0) * ((ends - now) / DAY_MS)] as const;
    }),
  );
  const [dayShare, monthShare] = [DAY_MS / length, (now - begins) / length];
  const counted = days.find((one) => one.spent.use.size > 0 || one.spent.sources.size > 0);
  const [usdDay, usdMonth] = [worthOf(used.lastDay, today, dayShare), worthOf(used.month, today, monthShare)];
  const [byDay, byMonth] = [
    partsOf(used.lastDay, last24h),
    partsOf(used.month, together(inMonth.map(({ spent: one }) => one))),
  ];
  const meters = metersOn(today).map((name) => meterOf(name, { used, projected, today, dayShare, monthShare }));
  const spans = { byDay, byMonth, usdDay, usdMonth, today, dayShare, monthShare };
  return {
    now: iso(now),
    plan,
    prices_read_on: READ_ON,
    month,
    month_ends: iso(ends),
    counted_since: counted?.day ?? null,
    usd: {
      last_day: dollars(usdDay),
      month: dollars(usdMonth),
      billed: {
        fee: PLAN_USD,
        month: dollars(PLAN_USD + meters.reduce((sum, one) => sum + one.billed.month, 0)),
        projected: dollars(PLAN_USD + meters.reduce((sum, one) => sum + one.billed.projected, 0)),
      },
    },
    meters,
    sources: named("sources", spans, { accepted: 0, refused: 0 }),
    destinations: named("destinations", spans, { delivered: 0, retried: 0, failed: 0 }),
    rest: {
      last_day: costOf(restOf(used.lastDay, [...byDay.sources, ...byDay.destinations]), usdDay, today, dayShare),
      month: costOf(restOf(used.month, [...byMonth.sources, ...byMonth.destinations]), usdMonth, today, monthShare),
    },
    days: days.map(({ day, spent: { sources }, used: amounts }) => ({
      day,
      accepted: [...sources.values()].reduce((sum, { accepted }) => sum + accepted, 0),
      usd: dollars(worthOf(amounts, day, dayShare)),
      d1_rows_written: whole(amounts.get("d1_rows_written")),
      object_requests: whole(amounts.get("object_requests")),
      queue_operations: whole(amounts.get("queue_operations")),
    })),
  };
}

/** A size that nobody told on a day is that of the day before. */
function daysOf(spent: readonly Spent[]): Day[] {
  let size = 0;
  return spent.map((one) => {
    const day = dayOf(one.at);
    const used = usedIn(one);
    size = used.get("d1_bytes") ?? size;
    const inForce = metersOn(day).flatMap((name): [Meter, number][] =>
      used.has(name) ? [[name, used.get(name) ?? 0]] : [],
    );
    return { at: one.at, day, spent: one, used: new Map([...inForce, ["d1_bytes", size]]) };
  });
}

function sumOf(days: readonly Day[]): Map<Meter, number> {
  const sum = new Map<Meter, number>();
  for (const { used } of days) for (const [name, n] of used) sum.set(name, (sum.get(name) ?? 0) + n);
  return sum;
}

/** What a day has used of late. A relay that is younger than a day is taken to go on as it began. */
function paceOf(days: readonly Day[], now: number): Amounts {
  const late = days.slice(-PACE_DAYS);
  const first = late.find(({ spent }) => spent.use.size > 0 || spent.sources.size > 0);
  const passed = Math.max(1, (now - (first?.at ?? now)) / DAY_MS);
  return new Map([...sumOf(late)].map(([name, n]) => [name, n / passed]));
}

interface Split {
  readonly sources: readonly Part[];
  readonly destinations: readonly Part[];
}

interface MeterUse {
  readonly used: Readonly<Record<"today" | "lastDay" | "month", Amounts>>;
  readonly projected: Amounts;
  readonly today: string;
  readonly dayShare: number;
  readonly monthShare: number;
}

function meterOf(name: Meter, of: MeterUse): Costs["meters"][number] {
  const [today, lastDay, month] = [of.used.today, of.used.lastDay, of.used.month].map((one) => one.get(name) ?? 0);
  const projected = of.projected.get(name) ?? 0;
  const { free, per } = LIMITS[name];
  const isSize = per === "size";
  const usd = (n = 0, share = 1) => dollars(usdOf(name, n, of.today) * (isSize ? share : 1));
  return {
    name,
    estimated: ESTIMATED.has(name),
    today: whole(today),
    last_day: whole(lastDay),
    month: whole(month),
    projected: whole(projected),
    free,
    share_of_free: free === null ? null : rounded((today ?? 0) / free, 10_000),
    included: PRICES[name].included,
    usd: { last_day: usd(lastDay, of.dayShare), month: usd(month, of.monthShare), projected: usd(projected) },
    billed: {
      month: dollars(billedOf(name, month ?? 0, of.today) * (isSize ? of.monthShare : 1)),
      projected: dollars(billedOf(name, projected, of.today)),
    },
  };
}

interface Spans {
  readonly byDay: Split;
  readonly byMonth: Split;
  readonly usdDay: number;
  readonly usdMonth: number;
  readonly today: string;
  readonly dayShare: number;
  readonly monthShare: number;
}

/** Each name with what it did and used, the dearest first. */
function named<Counts extends Record<string, number>>(kind: keyof Split, of: Spans, nothing: Counts) {
  const spanOf = (part: Part | undefined, total: number, share: number) => ({
    ...nothing,
    ...part?.counts,
    ...costOf(part?.amounts ?? new Map(), total, of.today, share),
  });
  const names = new Set([...of.byMonth[kind], ...of.byDay[kind]].map(({ name }) => name));
  return [...names]
    .map((name) => {
      const [inDay, inMonth] = [of.byDay[kind], of.byMonth[kind]].map((parts) =>
        parts.find((one) => one.name === name),
      );
      return {
        name,
        last_day: spanOf(inDay, of.usdDay, of.dayShare),
        month: spanOf(inMonth, of.usdMonth, of.monthShare),
      };
    })
    .toSorted((one, other) => other.month.usd - one.month.usd || (one.name < other.name ? -1 : 1));
}

function costOf(amounts: Amounts, total: number, day: string, share: number): CostOf {
  const usd = worthOf(amounts, day, share);
  return {
    d1_rows_written: whole(amounts.get("d1_rows_written")),
    object_requests: whole(amounts.get("object_requests")),
    queue_operations: whole(amounts.get("queue_operations")),
    usd: dollars(usd),
    share: total === 0 ? null : rounded(usd / total, 10_000),
  };
}

function dayOf(at: number): string {
  return iso(at).slice(0, 10);
}

/** When the next month begins, in UTC. */
function nextMonth(now: number): number {
  const at = new Date(now);
  return Date.UTC(at.getUTCFullYear(), at.getUTCMonth() + 1, 1);
}

/** To a millionth of a dollar. */
function dollars(n: number): number {
  return rounded(n, 1_000_000);
}

function whole(n = 0): number {
  return Math.round(n);
}

function rounded(n: number, steps: number): number {
  return Math.round(n * steps) / steps;
}
