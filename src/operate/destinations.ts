// How the destinations stand, and which routes lead to them.
import type { DestinationAnswer, RouteAnswer } from "../contract/operations.ts";
import type { Standing, Standings } from "../d1/standing.ts";
import type { Config, Route } from "../config/configured.ts";
import type { Looks } from "./operator.ts";
import { ATTEMPT_MS } from "../deadlines.ts";
import { armedOf } from "../out/breaker.ts";
import type { Shape } from "../scheme/shape.ts";
import type { Destination, Rate } from "../types.ts";
import { publicKeys } from "../out/ed25519.ts";
import { healthOf, type Known } from "./health.ts";
import { iso } from "../time.ts";
import { noDestination } from "./refuse.ts";
import { isEnded, secretOf, signsNow } from "../verify/in-force.ts";

/** What a destination did in the last 24 hours, and what its last attempts came to. */
type Did = DestinationAnswer["window"] & Pick<Known, "streak" | "streakSince">;

/** By name; one that is not there did nothing. May reject. */
type Window = () => Promise<ReadonlyMap<string, Did>>;

export interface DestinationsDeps {
  readonly config: Pick<Config, "destinations" | "routes">;
  readonly standings: Standings;
  readonly window: Window;
  readonly now: () => number;
}

const IDLE: Did = { delivered: 0, retried: 0, failed: 0, latency: null, streak: 0, streakSince: null };

const NOTHING: Awaited<ReturnType<Window>> = new Map();

/** @see Looks */
export function openDestinations(deps: DestinationsDeps): Pick<Looks, "destinations" | "destination" | "routes"> {
  const { config, standings, window, now } = deps;
  const show = async (destinations: readonly Destination[]): Promise<DestinationAnswer[]> => {
    const names = destinations.map(({ name }) => name);
    // The counts are worth waiting for, and nothing is lost without them.
    const [standing, windows] = await Promise.all([standings(names), window().catch(() => NOTHING)]);
    const shown = destinations.map(async (destination) => {
      const stands = standing.get(destination.name);
      const configured = await toConfigured(destination, stands, now());
      const { streak, streakSince, ...did } = windows.get(configured.name) ?? IDLE;
      const { waiting = 0, oldest = null, pausedAt = null } = stands ?? {};
      const known = {
        state: configured.state,
        pausedAt,
        waiting,
        oldest,
        delivered: did.delivered,
        streak,
        streakSince,
      };
      const { health, since } = healthOf(known, now());
      return {
        ...configured,
        health,
        health_since: iso(since),
        failures_in_a_row: streak,
        routes: config.routes.filter(({ to }) => to.includes(configured.name)).map(({ name }) => name),
        ...backlogOf(stands),
        window: did,
      };
    });
    return await Promise.all(shown);
  };
  return {
    destinations: async () => await show([...config.destinations.values()]),

    async destination(name) {
      const destination = config.destinations.get(name);
      const [value] = destination === undefined ? [] : await show([destination]);
      return value === undefined ? noDestination(name) : { ok: true, value };
    },

    routes: () => config.routes.map(toRoute),
  };
}

function toRoute({ name, from, events, to, when, transform, disabled }: Route): RouteAnswer {
  return {
    name,
    from: [...from],
    events: [...events],
    to: [...to],
    when: when?.text ?? null,
    ...(transform === undefined ? {} : { transform: textsOf(transform) }),
    enabled: disabled !== true,
  };
}

function textsOf({ otherwise, versions }: NonNullable<Route["transform"]>) {
  const own = Object.entries(versions).map(([version, { text }]) => ({ version, text }));
  return otherwise === null ? own : [{ version: null, text: otherwise.text }, ...own];
}

