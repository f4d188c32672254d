// The way to the Feed object. What is told to it is never waited for, bounded in size and number,
// and may be lost without anybody noticing.
import type { News } from "../contract/overview.ts";
import { problem } from "../errors.ts";
import { deliveryId } from "../ids.ts";
import type { Log } from "../log.ts";
import { sleep, within } from "../patience.ts";
import type { Settled } from "../d1/settlement.ts";
import {
  countAttempt,
  inMap,
  MINUTE_MS,
  newTally,
  sourceIn,
  type Spent,
  type Sums,
  type Tally,
  type ToldTally,
  type Totals,
} from "./tally.ts";
import type { Temporality } from "../contract/otlp.ts";
import type { Export, Pushed, PushState } from "./exports.ts";
import type { Lifetime } from "./lifetime.ts";
import type { Silence } from "./silence.ts";
import type { Recent } from "./tallies.ts";
import type { BellSeed, Told as ToldEvent } from "../intake/journal.ts";
import { addUse, countRefusal, type Told, Use } from "./use.ts";

/** The object has this long to take a telling, and to answer a question, in ms. */
const TELL_MS = 2_000;
const ASK_MS = 5_000;
/**
 * Between two calls of one kind from one isolate, in ms.
 * Strangers decide how often there is a refusal, so that these cost one a second.
 */
const PAUSE_MS = { happened: 250, refused: 1_000 };
const QUARTER_MS = 15 * MINUTE_MS;
/** An unreachable object is worth one line a minute. */
const COMPLAIN_MS = 60_000;

/** What is told in one call. */
export interface Telling {
  /** Counts by the minute, given as the time at which it begins. */
  readonly counts: ReadonlyMap<number, ToldTally>;
  /** The last of what happened. */
  readonly news: readonly News[];
  /** How many more there were. */
  readonly skipped: number;
}

/** News in one call, and in one message to those who watch: more than anybody can read. */
export const MOST_NEWS = 50;

/** What the object offers. */
export interface FeedRpc {
  tell(telling: Telling): Promise<void>;
  steps(since: number, stepMs: number, count: number): Promise<Sums[]>;
  totals(since: number): Promise<Totals>;
  use(since: number): Promise<ReadonlyMap<string, number>>;
  spent(since: number, stepMs: number, count: number): Promise<readonly Spent[]>;
  lately(since: number): Promise<readonly Recent[]>;
  silences(): Promise<readonly Silence[]>;
  lifetime(): Promise<Lifetime>;
  exporting(temporality: Temporality): Promise<Export | null>;
  exported(at: number, pushed: Pushed): Promise<void>;
  exportState(): Promise<PushState>;
  fetch(request: Request): Promise<Response>;
}

/** A refused request, without anything that it carried. */
interface RefusalNews {
  readonly source: string;
  readonly reason: string;
  readonly status: number;
  readonly at: number;
}

/**
 * The door to the Feed object. What tells never rejects and is never to be awaited by anything that matters: the
 * promise ends when the object has heard, after two seconds at the latest,
 * and is `null` where an earlier call will take it along.
 */
