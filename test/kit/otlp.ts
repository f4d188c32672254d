// The other side of a push: reads OTLP in JSON by OpenTelemetry's own definitions, and takes nothing that is not exactly right.
import { isDeepStrictEqual } from "node:util";
// What `protoc` makes of the published definitions, as OpenTelemetry's exporter for Node has it.
import root from "@opentelemetry/otlp-transformer/build/src/generated/root.js";
import * as z from "zod";

/** What is used of a message's code, of which the package declares no types. */
interface Codec {
  fromObject(value: object): object;
  encode(message: object): { finish(): Uint8Array };
  decode(wire: Uint8Array): object;
  toObject(message: object, how: { readonly longs: typeof String }): unknown;
}
const request: Codec = Object(root).opentelemetry.proto.collector.metrics.v1.ExportMetricsServiceRequest;

const attributes = z.array(z.object({ key: z.string(), value: z.object({ stringValue: z.string() }) }));
const number = z.object({
  attributes,
  startTimeUnixNano: z.string().optional(),
  timeUnixNano: z.string(),
  asDouble: z.number(),
});
const histogram = z.object({
  attributes,
  startTimeUnixNano: z.string(),
  timeUnixNano: z.string(),
  count: z.string(),
  sum: z.number(),
  scale: z.number(),
  zeroCount: z.string(),
  positive: z.object({ offset: z.number(), bucketCounts: z.array(z.string()) }).optional(),
});
const metric = z.object({
  name: z.string(),
  description: z.string(),
  unit: z.string().optional(),
  gauge: z.object({ dataPoints: z.array(number) }).optional(),
  sum: z
    .object({ dataPoints: z.array(number), aggregationTemporality: z.number(), isMonotonic: z.boolean() })
    .optional(),
  exponentialHistogram: z.object({ dataPoints: z.array(histogram), aggregationTemporality: z.number() }).optional(),
});
const shape = z.object({
  resourceMetrics: z.tuple([
    z.object({
      resource: z.object({ attributes }),
      scopeMetrics: z.tuple([z.object({ scope: z.object({ name: z.string() }), metrics: z.array(metric) })]),
    }),
  ]),
});

type Metric = z.infer<typeof metric>;

/** What one push says. */
export interface Export {
  readonly resource: Readonly<Record<string, string>>;
  readonly metrics: ReadonlyMap<string, Metric>;
}

/**
 * Through the wire and back it must be what it was: a field that nobody knows is lost on the way, and one of another
 * case, a 64-bit integer that is no text, or an enum that is no number comes back in another way
 * (https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding).
 *
 * @throws where it is not
 */
export function readOtlp(text: string): Export {
  const sent = z.record(z.string(), z.unknown()).parse(JSON.parse(text));
  const wire = request.encode(request.fromObject(sent)).finish();
  const back: unknown = request.toObject(request.decode(wire), { longs: String });
  if (!isDeepStrictEqual(bare(back), bare(sent))) throw new Error("it is not the same after the wire");
  const [{ resource, scopeMetrics }] = shape.parse(sent).resourceMetrics;
  const { metrics } = scopeMetrics[0];
  const byName = new Map(metrics.map((one) => [one.name, one]));
  if (byName.size !== metrics.length) throw new Error("two metrics of one name");
  return { resource: labelsOf(resource.attributes), metrics: byName };
}

/** Without empty lists: on the wire there is none. */
const bare = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value, (_, one: unknown) => (Array.isArray(one) && one.length === 0 ? undefined : one)));

export function labelsOf(list: z.infer<typeof attributes>): Record<string, string> {
  return Object.fromEntries(list.map(({ key, value }) => [key, value.stringValue]));
}

/** The sums of a push, by name and labels, as `/metrics` writes them. */
export function sumsIn({ metrics }: Export): Map<string, number> {
  return new Map(
    [...metrics.values()].flatMap(({ name, sum }) =>
      (sum?.dataPoints ?? []).map((point): [string, number] => [
        `${name}${JSON.stringify(labelsOf(point.attributes))}`,
        point.asDouble,
      ]),
    ),
  );
}
