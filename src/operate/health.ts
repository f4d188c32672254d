// How does a destination do now? By what its last attempts came to, not by the day.
// The only place that judges it. Pure.
import type { DestinationAnswer } from "../contract/operations.ts";

/** What is known of a destination. Times are in ms. */
export interface Known {
  readonly state: DestinationAnswer["state"];
  readonly pausedAt: number | null;
  readonly waiting: number;
  readonly oldest: number | null;
  /** Of the last 24 hours. */
  readonly delivered: number;
  /** Attempts since the last success, and since about when. */
  readonly streak: number;
  readonly streakSince: number | null;
}

/**
 * So many attempts in a row fail: an outage. Fewer are everyday,
 * unless nothing has succeeded for longer than a first retry takes, in ms.
 */
const OUTAGE = 3;
const PATIENCE_MS = 2 * 60_000;

/** In one word, and since when. */
export function healthOf(known: Known, now: number): { health: DestinationAnswer["health"]; since: number | null } {
  const { state, pausedAt, waiting, oldest, delivered, streak, streakSince } = known;
  if (state === "unaddressed") return { health: "unaddressed", since: oldest };
  if (state === "paused") return { health: "paused", since: pausedAt };
  if (streak >= OUTAGE || (streak > 0 && streakSince !== null && now - streakSince > PATIENCE_MS))
    return { health: "failing", since: streakSince };
  if (streak > 0) return { health: "retrying", since: streakSince };
  // Its last attempt succeeded: what waits for a retry from before does not make it fail.
  if (delivered > 0) return { health: "healthy", since: null };
  return waiting > 0 ? { health: "waiting", since: oldest } : { health: "idle", since: null };
}
