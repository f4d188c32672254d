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

/** The earlier of two times, of which either may be missing. */
export function earlier(one: number | null, other: number | null): number | null {
  return one === null || other === null ? (one ?? other) : Math.min(one, other);
}
