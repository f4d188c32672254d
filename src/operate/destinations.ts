// How the destinations stand, and which routes lead to them.
import type { DestinationAnswer, RouteAnswer } from "../contract/operations.ts";
import type { Standing, Standings } from "../d1/standing.ts";
import type { Config } from "../config/configured.ts";
import type { Looks } from "./operator.ts";
import type { Destination } from "../types.ts";
import { iso } from "../time.ts";
import { noDestination } from "./refuse.ts";

/** What destinations did in the last 24 hours, by name; one that is not there did nothing. May reject. */
type Window = () => Promise<ReadonlyMap<string, DestinationAnswer["window"]>>;

export interface DestinationsDeps {
  readonly config: Pick<Config, "destinations" | "routes">;
  readonly standings: Standings;
  readonly window: Window;
}

const IDLE: DestinationAnswer["window"] = { delivered: 0, retried: 0, failed: 0, latency: null };

const NOTHING: Awaited<ReturnType<Window>> = new Map();

/** @see Looks */
export function openDestinations(deps: DestinationsDeps): Pick<Looks, "destinations" | "destination" | "routes"> {
  const { config, standings, window } = deps;
  const show = async (destinations: readonly Destination[]): Promise<DestinationAnswer[]> => {
    const names = destinations.map(({ name }) => name);
    // The counts are worth waiting for, and nothing is lost without them.
    const [standing, windows] = await Promise.all([standings(names), window().catch(() => NOTHING)]);
    return destinations.map((destination) => ({
      ...toConfigured(destination, standing.get(destination.name)),
      routes: config.routes.filter(({ to }) => to.includes(destination.name)).map(({ name }) => name),
      ...toWaiting(standing.get(destination.name)),
      window: windows.get(destination.name) ?? IDLE,
    }));
  };
  return {
    destinations: async () => await show([...config.destinations.values()]),

    async destination(name) {
      const destination = config.destinations.get(name);
      const [value] = destination === undefined ? [] : await show([destination]);
      return value === undefined ? noDestination(name) : { ok: true, value };
    },

    routes: () =>
      config.routes.map(({ name, from, events, to }): RouteAnswer => ({
        name,
        from: [...from],
        events: [...events],
        to: [...to],
      })),
  };
}

function toConfigured({ name, url, secretUrl, script, retry, keys }: Destination, standing: Standing | undefined) {
  const pausedAt = standing?.pausedAt ?? null;
  const unaddressed = url === null && script === undefined;
  return {
    name,
    kind: script === undefined ? ("http" as const) : ("inspect" as const),
    // A URL that is itself a secret is nobody's to read.
    url: secretUrl === true ? null : url,
    state: pausedAt !== null ? ("paused" as const) : unaddressed ? ("unaddressed" as const) : ("active" as const),
    paused_at: iso(pausedAt),
    paused_by: standing?.pausedBy ?? null,
    retry_s: retry.map((ms) => ms / 1000),
    signed_by: keys.map((key) => (key.kind === "own" ? key.secret.name : key.from.name)),
    script: script === undefined ? null : (standing?.script ?? script.text),
  };
}

function toWaiting(standing: Standing | undefined) {
  return {
    waiting: standing?.waiting ?? 0,
    held: standing?.held ?? 0,
    waiting_more: standing?.more === 1,
    oldest_waiting_at: iso(standing?.oldest ?? null),
  };
}
