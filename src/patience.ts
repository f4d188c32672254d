// How long to wait, and for whom. A platform call that never answers must not hang its caller.

/**
 * What `work` gives, unless it takes longer than `ms`.
 *
 * @param whom named in the error
 * @throws after `ms`; what `work` does afterwards is nobody's business any more, so it must be safe to repeat
 */
export async function within<T>(ms: number, whom: string, work: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | null = null;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${whom} did not answer within ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    if (timer !== null) clearTimeout(timer);
  }
}

/** Resolves after `ms`. */
export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}

/** Longest pause between two tries, in ms. */
export const LONGEST_BACKOFF_MS = 30_000;

/** The pause after so many failures in a row, at least one: a second, doubled each time, in ms. */
export function backoff(failures: number): number {
  return Math.min(1_000 * 2 ** (failures - 1), LONGEST_BACKOFF_MS);
}

/** The earlier of two times, of which either may be missing. */
export function earlier(one: number | null, other: number | null): number | null {
  return one === null || other === null ? (one ?? other) : Math.min(one, other);
}
