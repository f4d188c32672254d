// A delivery that has failed for good is looked at within seconds: nothing else may be open that would wake anybody.
import type { Settled } from "../d1/settlement.ts";

/** How long after a failure somebody looks, in ms: longer than from one look to the next, which would be left out. */
const AFTER_MS = 11_000;
/** An isolate asks for a look so often at most, in ms: each is a call to an object, and an alarm. */
const PAUSE_MS = 30_000;

/**
 * @param remind has the sweep come at that time at the latest; it never rejects
 * @param later keeps the invocation alive until that is said
 * @returns is given how attempts ended
 */
export function openPrompt(
  remind: (at: number) => Promise<void>,
  now: () => number,
  later: (work: Promise<void>) => void,
) {
  let askedAt = -Infinity;
  return (settled: readonly Pick<Settled, "state">[]): void => {
    if (!settled.some(({ state }) => state === "failed") || now() - askedAt < PAUSE_MS) return;
    askedAt = now();
    later(remind(askedAt + AFTER_MS));
  };
}