async function toConfigured(destination: Destination, standing: Standing | undefined, now: number) {
  const { name, url, secretUrl, script, binding, retry, keys, shape } = destination;
  const signing = signsNow(destination, now);
  const rule = armedOf(destination);
  const shown = shape?.format === "standard-v1a" ? await publicKeys(signing) : [];
  const pausedAt = standing?.pausedAt ?? null;
  const unaddressed = url === null && script === undefined && binding === undefined;
  return {
    name,
    kind: script === undefined ? (binding?.kind ?? ("http" as const)) : ("inspect" as const),
    ...(binding === undefined || binding.kind === "tunnel" ? {} : { binding: binding.name }),
    ...(binding?.kind === "r2" ? { key: binding.key } : {}),
    // A URL that is itself a secret is nobody's to read.
    url: secretUrl === true ? null : url,
    state: pausedAt !== null ? ("paused" as const) : unaddressed ? ("unaddressed" as const) : ("active" as const),
    paused_at: iso(pausedAt),
    paused_by: standing?.pausedBy ?? null,
    breaker: breakerOf(standing),
    breaker_rule: rule === null ? null : { failures: rule.failures, over_s: rule.overMs / 1000 },
    retry_s: retry.map((ms) => ms / 1000),
    ...limitsOf(destination),
    signed_by: signing.keys.map((key) => secretOf(key).name),
    ...oldKeyOf(keys, now),
    script: script === undefined ? null : (standing?.script ?? script.text),
    ...(shape === undefined ? {} : { shape: toShown(shape, shown) }),
  };
}

function oldKeyOf(keys: Destination["keys"], now: number): Pick<DestinationAnswer, "old_key"> {
  const old = keys.map(secretOf).find(({ until }) => until !== undefined);
  return old?.until === undefined
    ? {}
    : { old_key: { name: old.name, until: iso(old.until), ended: isEnded(old, now) } };
}

/** What a destination asks for, with secrets by their names. */
function toShown(
  { method, format, as, headers, written, gzipAbove, timeoutMs, unset }: Shape,
  keys: readonly string[],
): NonNullable<DestinationAnswer["shape"]> {
  const type = headers["content-type"];
  return {
    method,
    format: as === undefined ? format : `as ${as.id}`,
    public_keys: [...keys],
    headers: { ...written.headers, ...(type === undefined ? {} : { "content-type": type }) },
    query: { ...written.query },
    ...(written.members === undefined ? {} : { members: { ...written.members } }),
    gzip_above: gzipAbove,
    timeout_s: timeoutMs === ATTEMPT_MS ? null : timeoutMs / 1000,
    unset: [...unset],
  };
}

const UNITS: ReadonlyMap<number, string> = new Map([
  [1_000, "s"],
  [60_000, "min"],
  [3_600_000, "h"],
  [86_400_000, "day"],
]);

/** As it is written in the configuration. */
function rateInWords({ burst, periodMs }: Rate): string {
  return `${burst}/${UNITS.get(periodMs) ?? `${periodMs / 1_000}s`}`;
}

function words(statuses: readonly number[]): string[] {
  return statuses.map((one) => (one < 10 ? `${one}xx` : String(one)));
}

function limitsOf({ statuses, maxAgeMs, onFailed, version, order, limits: { rate, concurrency } = {} }: Destination) {
  return {
    ...(order === undefined
      ? {}
      : { order: order.by, after_failure: order.stops ? ("wait" as const) : ("skip" as const) }),
    ...(rate === undefined ? {} : { rate: rateInWords(rate) }),
    ...(concurrency === undefined ? {} : { concurrency }),
    ...(statuses === undefined ? {} : { give_up_on: words(statuses.giveUpOn), retry_on: words(statuses.retryOn) }),
    ...(maxAgeMs === undefined ? {} : { max_age_s: maxAgeMs / 1000 }),
    ...(onFailed === undefined ? {} : { on_failed: onFailed }),
    ...(version === undefined ? {} : { version }),
  };
}

function breakerOf(standing: Standing | undefined): DestinationAnswer["breaker"] {
  if (standing?.failures === null || standing?.failures === undefined) return null;
  const { failures, failingSince, openedAt, probeAt, closedAt, failedStatus: status, failedFault: fault } = standing;
  return {
    state: openedAt !== null ? "open" : closedAt !== null ? "closing" : "counting",
    failures,
    since: iso(failingSince ?? 0),
    opened_at: iso(openedAt),
    next_probe_at: iso(openedAt === null ? null : probeAt),
    status,
    fault,
  };
}

function backlogOf(standing: Standing | undefined) {
  return {
    waiting: standing?.waiting ?? 0,
    held: standing?.held ?? 0,
    ...(standing === undefined || standing.behind === 0 ? {} : { behind: standing.behind }),
    waiting_more: standing?.more === 1,
    oldest_waiting_at: iso(standing?.oldest ?? null),
  };
}