export interface FeedDoor {
  accepted(seeds: readonly BellSeed[]): Promise<void> | null;
  settled(settled: readonly Settled[]): Promise<void> | null;
  refused(refusal: RefusalNews): Promise<void> | null;
  /**
   * Tells what this isolate has used, where nothing else may be told for hours: by the cron, in the first minute of
   * each quarter of an hour, because each of its minutes may have an isolate of its own.
   */
  idle(at: number): Promise<void> | null;
  /** Sums of each of so many steps since then. @throws if the object cannot be reached */
  steps(since: number, stepMs: number, count: number): Promise<Sums[]>;
  /** Totals by name since then. @throws if the object cannot be reached */
  totals(since: number): Promise<Totals>;
  /** What was used of each meter since then, as far as it was told. @throws if the object cannot be reached */
  use(since: number): Promise<ReadonlyMap<string, number>>;
  /** What was used in each of so many steps since then, and for whom. @throws if the object cannot be reached */
  spent(since: number, stepMs: number, count: number): Promise<readonly Spent[]>;
  /** What each source did since then. @throws if the object cannot be reached */
  lately(since: number): Promise<readonly Recent[]>;
  /** How long each source is silent at other times. @throws if the object cannot be reached */
  silences(): Promise<readonly Silence[]>;
  /** Everything that was ever counted. @throws if the object cannot be reached */
  lifetime(): Promise<Lifetime>;
  /** What a collector is told next. @throws if the object cannot be reached */
  exporting(temporality: Temporality): Promise<Export | null>;
  /** How telling it has ended. @throws if the object cannot be reached */
  exported(at: number, pushed: Pushed): Promise<void>;
  /** How telling collectors stands. @throws if the object cannot be reached */
  exportState(): Promise<PushState>;
  /** Hands a WebSocket upgrade on, for as long as `until` at most; 503 if the object cannot be reached. */
  live(request: Request, until: number): Promise<Response>;
}

/**
 * @param stub opens the object; a stub that has failed may stay broken, so every call takes a fresh one
 * @param own what this isolate uses: it goes along with whatever is told
 */
export function openFeed(stub: () => FeedRpc, now: () => number, log: Log, own = new Use(now)): FeedDoor {
  let complainedAt = -Infinity;
  const unreachable = (error: unknown) => {
    if (now() - complainedAt < COMPLAIN_MS) return;
    complainedAt = now();
    log.warn("feed.unreachable", { error: String(error) });
  };
  const send = async ({ counts, ...telling }: Telling) => {
    const use = own.take();
    try {
      await within(TELL_MS, "feed", stub().tell({ ...telling, counts: withUse(counts, use, now()) }));
    } catch (error) {
      own.addAll(use);
      unreachable(error);
    }
  };
  const ask = async <T>(question: (feed: FeedRpc) => Promise<T>) => await within(ASK_MS, "feed", question(stub()));
  const happened = new Gathering(PAUSE_MS.happened, send, now);
  const refused = new Gathering(PAUSE_MS.refused, send, now);

  // Whatever is wrong with the feed is the feed's alone: the journal and the deliveries go on.
  const safely = (work: () => Promise<void> | null) => {
    try {
      return work();
    } catch (error) {
      unreachable(error);
      return null;
    }
  };

  return {
    accepted: (seeds) =>
      safely(() => {
        const heard = seeds.flatMap(([id, size, , told]) =>
          told === undefined || told === null ? [] : [{ id, size, ...told }],
        );
        for (const { source, receivedAt } of heard) sourceIn(happened.countsAt(receivedAt), source).accepted += 1;
        return happened.add(heard, toEvent);
      }),
    settled: (group) =>
      safely(() => {
        for (const one of group) countAttempt(happened.countsAt(now()), one);
        return happened.add(group, toDelivery);
      }),
    refused: (refusal) =>
      safely(() => {
        const counts = refused.countsAt(refusal.at);
        sourceIn(counts, refusal.source).refused += 1;
        countRefusal(counts.use, refusal.source, refusal.reason);
        return refused.add([refusal], toRefusal);
      }),
    idle: (at) => {
      if (at % QUARTER_MS >= MINUTE_MS) return null;
      return send({ counts: new Map([[at - (at % MINUTE_MS), newTally()]]), news: [], skipped: 0 });
    },
    steps: (since, stepMs, count) => ask((feed) => feed.steps(since, stepMs, count)),
    totals: (since) => ask((feed) => feed.totals(since)),
    use: (since) => ask((feed) => feed.use(since)),
    spent: (since, stepMs, count) => ask((feed) => feed.spent(since, stepMs, count)),
    lately: (since) => ask((feed) => feed.lately(since)),
    silences: () => ask((feed) => feed.silences()),
    lifetime: () => ask((feed) => feed.lifetime()),
    exporting: (temporality) => ask((feed) => feed.exporting(temporality)),
    exported: (at, pushed) => ask((feed) => feed.exported(at, pushed)),
    exportState: () => ask((feed) => feed.exportState()),
    async live(request, until) {
      // Nothing else of the request: the object has no use for a cookie or a key.
      const upgrade = request.headers.get("upgrade") ?? "";
      try {
        return await ask((feed) => feed.fetch(new Request(`https://feed/?until=${until}`, { headers: { upgrade } })));
      } catch (error) {
        unreachable(error);
        return problem({ status: 503, title: "Service Unavailable", detail: "the feed cannot be reached" });
      }
    },
  };
}

