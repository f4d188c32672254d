// How long attempts took, in a few dozen numbers however many there were. Pure.

/**
 * Each bucket is a tenth wider than the one before it, so that a percentile, which is told as the middle of its bucket, is at most
 * 5 % off: 1 ms to 15 s, the longest that an attempt may take, are a hundred buckets.
 */
const WIDTH = 1.1;
const LAST = 120;

/** Counts by bucket; buckets without any are left out. */
export type Histogram = Map<number, number>;

/** Counts one more. @param ms 0 and 1 are one bucket: workerd's clock knows no smaller time */
export function observe(histogram: Histogram, ms: number): void {
  const bucket = Math.min(LAST, Math.floor(Math.log(Math.max(1, ms)) / Math.log(WIDTH)));
  histogram.set(bucket, (histogram.get(bucket) ?? 0) + 1);
}

/** Adds the counts of `from`. */
export function addHistogram(into: Histogram, from: Histogram): void {
  for (const [bucket, count] of from) into.set(bucket, (into.get(bucket) ?? 0) + count);
}

/**
 * The time, in whole ms, within which this share of all attempts ended, up to 5 % too long or too short.
 *
 * @param share 0 to 1
 * @returns `null` where nothing was observed
 */
export function percentile(histogram: Histogram, share: number): number | null {
  const buckets = [...histogram].toSorted(([a], [b]) => a - b);
  const all = buckets.reduce((sum, [, count]) => sum + count, 0);
  let rank = Math.max(1, Math.ceil(share * all));
  for (const [bucket, count] of buckets) {
    rank -= count;
    if (rank <= 0) return Math.round(WIDTH ** (bucket + 0.5));
  }
  return null;
}
