// In which words the archive answers, and how an order about an archived event finds it in the history.
import type { Archive } from "../archive/open.ts";
import type { Archived } from "../archive/read.ts";
import { type ArchivePlace, type archivePage, type ArchiveQuestion, writeArchiveCursor } from "../contract/archive.ts";
import { type EventStory, type ListedEvent, replied } from "../contract/history.ts";
import { goneWords, readGone } from "../contract/retention.ts";
import type { Line, LineDelivery } from "../contract/line.ts";
import type { Records } from "../d1/records.ts";
import { deliveryId, EDITED_FROM, isEventId, PROOF, REDACTED } from "../ids.ts";
import { iso } from "../time.ts";
import type * as z from "zod/mini";
import { traceOf } from "../in/headers.ts";
import type { By, Done } from "./operator.ts";
import { conflict, type Refused } from "./refuse.ts";

/** What may be looked at in the archive. */
export interface ArchiveLooks {
  /** Whether there is one. */
  readonly isOpen: boolean;
  list(question: ArchiveQuestion): Promise<Done<z.output<typeof archivePage>>>;
}

/** Looks into the archive; `null` where no bucket is bound. */
export function openArchiveLooks(archive: Archive | null): ArchiveLooks {
  return {
    isOpen: archive !== null,
    async list({ filter, after, limit }) {
      if (archive === null) return none();
      const { found, next, looked } = await archive.list(filter, after, limit);
      const place = next === null ? null : writeArchiveCursor(next);
      const stopped = looked === null ? { complete: true } : { complete: false, scanned: looked, ...until(next) };
      return { ok: true, value: { events: found.map(listed), next: place, ...stopped } };
    },
  };
}

/** The hour at which the walk goes on, as its segment is called. */
function until(next: ArchivePlace | null): { looked_back_to?: string } {
  const hour = /^events\/(\d+)\/(\d+)\/(\d+)\/(\d+)\//.exec(next?.key ?? "");
  return hour === null ? {} : { looked_back_to: `${hour[1]}-${hour[2]}-${hour[3]}T${hour[4]}:00:00.000Z` };
}

function listed({ line }: Archived): ListedEvent {
  return {
    ...factsOf(line),
    deliveries: line.deliveries.map(({ destination, state }) => ({ destination, state })),
    undecided: line.undecided.length > 0,
  };
}

function factsOf({ id, source, type, received_at, verified_by, size }: Line) {
  return { id, source, type, received_at, verified_by, size };
}

/** An archived event in the words of one that is in the history. */
export function storyOf({ key, line }: Archived): { readonly story: EventStory; readonly body: AsyncIterable<string> } {
  const { [EDITED_FROM]: original = null, [PROOF]: _proof, [REDACTED]: redacted, ...headers } = line.headers;
  const story = {
    ...factsOf(line),
    headers,
    trace_id: traceOf(headers),
    deliveries: line.deliveries.map((one) => deliveryOf(line, one)),
    edited_from: original,
    edited_as: line.edited_as,
    undecided: line.undecided,
    ...(line.object === null ? {} : { object: line.object }),
    encoding: line.encoding,
    ...goneOf(line),
    ...(line.sealed === undefined ? {} : { encrypted: true as const }),
    ...(redacted === undefined ? {} : { redacted: true as const }),
    archived: key,
  };
  return { story, body: only(line.body) };
}

/** In the words of history.ts. */
function goneOf({ gone }: Line): Pick<EventStory, "body_gone"> {
  const read = readGone(gone);
  return read === null ? {} : { body_gone: { why: read.why, at: iso(read.at), says: `The body ${goneWords(read)}.` } };
}

async function* only(body: string): AsyncGenerator<string, void> {
  yield await Promise.resolve(body);
}

function deliveryOf(event: Line, one: LineDelivery): EventStory["deliveries"][number] {
  return {
    id: deliveryId(event.id, one.destination),
    event: event.id,
    destination: one.destination,
    route: one.route,
    source: event.source,
    type: event.type,
    state: one.state,
    reason: one.reason,
    waits: null,
    attempt: one.attempt,
    status: one.status,
    fault: one.fault,
    latency_ms: one.latency_ms,
    answer: one.answer,
    ...(one.replied === undefined ? {} : { replied: replied.parse(JSON.parse(one.replied)) }),
    received_at: event.received_at,
    last_attempt_at: one.last_attempt_at,
    next_attempt_at: null,
    ended_at: one.ended_at,
    attempts: one.attempts,
  };
}

export function none(): Refused {
  return conflict(
    "this relay has no archive: bind an R2 bucket as EVENT_ARCHIVE in wrangler.toml and deploy, and what RETENTION_DAYS removes is kept there from then on",
  );
}

/**
 * Has an order find its event in the history: one that is archived is written back first, under its own id. What is
 * ordered then is no different from an order about any other event.
 */
export function openBack(archive: Archive | null, records: Pick<Records, "event">) {
  return function back<Target extends { readonly event: string }, Order extends unknown[], Answer>(
    verb: (target: Target, by: By, ...order: Order) => Promise<Done<Answer>>,
  ): typeof verb {
    if (archive === null) return verb;
    return async (target, by, ...order) => {
      if (isEventId(target.event) && (await records.event(target.event)) === null)
        await archive.restore(target.event, by.caller.actor);
      return await verb(target, by, ...order);
    };
  };
}
