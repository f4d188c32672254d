// Rows of an event into a line, and a line into rows again. The format is contract/line.ts. Pure.
import { isSealed } from "../bytes/vault.ts";
import type { AttemptAnswer } from "../contract/history.ts";
import { type Line, LINE_VERSION, type LineDelivery } from "../contract/line.ts";
import type { Arriving, LineDeliveryRow, LineRows } from "../d1/lines.ts";
import type { AttemptRow } from "../d1/rows.ts";
import { iso } from "../time.ts";
import { objectOf } from "./opened.ts";

/** All of a line but its body, which may be too large to be in memory twice. */
export type LineHead = Omit<Line, "body">;

/** The event as it is kept, with every attempt of its deliveries. */
export function headOf({ event, deliveries, attempts, editions }: LineRows): LineHead {
  return {
    v: LINE_VERSION,
    id: event.id,
    source: event.source,
    type: event.type,
    received_at: iso(event.receivedAt),
    verified_by: event.verifiedBy,
    size: event.size,
    receipt: event.receipt,
    ...(typeof event.gone === "string" ? { gone: event.gone } : {}),
    encoding: event.encoding,
    ...(isSealed(event.headers)
      ? {
          headers: {},
          object: null,
          sealed: { headers: event.headers, object: event.object ?? null, parts: event.parts },
        }
      : // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- see `parsed`
        { headers: parsed(event.headers) as Line["headers"], object: objectOf(event.object ?? null) }),
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- see `parsed`
    undecided: parsed(event.undecided ?? "[]") as Line["undecided"],
    edited_as: editions.map(({ event: id, destination, at }) => ({ event: id, destination, edited_at: iso(at) })),
    deliveries: deliveries.map((one) =>
      deliveryOf(
        one,
        attempts.filter(({ destination }) => destination === one.destination),
      ),
    ),
  };
}

function deliveryOf(row: LineDeliveryRow, noted: readonly AttemptRow[]): LineDelivery {
  const told = {
    status: row.status,
    fault: row.fault,
    latency_ms: row.latencyMs,
    answer: row.excerpt,
  };
  // A success at the first attempt is told by its delivery alone.
  const first = noted.length === 0 && row.state === "delivered" && row.attempt === 1 && row.startedAt !== null;
  const only: LineDelivery["attempts"] = first
    ? [{ attempt: 1, outcome: "delivered", ...told, started_at: iso(row.startedAt), next_attempt_at: null }]
    : [];
  return {
    destination: row.destination,
    route: row.route,
    state: row.state,
    reason: row.reason,
    attempt: row.attempt,
    round: row.round,
    repeats: row.repeats,
    ...told,
    last_attempt_at: iso(row.startedAt),
    due_at: iso(row.dueAt),
    ended_at: iso(row.endedAt),
    receipt: row.receipt,
    transform: row.transform,
    order_key: row.orderKey,
    story: row.story,
    ...(row.replied === null ? {} : { replied: row.replied }),
    attempts: [...noted.map((one) => ({ ...attemptOf(one), started_at: iso(one.startedAt) })), ...only],
  };
}

/** An attempt as it is answered. */
export function attemptOf(row: AttemptRow): AttemptAnswer {
  return {
    attempt: row.n,
    outcome: row.outcome,
    status: row.status,
    fault: row.fault,
    latency_ms: row.latencyMs,
    started_at: iso(row.startedAt),
    next_attempt_at: iso(row.nextDue),
    answer: row.excerpt,
  };
}

/** What D1 takes of a line: with its body, or with as many parts as were written under this receipt. */
export function arrivingOf(line: Line, receipt: string, parts = 0): Arriving {
  const { undecided, object, deliveries } = line;
  return {
    id: line.id,
    receipt,
    source: line.source,
    type: line.type,
    receivedAt: ms(line.received_at),
    verifiedBy: line.verified_by,
    headers: line.sealed?.headers ?? line.headers,
    encoding: line.encoding,
    size: line.size,
    body: parts === 0 && line.gone === undefined ? line.body : null,
    gone: line.gone ?? null,
    parts,
    undecided: undecided.length === 0 ? null : undecided,
    object: line.sealed === undefined ? keptObject(object) : line.sealed.object,
    deliveries: deliveries.map(arrivingDelivery),
    attempts: deliveries.flatMap(({ destination, attempts }) =>
      attempts.flatMap((one) =>
        one.outcome === "running"
          ? []
          : [
              {
                destination,
                n: one.attempt,
                startedAt: ms(one.started_at),
                latencyMs: one.latency_ms,
                status: one.status,
                fault: one.fault,
                outcome: one.outcome,
                excerpt: one.answer,
                nextDue: ms(one.next_attempt_at),
              },
            ],
      ),
    ),
  };
}

function arrivingDelivery(
  one: LineDelivery,
): Omit<LineDeliveryRow, "event" | "fault"> & { readonly fault: string | null } {
  return {
    destination: one.destination,
    route: one.route,
    receipt: one.receipt,
    state: one.state,
    reason: one.reason,
    attempt: one.attempt,
    round: one.round,
    repeats: one.repeats,
    dueAt: ms(one.due_at),
    startedAt: ms(one.last_attempt_at),
    latencyMs: one.latency_ms,
    status: one.status,
    fault: one.fault,
    excerpt: one.answer,
    endedAt: ms(one.ended_at),
    story: one.story,
    replied: one.replied ?? null,
    transform: one.transform,
    orderKey: one.order_key,
  };
}

/** What a thin event names, as D1 keeps it. */
export function keptObject(object: Line["object"]): string | null {
  if (object === null) return null;
  return JSON.stringify({ at: ms(object.fetched_at), path: object.path, text: object.body });
}

function ms(time: string): number;
function ms(time: string | null): number | null;
function ms(time: string | null): number | null {
  return time === null ? null : Date.parse(time);
}

/** What the relay's own statements have written as JSON. */
function parsed(text: string): unknown {
  return JSON.parse(text);
}
