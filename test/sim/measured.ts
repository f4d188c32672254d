// Metrics pushed by cron, in some worlds: to a collector that is out of order now and then, and remembers what it took.
import { Dice } from "./dice.ts";
import type { Fault } from "./faults.ts";
import { call, never, running } from "./isolate.ts";
import type { Ledger } from "./ledger.ts";
import type { Mood, Reach } from "./network.ts";
import type { Platform } from "./platform.ts";
import type { Step } from "./plan.ts";
import { EPOCH, type Scheduler } from "./scheduler.ts";
import type { Trait } from "./traits.ts";
import type { Vars } from "./settings.ts";

const COLLECTOR = "https://collector.example.net";
/** A push may last so long, in ms, and what a busy machine needs to notice. */
const PATIENCE_MS = 10_500;
/** What is not told by then, in ms after the last of what happened, is not going to be. */
const TOLD_MS = 60_000;

const TROUBLES: readonly Mood[] = ["500", "404", "hang", "hang", "slow", "trickle", "redirect", "429 later", "echo"];

/** In one world of six. It has dice of its own, so that no other choice moves. */
export function measuredOf(seed: number, span: number): { traits: Trait[]; steps: Step[] } {
  const dice = new Dice(seed, "measured");
  if (!dice.chance(0.17)) return { traits: [], steps: [] };
  const steps: Step[] = [];
  for (let n = dice.whole(0, 2); n > 0; n -= 1) {
    const at = dice.whole(0, span + 200_000);
    steps.push({ at, do: "mood", destination: "collector", mood: dice.pick(TROUBLES) });
    steps.push({ at: at + dice.pick([60_000, 130_000]), do: "mood", destination: "collector", mood: "ok" });
  }
  return { traits: dice.chance(0.3) ? ["measured"] : ["measured", "by deltas"], steps };
}

/** What the vars of such a world have besides. */
export function measuredVars(traits: readonly Trait[], key: string): Vars {
  if (!traits.includes("measured")) return {};
  return {
    OTEL_EXPORTER_OTLP_ENDPOINT: COLLECTOR,
    OTEL_EXPORTER_OTLP_HEADERS: `api-key=${key}`,
    ...(traits.includes("by deltas") ? { OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: "delta" } : {}),
  };
}

/** What a push said of events accepted and of attempts, in ms of the world and in numbers. */
export interface Told {
  readonly from: number;
  readonly until: number;
  readonly temporality: number;
  readonly sums: ReadonlyMap<string, number>;
}

/** The collector: what it took, in the order in which it came. */
export class Collector {
  readonly #scheduler: Scheduler;
  readonly #moods: ReadonlyMap<string, Mood>;
  readonly #counted: () => ReadonlyMap<string, number>;
  readonly took: Told[] = [];
  /** What had been counted when telling began. */
  begun: ReadonlyMap<string, number> | null = null;

  /** @param counted what the relay has told its Feed object by now, as far as that was told of */
  constructor(scheduler: Scheduler, moods: ReadonlyMap<string, Mood>, counted: () => ReadonlyMap<string, number>) {
    this.#scheduler = scheduler;
    this.#moods = moods;
    this.#counted = counted;
  }

  /** The way to the collector, and to all others. */
  before(reach: Reach): Reach {
    return (url, init) => (new URL(url).origin === COLLECTOR ? this.#ask(url, init) : reach(url, init));
  }

  async #ask(url: string, init: RequestInit): Promise<Response> {
    const by = running.getStore();
    if (by === undefined) return await never();
    const body = init.body instanceof Uint8Array ? new TextDecoder().decode(init.body) : "";
    if (url !== `${COLLECTOR}/v1/metrics` || body.includes("CANARY"))
      this.#scheduler.violate("I-14", `a push to ${url} holds a secret, or goes astray`);
    let isOver = false;
    const aborted = new Promise<never>((_, reject) => {
      init.signal?.addEventListener("abort", () => {
        isOver = true;
        reject(new Error("The operation was aborted"));
      });
    });
    aborted.catch(() => {});
    by.onEnd(() => {
      isOver = true;
    });
    this.#scheduler.after(PATIENCE_MS, () => {
      if (!isOver && by.alive) this.#scheduler.violate("I-12", "a push goes on beyond its 10 s");
    });
    const answer = call<Response>(this.#scheduler, {
      kind: "fetch",
      what: "collector",
      error: "Network connection lost.",
      effect: async () => await this.#answer(this.#moods.get("collector") ?? "ok", body, init),
      special: (fault) => async () => await this.#hit(fault, body, init),
    });
    const over = () => {
      isOver = true;
    };
    answer.then(over, over);
    return await Promise.race([answer, aborted]);
  }

  async #hit(fault: Fault, body: string, init: RequestInit): Promise<Response> {
    if (fault === "refuse connection") throw new TypeError("connection refused");
    return await this.#answer(fault === "kill after" || fault === "cancel after" ? "ok" : fault, body, init);
  }

  /** Whoever gets no answer does not know whether it was taken: here it was. */
  async #answer(mood: string, body: string, init: RequestInit): Promise<Response> {
    const status = { "500": 500, "404": 404, "410": 410, "429 later": 429, "503 lies": 503, "503 past": 503 }[mood];
    const later = { "429 later": "90", "503 lies": "99999999999", "503 past": "Sun, 06 Nov 1994 08:49:37 GMT" }[mood];
    if (status !== undefined)
      return new Response("no", { status, headers: later === undefined ? {} : { "retry-after": later } });
    if (mood === "redirect")
      return new Response(null, { status: 307, headers: { location: "https://trap.example.net" } });
    if (mood === "echo")
      return new Response(JSON.stringify(Object.fromEntries(new Headers(init.headers))), { status: 401 });
    this.#take(body);
    if (mood === "reset") throw new TypeError("connection reset");
    if (mood === "hang") return await never();
    if (mood === "slow") await new Promise<void>((resolve) => void this.#scheduler.after(9_000, resolve));
    return new Response('{"partialSuccess":{}}');
  }

  #take(body: string): void {
    this.begun ??= this.#counted();
    this.took.push(readTold(body));
  }
}

