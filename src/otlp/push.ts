// One push of the relay's metrics to a collector, by cron: bounded in time, and harmless whatever becomes of it.
import type { Otlp } from "../config/otlp.ts";
import type { FeedDoor } from "../feed/door.ts";
import type { Pushed } from "../feed/exports.ts";
import type { Lifetime } from "../feed/lifetime.ts";
import type { Log } from "../log.ts";
import type { Send } from "../net/send.ts";
import type { Family } from "../operate/metrics.ts";
import type { Answer } from "../types.ts";
import { encodeMetrics } from "./encode.ts";

export interface PushDeps {
  /** `null` where nobody asks for a push. */
  readonly otlp: Otlp | null;
  readonly feed: Pick<FeedDoor, "exporting" | "exported">;
  readonly measure: (lifetime: Lifetime) => Promise<readonly Family[]>;
  readonly send: Send;
  readonly now: () => number;
  readonly log: Log;
}

const MINUTE_MS = 60_000;
/** As OpenTelemetry's own exporters wait, in ms. */
const PUSH_MS = 10_000;
/** What the log keeps of an answer, in characters. */
const SAID = 200;
/** Answers after which the same may be told again (https://opentelemetry.io/docs/specs/otlp/#retryable-response-codes). */
const AGAIN: ReadonlySet<number> = new Set([429, 502, 503, 504]);

/** Tells the collector, if this is a minute in which it is told. Never rejects. */
export async function push(deps: PushDeps): Promise<void> {
  const { otlp, feed, now, log } = deps;
  if (otlp === null || Math.floor(now() / MINUTE_MS) % otlp.everyMinutes !== 0) return;
  try {
    const next = await feed.exporting(otlp.temporality);
    if (next === null) return;
    const families = await deps.measure(next.lifetime);
    const { temporality, resource, url, headers, hidden } = otlp;
    const times = { from: next.from, at: next.at, now: now() };
    const body = new TextEncoder().encode(encodeMetrics(families, resource, { times, temporality }));
    const answer = await deps.send({
      url,
      headers: { ...headers, "content-type": "application/json", "user-agent": "Hookline (+OTLP/HTTP JSON)" },
      body,
      hidden,
      timeoutMs: PUSH_MS,
    });
    const pushed = pushedBy(answer, now());
    tell(pushed, answer, log);
    await feed.exported(next.at, pushed);
  } catch (error) {
    log.warn("otlp.not_pushed", { error: String(error) });
  }
}

/** What an answer says of the push. */
function pushedBy({ status, fault, excerpt, retryAfter }: Answer, now: number): Pushed {
  const isTaken = status !== null && status >= 200 && status < 300;
  const isUnsure = status === null || AGAIN.has(status);
  return {
    end: isTaken ? "took" : isUnsure ? "unsure" : "refused",
    status,
    fault,
    rejected: isTaken ? rejectedIn(excerpt) : 0,
    notBefore: isTaken ? null : waitedUntil(retryAfter, now),
  };
}

/** Points that a collector did not want (ExportMetricsPartialSuccess); 0 where its answer does not say. */
function rejectedIn(text: string): number {
  const [, n = "0"] = /"rejectedDataPoints"\s*:\s*"?(\d{1,15})/.exec(text) ?? [];
  return Number(n);
}

/** Seconds, or a date. */
function waitedUntil(retryAfter: string | null, now: number): number | null {
  if (retryAfter === null) return null;
  const at = /^\d+$/.test(retryAfter) ? now + Number(retryAfter) * 1000 : Date.parse(retryAfter);
  return Number.isNaN(at) ? null : at;
}

function tell({ end, status, fault, rejected }: Pushed, { excerpt }: Answer, log: Log): void {
  const says = excerpt.slice(0, SAID);
  if (end === "took" && rejected > 0) log.warn("otlp.rejected", { status, rejected, says });
  if (end !== "took") log.warn("otlp.failed", { status, fault, says, advice: adviceFor(status) });
}

function adviceFor(status: number | null): string {
  if (status === 401 || status === 403)
    return "Put the secret OTEL_EXPORTER_OTLP_HEADERS once more, with a key that may write metrics";
  if (status === 404 || status === 405)
    return "Compare OTEL_EXPORTER_OTLP_ENDPOINT with the URL that the backend gives for OTLP over HTTP";
  if (status === 415) return "The backend does not take OTLP as JSON: put an OpenTelemetry Collector before it";
  if (status === null || AGAIN.has(status) || status >= 500)
    return "Nothing is lost: the next push tells what this one did not";
  return "Read what the backend says; the next push tells what this one did not";
}
