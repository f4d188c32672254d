// How a source or a destination does, in one word with its shape, and who comes first in a list. Pure.
import type { DestinationAnswer } from "../../contract/operations.ts";
import type { SourceAnswer } from "../../contract/overview.ts";

/** `sign` is one of those that `StateBadge` draws. */
export interface Health {
  readonly sign: "delivered" | "failed" | "retry" | "held" | "pending" | "lost" | "none";
  readonly word: string;
  /** Lists begin with the lowest. */
  readonly rank: number;
  /** Since when, where it is known: of a failing destination the first of its failures in a row. */
  readonly since: string | null;
}

const HEALTH: Readonly<Record<DestinationAnswer["health"], Omit<Health, "since">>> = {
  failing: { sign: "failed", word: "failing", rank: 0 },
  unaddressed: { sign: "lost", word: "no address", rank: 1 },
  paused: { sign: "held", word: "paused", rank: 2 },
  retrying: { sign: "retry", word: "retrying", rank: 3 },
  healthy: { sign: "delivered", word: "healthy", rank: 4 },
  waiting: { sign: "none", word: "waiting", rank: 5 },
  idle: { sign: "none", word: "idle", rank: 5 },
};

/** The operator has judged it: see operate/health.ts. */
export function destinationHealth({ health, health_since: since }: DestinationAnswer): Health {
  return { ...HEALTH[health], since };
}

export function sourceHealth({ state, last_event_at: heard, last_refusal: refusal }: SourceAnswer): Health {
  if (state === "disabled") return { sign: "failed", word: "disabled", rank: 0, since: null };
  if (state === "secret_missing") return { sign: "lost", word: "no secret", rank: 1, since: null };
  if (refusal !== null && (heard === null || refusal.at > heard))
    return { sign: "retry", word: "refusing", rank: 2, since: refusal.at };
  if (heard === null) return { sign: "none", word: "not heard yet", rank: 3, since: null };
  return { sign: "delivered", word: "healthy", rank: 4, since: null };
}

/** Those who need somebody first, then by name. */
export function byNeed<T extends { readonly name: string }>(
  all: readonly T[],
  health: (one: T) => Health,
): [T, Health][] {
  return all
    .map((one): [T, Health] => [one, health(one)])
    .toSorted(([a, of], [b, other]) => of.rank - other.rank || (a.name < b.name ? -1 : 1));
}
