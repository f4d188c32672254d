// How a source or a destination does, in one word with its shape, and who comes first in a list. Pure.
import type { DestinationAnswer } from "../../contract/operations.ts";
import type { SourceAnswer } from "../../contract/overview.ts";

/** `sign` is one of those that `StateBadge` draws. */
export interface Health {
  readonly sign: "delivered" | "failed" | "retry" | "held" | "pending" | "lost" | "none";
  readonly word: string;
  /** Lists begin with the lowest. */
  readonly rank: number;
  /** Since when, where it is known: of a failing destination the arrival of what has waited longest. */
  readonly since: string | null;
}

/** How long something may wait, in ms, before whoever it is for is said to fail: a first retry is everyday. */
const PATIENCE_MS = 60_000;

/** @param now in ms */
export function destinationHealth(destination: DestinationAnswer, now: number): Health {
  const { state, paused_at, oldest_waiting_at: oldest, waiting, window } = destination;
  if (state === "unaddressed") return { sign: "lost", word: "no address", rank: 1, since: oldest };
  if (state === "paused") return { sign: "held", word: "paused", rank: 2, since: paused_at };
  if (waiting > 0 && oldest !== null && now - Date.parse(oldest) > PATIENCE_MS && window.retried + window.failed > 0)
    return { sign: "failed", word: "failing", rank: 0, since: oldest };
  if (window.failed > window.delivered) return { sign: "failed", word: "failing", rank: 0, since: null };
  if (window.failed > 0) return { sign: "retry", word: "had failures", rank: 3, since: null };
  if (window.retried > window.delivered) return { sign: "retry", word: "retrying", rank: 3, since: oldest };
  if (window.delivered === 0) return { sign: "none", word: waiting > 0 ? "waiting" : "idle", rank: 5, since: null };
  return { sign: "delivered", word: "healthy", rank: 4, since: null };
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
