// The other side of a push: reads OTLP in JSON as its protobuf definitions have it, and takes nothing that is not exactly right.
import { join } from "node:path";
import * as z from "zod";
import protobuf from "protobufjs";

/**
 * The definitions as OpenTelemetry publishes them, byte for byte:
 * https://github.com/open-telemetry/opentelemetry-proto at ac2c4b5d1f3a6079de62f9afec860158ecc8af09 (Apache-2.0).
 */
const PROTO = join(import.meta.dirname, "otlp");
const definitions = new protobuf.Root();
definitions.resolvePath = (_, target) => join(PROTO, target);
definitions.loadSync("opentelemetry/proto/collector/metrics/v1/metrics_service.proto");
const request = definitions.lookupType("opentelemetry.proto.collector.metrics.v1.ExportMetricsServiceRequest");

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

/** @throws where a field is unknown, is in another case, or is of another JSON type than the definitions ask for */
export function readOtlp(text: string): Export {
  const sent: unknown = JSON.parse(text);
  check(request, sent, "");
  // And it is one on the wire.
  if (!isObject(sent)) throw new Error("no object");
  request.decode(request.encode(request.fromObject(sent)).finish());
  const [{ resource, scopeMetrics }] = shape.parse(sent).resourceMetrics;
  const { metrics } = scopeMetrics[0];
  const byName = new Map(metrics.map((one) => [one.name, one]));
  if (byName.size !== metrics.length) throw new Error("two metrics of one name");
  return { resource: labelsOf(resource.attributes), metrics: byName };
}

/** Each field under its name in lowerCamelCase, and at most one of each `oneof`. */
function check(type: protobuf.Type, value: unknown, at: string): void {
  if (!isObject(value)) throw new Error(`${at} is no ${type.name}`);
  for (const one of type.oneofsArray)
    if (one.fieldsArray.length > 1 && one.fieldsArray.filter(({ name }) => name in value).length > 1)
      throw new Error(`${at} has more than one ${one.name}`);
  for (const [name, member] of Object.entries(value)) {
    const field = type.fields[name];
    if (field === undefined) throw new Error(`${type.name} has no ${name}`);
    const isList = field.repeated ? Array.isArray(member) : !Array.isArray(member);
    if (!isList) throw new Error(`${at}.${name} ${field.repeated ? "is no list" : "is a list"}`);
    for (const one of Array.isArray(member) ? member : [member]) checkOne(field, one, `${at}.${name}`);
  }
}

/** https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding: 64-bit integers are text, enums are numbers. */
function checkOne(field: protobuf.Field, value: unknown, at: string): void {
  field.resolve();
  const kind = field.resolvedType;
  if (kind instanceof protobuf.Type) check(kind, value, at);
  else if (
    !(kind === null
      ? isScalar(field.type, value)
      : Object.values(kind.values).includes(Number(value)) && typeof value === "number")
  )
    throw new Error(`${at} is no ${field.type}: ${JSON.stringify(value)}`);
}

function isScalar(type: string, value: unknown): boolean {
  if (type.endsWith("64")) return typeof value === "string" && /^-?\d+$/.test(value);
  if (type.endsWith("32")) return Number.isInteger(value);
  if (type === "double") return typeof value === "number";
  if (type === "bool") return typeof value === "boolean";
  return typeof value === "string";
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

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
