// The relay's numbers as an OTLP request in JSON, where 64-bit integers are text and enums are numbers
// (https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding). Pure.
import type { Temporality } from "../contract/otlp.ts";
import type { Family } from "../operate/metrics.ts";

/** `AggregationTemporality` of metrics.proto. */
const TEMPORALITY = { delta: 1, cumulative: 2 } as const satisfies Record<Temporality, number>;

/** When what is told was counted and seen, in ms since 1970. */
interface Times {
  /** Counters were counted from `from` until `at`; gauges are of `now`. */
  readonly from: number;
  readonly at: number;
  readonly now: number;
}

interface Way {
  readonly times: Times;
  readonly temporality: Temporality;
}

/**
 * An ExportMetricsServiceRequest. Names go without their unit, which stands beside them: a backend of Prometheus' kind
 * puts both together again, and has the names of `/metrics`. Times of histograms are in ms, because their buckets are.
 *
 * @param resource who is measured
 */
export function encodeMetrics(
  families: readonly Family[],
  resource: Readonly<Record<string, string>>,
  way: Way,
): string {
  const metrics = families.flatMap((family) => metricOf(family, way) ?? []);
  return JSON.stringify({
    resourceMetrics: [
      { resource: { attributes: attributesOf(resource) }, scopeMetrics: [{ scope: { name: "hookline" }, metrics }] },
    ],
  });
}

/** `null` for a family without a number. */
function metricOf(family: Family, way: Way): object | null {
  const { name, type, unit, help: description, samples, distributions = [] } = family;
  if (samples.length === 0) return null;
  const named = { name: unit === undefined ? name : name.slice(0, -`_${unit}`.length), description };
  const aggregationTemporality = TEMPORALITY[way.temporality];
  switch (type) {
    case "histogram":
      return {
        ...named,
        unit: "ms",
        exponentialHistogram: {
          dataPoints: distributions.map((one) => histogramPoint(one, way)),
          aggregationTemporality,
        },
      };
    case "counter": {
      const dataPoints = samples.map(({ labels, value }) => ({ ...point(labels, way), asDouble: value }));
      return { ...named, ...unitOf(unit), sum: { dataPoints, aggregationTemporality, isMonotonic: true } };
    }
    case "gauge":
    case "stateset": {
      const timeUnixNano = nanos(way.times.now);
      const dataPoints = samples.map(({ labels, value }) => ({
        attributes: attributesOf(labels),
        timeUnixNano,
        asDouble: value,
      }));
      return { ...named, ...unitOf(unit), gauge: { dataPoints } };
    }
  }
}

/** Units in the words of UCUM. */
function unitOf(unit: Family["unit"]): { readonly unit?: string } {
  return unit === undefined ? {} : { unit: { seconds: "s", bytes: "By" }[unit] };
}

function histogramPoint(
  { labels, count, sumMs, scale, buckets }: NonNullable<Family["distributions"]>[number],
  way: Way,
): object {
  const indexes = [...buckets.keys()];
  const offset = Math.min(...indexes);
  const width = indexes.length === 0 ? 0 : Math.max(...indexes) - offset + 1;
  const bucketCounts = Array.from({ length: width }, (_, n) => String(buckets.get(offset + n) ?? 0));
  return {
    ...point(labels, way),
    count: String(count),
    sum: sumMs,
    scale,
    zeroCount: "0",
    ...(width === 0 ? {} : { positive: { offset, bucketCounts } }),
  };
}

function point(labels: Readonly<Record<string, string>>, { times: { from, at } }: Way) {
  return { attributes: attributesOf(labels), startTimeUnixNano: nanos(from), timeUnixNano: nanos(at) };
}

function attributesOf(labels: Readonly<Record<string, string>>): object[] {
  return Object.entries(labels).map(([key, stringValue]) => ({ key, value: { stringValue } }));
}

/** Text, because a number cannot hold so many. */
function nanos(ms: number): string {
  return `${Math.floor(ms)}000000`;
}