const ms = (nanos: string | undefined) => Number((nanos ?? "").slice(0, -6)) - EPOCH;

function readTold(body: string): Told {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the relay's own pushes; test/kit/otlp.ts reads them strictly
  const { resourceMetrics } = JSON.parse(body) as {
    resourceMetrics: { scopeMetrics: { metrics: Metric[] }[] }[];
  };
  const metrics = resourceMetrics[0]?.scopeMetrics[0]?.metrics ?? [];
  const named = new Set(["hookline_events_accepted", "hookline_attempts"]);
  const sums = metrics.flatMap(({ name, sum }) => (named.has(name) && sum !== undefined ? [{ name, ...sum }] : []));
  const points = sums.flatMap(({ name, dataPoints }) => dataPoints.map((point) => ({ name, ...point })));
  // There is one, even where nothing has happened.
  const always = metrics.find(({ name }) => name === "hookline_ack_duration")?.exponentialHistogram;
  return {
    from: ms(always?.dataPoints[0]?.startTimeUnixNano),
    until: ms(always?.dataPoints[0]?.timeUnixNano),
    temporality: always?.aggregationTemporality ?? 0,
    sums: new Map(
      points.map(({ name, attributes, asDouble }) => [
        [name, ...attributes.map(({ value }) => value.stringValue)].join(" "),
        asDouble,
      ]),
    ),
  };
}

interface Metric {
  readonly name: string;
  readonly exponentialHistogram?: {
    readonly aggregationTemporality: number;
    readonly dataPoints: readonly { readonly startTimeUnixNano: string; readonly timeUnixNano: string }[];
  };
  readonly sum?: {
    readonly dataPoints: readonly {
      readonly attributes: readonly { readonly value: { readonly stringValue: string } }[];
      readonly asDouble: number;
    }[];
  };
}

/** What stands in the storage of the Feed object, added up without its help; with `told`, what it notes as told. */
export function countedIn({ feed }: Pick<Platform, "feed">, what: "all" | "told"): ReadonlyMap<string, number> {
  const { storage } = feed;
  const sums = new Map<string, number>();
  const add = (key: string, n: number) => n > 0 && sums.set(key, (sums.get(key) ?? 0) + n);
  const tables = new Set(
    storage.look<{ name: string }>("SELECT name FROM sqlite_master WHERE type = 'table'").map(({ name }) => name),
  );
  const texts =
    what === "all"
      ? ["minutes", "hours", "past"]
          .filter((name) => tables.has(name))
          .flatMap((name) => storage.look<{ counts: string }>(`SELECT counts FROM ${name}`))
      : storage.look<{ counts: string }>(
          "SELECT row ->> '$.told.counts' AS counts FROM exports WHERE row ->> '$.told' IS NOT NULL",
        );
  for (const { counts } of texts) {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- rows as docs/storage.md has them
    const [sources, destinations] = JSON.parse(counts) as [[string, number][], [string, number, number, number][]];
    for (const [name, accepted] of sources) add(`hookline_events_accepted ${name}`, accepted);
    for (const [name, delivered, retried, failed] of destinations) {
      add(`hookline_attempts ${name} delivered`, delivered);
      add(`hookline_attempts ${name} retried`, retried);
      add(`hookline_attempts ${name} failed`, failed);
    }
  }
  return sums;
}

/** Whether something is still to be told: a world does not end before that. */
export function untold({ plan, platform, tries, moves, scheduler }: Ledger): boolean {
  if (!plan.traits.includes("measured")) return false;
  const last = Math.max(plan.quiet, ...tries.map(({ answeredAt }) => answeredAt), ...moves.map(({ at }) => at));
  const told = platform.collector.took.at(-1)?.until ?? -Infinity;
  return scheduler.now < last + TOLD_MS || told < last + TOLD_MS;
}
