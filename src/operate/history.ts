// In which words the past answers. The questions come from question.ts, the rows from records.ts;
// nothing else is touched.
import { traceOf } from "../in/headers.ts";
import * as z from "zod/mini";
import {
  type AttemptAnswer,
  type DeliveryAnswer,
  type EventAnswer,
  type Progress,
  replied,
  undecided as undecidedRoute,
} from "../contract/history.ts";
import { goneWords, readGone } from "../contract/retention.ts";
import { attemptOf } from "../archive/line.ts";
import type { Archive } from "../archive/open.ts";
import type { Records } from "../d1/records.ts";
import { deliveryId, EDITED_FROM, isEventId, PROOF, REDACTED } from "../ids.ts";
import { storyOf } from "./archive.ts";
import type { Looks } from "./operator.ts";
import { type List, writeCursor } from "../contract/question.ts";
import { iso } from "../time.ts";
import type { AttemptRow, DeliveryRow, EventRow, Walk, WholeEventRow } from "../d1/rows.ts";

/** Looks into the past. */
export function openHistory(
  records: Records,
  archive: Archive | null = null,
): Pick<Looks, "events" | "deliveries" | "event"> {
  return {
    async events({ filter, after, limit }) {
      const walk = await records.events(filter, after, limit);
      const listed = walk.rows.map(({ event }) => event);
      const [states, undecided] = await Promise.all([records.states(listed), records.undecided(listed)]);
      const events = walk.rows.map((row) =>
        Object.assign(toEvent(row), {
          deliveries: states
            .filter(({ event }) => event === row.event)
            .map(({ destination, state }) => ({ destination, state })),
          undecided: undecided.includes(row.event),
        }),
      );
      const skipped = {
        ...(walk.binary === undefined ? {} : { binary_skipped: walk.binary }),
        ...(walk.sealed === undefined ? {} : { sealed_skipped: walk.sealed }),
        ...(walk.away === undefined ? {} : { bucket_skipped: walk.away }),
      };
      return { events, ...toProgress("events", walk), ...skipped };
    },

    async deliveries({ filter, after, limit }) {
      const walk = await records.deliveries(filter, after, limit);
      return { deliveries: walk.rows.map(toDelivery), ...toProgress("deliveries", walk) };
    },

    async event(id) {
      const row = await records.event(id);
      if (row === null) {
        const found = archive === null || !isEventId(id) ? null : await archive.one(id);
        return found === null ? null : storyOf(found);
      }
      const [{ deliveries, attempts }, editions] = await Promise.all([
        records.story(row.event),
        records.editions(row.id),
      ]);
      const {
        [EDITED_FROM]: original = null,
        [PROOF]: _proof,
        [REDACTED]: redacted,
        ...headers
      } = z.record(z.string(), z.string()).parse(JSON.parse(row.headers));
      const story = {
        ...toEvent(row),
        headers,
        trace_id: traceOf(headers),
        deliveries: deliveries.map((delivery) => {
          const noted = attempts.filter(({ destination }) => destination === delivery.destination);
          return Object.assign(toDelivery(delivery), { attempts: toAttempts(delivery, noted) });
        }),
        edited_from: original,
        edited_as: editions.map(({ event, destination, at }) => ({ event, destination, edited_at: iso(at) })),
        undecided: row.undecided === null ? [] : z.array(undecidedRoute).parse(JSON.parse(row.undecided)),
        ...objectOf(row),
        ...goneOf(row),
        ...(row.sealed === true ? { encrypted: true as const } : {}),
        ...(redacted === undefined ? {} : { redacted: true as const }),
        encoding: row.encoding,
      };
      return { story, body: records.body(row) };
    },
  };
}

function goneOf({ gone = null }: Pick<WholeEventRow, "gone">) {
  const read = readGone(gone);
  if (read === null) return {};
  return { body_gone: { why: read.why, at: iso(read.at), says: `The body ${goneWords(read)}.` } };
}

const keptObject = z.object({ at: z.number(), path: z.string(), text: z.string() });

function objectOf({ object = null }: Pick<WholeEventRow, "object">) {
  if (object === null) return {};
  const { at, path, text } = keptObject.parse(JSON.parse(object));
  return { object: { fetched_at: iso(at), path, body: text } };
}

function toEvent(row: EventRow): EventAnswer {
  return {
    id: row.id,
    source: row.source,
    type: row.type,
    received_at: iso(row.receivedAt),
    verified_by: row.verifiedBy,
    size: row.size,
  };
}

/** The words of the view `delivery_history`. While an attempt is under way, there is no answer to show yet. */
function toDelivery(row: DeliveryRow): DeliveryAnswer {
  const running = row.state === "delivering";
  return {
    id: deliveryId(row.id, row.destination),
    event: row.id,
    destination: row.destination,
    route: row.route,
    source: row.source,
    type: row.type,
    state: row.state,
    reason: row.reason,
    waits: row.state === "held" ? (row.waits ?? "pause") : row.state === "pending" ? row.waits : null,
    ...(row.behind === null ? {} : { waits_behind: row.behind }),
    ...(row.replied === null ? {} : { replied: replied.parse(JSON.parse(row.replied)) }),
    attempt: row.attempt,
    status: running ? null : row.status,
    fault: running ? null : row.fault,
    latency_ms: running ? null : row.latencyMs,
    answer: running ? null : row.excerpt,
    received_at: iso(row.receivedAt),
    last_attempt_at: iso(row.startedAt),
    next_attempt_at: row.state === "pending" && row.waits !== "order" ? iso(row.dueAt) : null,
    ended_at: iso(row.endedAt),
  };
}

/** Every attempt, oldest first: those on record, and the last one where only its delivery tells of it. */
function toAttempts(delivery: DeliveryRow, noted: readonly AttemptRow[]): AttemptAnswer[] {
  const last = lastAttempt(delivery);
  const others = noted.filter(({ n }) => n !== last?.attempt).map(attemptOf);
  return last === null ? others : [...others, last];
}

/** The attempt under way has no row of its own yet, and a success at the first try never gets one. */
function lastAttempt(row: DeliveryRow): AttemptAnswer | null {
  const running = row.state === "delivering";
  if (!running && (row.state !== "delivered" || row.attempt !== 1)) return null;
  const { status, fault, latency_ms, last_attempt_at, answer } = toDelivery(row);
  const outcome = running ? ("running" as const) : ("delivered" as const);
  return {
    attempt: row.attempt,
    outcome,
    status,
    fault,
    latency_ms,
    started_at: last_attempt_at,
    next_attempt_at: null,
    answer,
  };
}

/** Where to go on, and how far a page looked that ended before it was full. */
function toProgress(list: List, { next, stopped }: Walk<unknown>): Progress {
  if (next === null) return { next: null, complete: true };
  const place = writeCursor(list, next);
  if (stopped === null) return { next: place, complete: true };
  return {
    next: place,
    complete: false,
    scanned: stopped.scanned,
    looked_back_to: iso(stopped.receivedAt),
  };
}
