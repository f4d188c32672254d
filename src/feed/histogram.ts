// How long attempts took, in a few dozen numbers however many there were. Pure.

/**
 * Buckets are those of an OpenTelemetry exponential histogram of this scale: the base is 2^(2^-scale), and bucket
 * `index` holds what is above base^index and at most base^(index + 1)
 * (https://opentelemetry.io/docs/specs/otel/metrics/data-model/#exponentialhistogram). With scale 3 a bucket is 9.05 %
 * wide, so that a percentile, which is told as the middle of its bucket, is at most 4.5 % off: 1 ms to 15 s, the
 * longest that an attempt may take, are 112 buckets.
 */
const SCALE = 3;
const BUCKETS_TO_DOUBLE = 2 ** SCALE;
/** The bucket that ends at 93 s holds what lasted longer, too. */
const LAST = 131;

/** Counts by the index of the bucket; buckets without any are left out. */
export type Histogram = Map<number, number>;

/** The index of a time's bucket. @param ms 0 counts as 1: workerd's clock knows no smaller time */
export function bucketOf(ms: number): number {
  return Math.min(LAST, Math.ceil(Math.log2(Math.max(1, ms)) * BUCKETS_TO_DOUBLE) - 1);
}

/** Counts one more. */
export function observe(histogram: Histogram, ms: number): void {
  count(histogram, bucketOf(ms), 1);
}

/** Adds the counts of `from`. */
export function addHistogram(into: Histogram, from: ReadonlyMap<number, number>): void {
  for (const [bucket, times] of from) count(into, bucket, times);
}

/**
 * Adds the counts of a histogram of the releases whose bucket `n` began at 1.1^n ms, each in the bucket of today that
 * holds the middle of its own: percentiles of these are up to 10 % off.
 */
export function addTenths(into: Histogram, from: ReadonlyMap<number, number>): void {
  for (const [bucket, times] of from) count(into, bucketOf(1.1 ** (bucket + 0.5)), times);
}

function count(histogram: Histogram, bucket: number, times: number): void {
  histogram.set(bucket, (histogram.get(bucket) ?? 0) + times);
}

/**
 * The time, in whole ms, within which this share of all attempts ended, up to 5 % too long or too short.
 *
 * @param share 0 to 1
 * @returns `null` where nothing was observed
 */
export function percentile(histogram: Histogram, share: number): number | null {
  const buckets = [...histogram].toSorted(([a], [b]) => a - b);
  const all = buckets.reduce((sum, [, times]) => sum + times, 0);
  let rank = Math.max(1, Math.ceil(share * all));
  for (const [bucket, times] of buckets) {
    rank -= times;
    if (rank <= 0) return Math.round(2 ** ((bucket + 0.5) / BUCKETS_TO_DOUBLE));
  }
  return null;
}

/** Powers of two, in ms, at which buckets end exactly: from 1 ms to a minute. */
const BOUNDS = Array.from({ length: 17 }, (_, n) => 2 ** n);

/**
 * How many lasted at most so long, for bounds that double from 1 ms on, and the buckets themselves.
 *
 * @returns `sumMs` is an estimate, up to 5 % off, from the middles of the buckets
 */
export function boundsOf(histogram: ReadonlyMap<number, number>): {
  readonly bounds: readonly { readonly ms: number; readonly below: number }[];
  readonly count: number;
  readonly sumMs: number;
  readonly scale: number;
  /** By index, in its order, without those that are empty. */
  readonly buckets: ReadonlyMap<number, number>;
} {
  const buckets = [...histogram].filter(([, n]) => n > 0).toSorted(([a], [b]) => a - b);
  const below = (ms: number) => buckets.reduce((sum, [bucket, n]) => (bucket <= bucketOf(ms) ? sum + n : sum), 0);
  const all = below(Infinity);
  return {
    bounds: [...BOUNDS.map((ms) => ({ ms, below: below(ms) })), { ms: Infinity, below: all }],
    count: all,
    sumMs: buckets.reduce((sum, [bucket, n]) => sum + n * 2 ** ((bucket + 0.5) / BUCKETS_TO_DOUBLE), 0),
    scale: SCALE,
    buckets: new Map(buckets),
  };
}