/** With what was used, in the minute in which it is told. */
function withUse(counts: ReadonlyMap<number, ToldTally>, use: Told, now: number): Map<number, ToldTally> {
  const minute = now - (now % MINUTE_MS);
  const counted = counts.get(minute) ?? newTally();
  const all = new Map(counted.use);
  addUse(all, use);
  return new Map([...counts, [minute, { ...counted, use: all }]]);
}

/** Gathers what is to be told until a call is due, and makes that call. */
class Gathering {
  readonly #pauseMs: number;
  readonly #send: (telling: Telling) => Promise<void>;
  readonly #now: () => number;
  #counts = new Map<number, Tally>();
  #news: News[] = [];
  #skipped = 0;
  #sentAt = -Infinity;
  /** A call is planned until then. A time, not a flag: the invocation that planned it may have died. */
  #plannedUntil = -Infinity;

  constructor(pauseMs: number, send: (telling: Telling) => Promise<void>, now: () => number) {
    this.#pauseMs = pauseMs;
    this.#send = send;
    this.#now = now;
  }

  /** The counts of the minute in which this happened. */
  countsAt(at: number): Tally {
    return inMap(this.#counts, at - (at % MINUTE_MS), newTally);
  }

  /** Only the last few are made into news: the others are counted. */
  add<Item>(items: readonly Item[], toNews: (item: Item) => News): Promise<void> | null {
    if (items.length === 0) return null;
    const all = [...this.#news, ...items.slice(-MOST_NEWS).map(toNews)];
    this.#skipped += this.#news.length + items.length - Math.min(all.length, MOST_NEWS);
    this.#news = all.slice(-MOST_NEWS);
    const now = this.#now();
    if (now < this.#plannedUntil) return null;
    const wait = Math.max(0, this.#sentAt + this.#pauseMs - now);
    this.#plannedUntil = now + wait + this.#pauseMs;
    return this.#sendAfter(wait);
  }

  async #sendAfter(wait: number): Promise<void> {
    // Otherwise what is told later in this turn goes along: each call is billed.
    await (wait > 0 ? sleep(wait) : Promise.resolve());
    const telling = { counts: this.#counts, news: this.#news, skipped: this.#skipped };
    this.#counts = new Map();
    this.#news = [];
    this.#skipped = 0;
    this.#sentAt = this.#now();
    this.#plannedUntil = -Infinity;
    // Where a call came so late that another was planned, that one has taken everything.
    if (telling.counts.size > 0) await this.#send(telling);
  }
}

function toEvent({ id, source, type, receivedAt, size }: ToldEvent & { id: string; size: number }): News {
  return { kind: "event", id, source, type, received_at: iso(receivedAt), size };
}

function toDelivery({ id: event, destination, state, attempt, status, fault, latencyMs }: Settled): News {
  const id = deliveryId(event, destination);
  return { kind: "delivery", id, event, destination, state, attempt, status, fault, latency_ms: latencyMs };
}

function toRefusal({ source, at, reason, status }: RefusalNews): News {
  return { kind: "refusal", source, at: iso(at), reason, status };
}

function iso(time: number): string {
  return new Date(time).toISOString();
}
