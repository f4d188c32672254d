// The times that several stages must agree on, in ms, and what has used all of its time.
// Why they are what they are: docs/adr/0004.
import type { Answer, Destination } from "./types.ts";

/**
 * How long a claim holds a delivery. An attempt begins at most 10 s after the claim and takes `ATTEMPT_MS`, or what its
 * destination has for a `timeout`, `LONGEST_ATTEMPT_MS` at most.
 */
export const LEASE_MS = 90_000;
/**
 * How long an attempt may take: connection, headers and what is read of the
 * answer's body (the Standard Webhooks guide: 15 to 30 s).
 */
export const ATTEMPT_MS = 15_000;
/** The longest `timeout` of a destination, and the shortest. */
export const LONGEST_ATTEMPT_MS = 30_000;
export const SHORTEST_ATTEMPT_MS = 1_000;
/** What is left of a lease when an attempt has taken all of its time: its end must be noted. */
export const NOTE_MS = 5_000;
/**
 * How long a first attempt may wait for its grant, and after the grant for its beginning,
 * by the clock of the isolate that makes it.
 */
export const GRANT_WAIT_MS = 5_000;
export const GRANT_MS = 5_000;
/** How long after its acceptance a first attempt may still be under way: wait, begin, send, and say how it ended. */
export const FIRST_LEASE_MS = GRANT_WAIT_MS + GRANT_MS + ATTEMPT_MS + 20_000;
/**
 * How long after the question an attempt may begin for which a place was given (`rate` and `concurrency` of a
 * destination), by timers: no clock is asked. An isolate begins none later than `PLACE_MS`.
 */
export const BEGIN_MS = 20_000;
export const PLACE_MS = 15_000;
/** How long after its due time a pending delivery is the sweep's: its bell is lost by then. */
export const GRACE_MS = 60_000;
/** Waits longer than this have no bell: the sweep rings them when they are due. */
export const BELL_REACH_MS = 15 * 60_000;

/** What the object of a thin event may take to be fetched, before its attempt begins, and to be kept. */
export const FETCH_MS = 5_000;
export const HYDRATE_MS = FETCH_MS + 2_000;

/** How long an attempt at this destination may take, with what has to be fetched before it. */
export function attemptMs(destination: Pick<Destination, "shape" | "fetches"> | undefined): number {
  return (destination?.shape?.timeoutMs ?? ATTEMPT_MS) + (destination?.fetches === true ? HYDRATE_MS : 0);
}

/**
 * Whether an invocation's `waitUntil`, which has 30 s in all, is too short for such an attempt: it has to wait for a
 * grant, or behind others.
 */
export function outlasts(destination: Pick<Destination, "shape" | "fetches"> | undefined): boolean {
  return attemptMs(destination) > ATTEMPT_MS;
}

/**
 * Whether a send has held its place for as long as it could. A status whose body did not come to its end counts,
 * and has held its place just as long.
 */
export function hasHung({ fault, latencyMs }: Pick<Answer, "fault" | "latencyMs">, limitMs = ATTEMPT_MS): boolean {
  return fault === "timeout" || latencyMs >= limitMs;
}
