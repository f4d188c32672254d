// Where metrics are pushed to, in the words of OpenTelemetry: the vars that its exporters read everywhere. Pure.
import { destinationUrl } from "../net/egress.ts";
import type { Temporality } from "../contract/otlp.ts";
import { longestFirst, spellingsOf } from "../net/excerpt.ts";
import { error, type Finding, show } from "./findings.ts";

/** A collector, and what it is told. */
export interface Otlp {
  readonly url: string;
  /** From a secret: nothing of it is shown. */
  readonly headers: Readonly<Record<string, string>>;
  /** The texts by which an answer could give them away, longest first. */
  readonly hidden: readonly string[];
  readonly temporality: Temporality;
  /** Minutes from one push to the next. */
  readonly everyMinutes: number;
  /** Who is measured. */
  readonly resource: Readonly<Record<string, string>>;
}

/** Vars that are read here; `OTEL_EXPORTER_OTLP_HEADERS` is a secret. */
export const OTLP_VARS = [
  "OTEL_EXPORTER_OTLP_ENDPOINT",
  "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT",
  "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE",
  "OTEL_METRIC_EXPORT_INTERVAL",
  "OTEL_RESOURCE_ATTRIBUTES",
  "OTEL_SERVICE_NAME",
] as const;
const HEADERS = "OTEL_EXPORTER_OTLP_HEADERS";

const MINUTE_MS = 60_000;
/** A longer interval would be one that nobody looks at. */
const MOST_MINUTES = 60;
/** In characters. */
const SHORTEST_SECRET = 8;
/** The request's own, which no secret may change. */
const OURS = new Set(["host", "content-type", "content-length", "content-encoding", "transfer-encoding", "connection"]);

/** Of what reading a configuration is given, and where it writes down what it finds. */
interface Reading {
  readonly loopback: boolean;
  readonly findings: Finding[];
}

/** @returns `null` where nothing is pushed, because nobody asks for it or because something is wrong */
export function readOtlp(vars: Readonly<Record<string, unknown>>, reading: Reading): Otlp | null {
  const { findings } = reading;
  const [base, own] = [vars["OTEL_EXPORTER_OTLP_ENDPOINT"], vars["OTEL_EXPORTER_OTLP_METRICS_ENDPOINT"]];
  if (base === undefined && own === undefined) return null;
  const before = findings.length;
  const url =
    own === undefined
      ? readUrl("OTEL_EXPORTER_OTLP_ENDPOINT", base, "/v1/metrics", reading)
      : readUrl("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", own, "", reading);
  const headers = readHeaders(vars[HEADERS], findings);
  const otlp = {
    headers,
    hidden: hiddenIn(headers),
    temporality: readTemporality(vars["OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE"], findings),
    everyMinutes: readInterval(vars["OTEL_METRIC_EXPORT_INTERVAL"], findings),
    resource: readResource(vars, findings),
  };
  return url === null || findings.length > before ? null : { url, ...otlp };
}

function readUrl(key: string, value: unknown, path: string, { loopback, findings }: Reading): string | null {
  const judged = typeof value === "string" ? destinationUrl(value, { loopback }) : null;
  if (judged?.ok !== true) {
    const why = judged === null ? "is not text" : judged.why;
    findings.push(error(key, `${show(value)} ${why}. Write the URL that your backend gives for OTLP over HTTP`));
    return null;
  }
  const { url } = judged;
  url.pathname = `${url.pathname.replace(/\/+$/, "")}${path}`;
  return url.href;
}

function readHeaders(value: unknown, findings: Finding[]): Record<string, string> {
  const headers = pairsOf(value);
  const isGood =
    headers !== null &&
    Object.entries(headers).every(
      ([name, text]) =>
        /^[\w!#$%&'*+.^`|~-]+$/.test(name) && /^[\x20-\x7e]*$/.test(text) && !OURS.has(name.toLowerCase()),
    );
  if (isGood) return headers;
  // What stands there is a secret, and is not repeated.
  findings.push(error(HEADERS, 'is no list of headers. Put it once more, as "api-key=…" or "Authorization=Basic …"'));
  return {};
}

/** Of `Basic …` what follows it, too. Short values are words, and no secrets. */
function hiddenIn(headers: Readonly<Record<string, string>>): readonly string[] {
  const values = Object.values(headers).flatMap((value) => [value].concat(value.split(" ")));
  return longestFirst(values.filter((value) => value.length >= SHORTEST_SECRET).flatMap(spellingsOf));
}

function readTemporality(value: unknown = "cumulative", findings: Finding[]): Temporality {
  const chosen = (["cumulative", "delta"] as const).find((one) => one === String(value).toLowerCase());
  if (chosen !== undefined) return chosen;
  const says = `${show(value)} is neither "cumulative" nor "delta". Write one of them: Datadog takes delta alone`;
  findings.push(error("OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE", says));
  return "cumulative";
}

function readInterval(value: unknown = MINUTE_MS, findings: Finding[]): number {
  const minutes = Number(value) / MINUTE_MS;
  if (Number.isInteger(minutes) && minutes >= 1 && minutes <= MOST_MINUTES) return minutes;
  const says = `${show(value)} is no number of whole minutes in milliseconds. Write 60000, or up to ${MOST_MINUTES * MINUTE_MS}`;
  findings.push(error("OTEL_METRIC_EXPORT_INTERVAL", says));
  return 1;
}

/** `OTEL_SERVICE_NAME` wins, as with OpenTelemetry's own libraries. */
function readResource(vars: Readonly<Record<string, unknown>>, findings: Finding[]): Record<string, string> {
  const attributes = pairsOf(vars["OTEL_RESOURCE_ATTRIBUTES"]);
  const name = vars["OTEL_SERVICE_NAME"];
  if (attributes === null)
    findings.push(
      error(
        "OTEL_RESOURCE_ATTRIBUTES",
        `${show(vars["OTEL_RESOURCE_ATTRIBUTES"])} is no list. Write it as "deployment.environment.name=production,team=payments"`,
      ),
    );
  if (name !== undefined && typeof name !== "string")
    findings.push(error("OTEL_SERVICE_NAME", `${show(name)} is not text. Write a name, such as "hookline"`));
  return {
    "service.name": "hookline",
    ...attributes,
    ...(typeof name === "string" && name !== "" ? { "service.name": name } : {}),
  };
}

/** `name=value,name=value`, with what is escaped as in a URL; `null` where it is something else. */
function pairsOf(value: unknown): Record<string, string> | null {
  if (value === undefined || value === "") return {};
  if (typeof value !== "string") return null;
  const pairs: [string, string][] = [];
  for (const part of value.split(",")) {
    const at = part.indexOf("=");
    const [name, text] = [part.slice(0, at).trim(), part.slice(at + 1).trim()];
    if (at === -1 || name === "") return null;
    try {
      pairs.push([decodeURIComponent(name), decodeURIComponent(text)]);
    } catch {
      return null;
    }
  }
  return Object.fromEntries(pairs);
}
