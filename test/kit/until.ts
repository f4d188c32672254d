// Patience for what happens in another process.
import { setTimeout as sleep } from "node:timers/promises";

/** Waits for `look` to see something, or fails with what was waited for. A bound on patience, not on speed. */
export async function until<T>(
  what: string,
  look: () => T | undefined | Promise<T | undefined>,
  patienceMs = 120_000,
): Promise<T> {
  for (const end = Date.now() + patienceMs; ; await sleep(20)) {
    const seen = await look();
    if (seen !== undefined) return seen;
    if (Date.now() > end) throw new Error(`not so after ${patienceMs / 1000} s: ${what}`);
  }
}
