// D1: whole events on their way out of the history and back into it, with all that hangs on them.
import { GRACE_MS } from "../deadlines.ts";
import type { AttemptRow, DeliveryRow, EditionRow, WholeEventRow } from "./rows.ts";
import { type Run } from "./database.ts";

/**
 * An event as it was when it was read: whatever opens, moves or ends one of its deliveries makes another print, and so
 * does whatever deletes its body, or another event under the same number.
 */
export const PRINT = `e.receipt || ' ' || coalesce(e.gone, '') || ' ' || coalesce((
  SELECT group_concat(d.destination || ' ' || d.receipt || ' ' || d.attempt || ' ' || d.state || ' ' || coalesce(d.ended_at, 0), ',')
  FROM deliveries d WHERE d.event = e.seq
), '')`;

const CHOSEN = "(SELECT value FROM json_each(?1))";
const EVENTS = `
SELECT e.seq AS event, e.id, e.receipt, e.source, e.type, e.received_at AS receivedAt, e.verified_by AS verifiedBy, e.headers,
  e.encoding, e.size, e.body, e.parts, e.undecided, e.object, e.gone, ${PRINT} AS print
FROM events e WHERE e.seq IN ${CHOSEN} ORDER BY e.seq`;
const DELIVERIES = `
SELECT event, destination, route, receipt, state, reason, attempt, round, repeats, due_at AS dueAt, started_at AS startedAt,
  latency_ms AS latencyMs, status, fault, excerpt, ended_at AS endedAt, replied, story, transform, order_key AS orderKey
FROM deliveries WHERE event IN ${CHOSEN} ORDER BY event, destination`;
const ATTEMPTS = `
SELECT event, destination, n, started_at AS startedAt, latency_ms AS latencyMs, status, fault, outcome, excerpt, next_due AS nextDue
FROM attempts WHERE event IN ${CHOSEN} ORDER BY event, destination, n`;
const EDITIONS = `
SELECT e.seq AS seq, m.value->>'event' AS event, m.value->>'destination' AS destination, m.at
FROM events e CROSS JOIN marks m ON m.name > 'edited:' || e.id || ':' AND m.name < 'edited:' || e.id || ';'
WHERE e.seq IN ${CHOSEN} ORDER BY m.name`;

export type LineDeliveryRow = Pick<
  DeliveryRow,
  | "destination"
  | "route"
  | "state"
  | "reason"
  | "attempt"
  | "dueAt"
  | "startedAt"
  | "latencyMs"
  | "status"
  | "fault"
  | "excerpt"
  | "endedAt"
  | "replied"
> & {
  readonly event: number;
  readonly receipt: string;
  readonly round: number;
  readonly repeats: number;
  readonly story: string | null;
  readonly transform: 1 | null;
  readonly orderKey: string | null;
};

/** An event with its deliveries, their attempts and what was made from it, of one moment. */
export interface LineRows {
  readonly event: WholeEventRow & { readonly print: string };
  readonly deliveries: readonly LineDeliveryRow[];
  readonly attempts: readonly (AttemptRow & { readonly event: number })[];
  readonly editions: readonly EditionRow[];
}

/**
 * An event to be written. `body` is `null` where its parts are there already, under its receipt. One that has a
 * `segment` comes out of that, if it is still to be found there: it may have been deleted since it was read.
 */
export interface Arriving {
  readonly id: string;
  readonly receipt: string;
  readonly [column: string]: unknown;
}

// What arrives is history: it must not count as a failure or a success of today. The triggers that count look at what
// is inserted, and at changes of `state`. So each row comes under a name that is no destination's and with nothing to
// count, and gets the rest by an update that leaves `state` alone.
const ARRIVING = "json_each(?1) j CROSS JOIN events e ON e.id = j.value->>'id' AND e.receipt = j.value->>'receipt'";
const THEIRS = `${ARRIVING} CROSS JOIN json_each(j.value, '$.deliveries') d`;
const INSERT = [
  `INSERT INTO events (id, receipt, source, type, received_at, verified_by, headers, encoding, size, body, parts, unrouted, undecided, object, gone)
   SELECT value->>'id', value->>'receipt', value->>'source', value->>'type', value->>'receivedAt', value->>'verifiedBy',
     value->>'headers', value->>'encoding', value->>'size', value->>'body', value->>'parts',
     iif(value->'$.deliveries[0]' IS NULL, 1, NULL), value->>'undecided', value->>'object', value->>'gone'
   FROM json_each(?1) WHERE value->>'segment' IS NULL OR EXISTS (
     SELECT 1 FROM segments WHERE key = value->>'segment' AND state IN ('kept', 'stale') AND instr(ids, substr(value->>'id', -16)) > 0
   ) ON CONFLICT (id) DO NOTHING`,
  `INSERT INTO deliveries (event, destination, route, receipt, state, reason, due_at, look_at)
   SELECT e.seq, ' ' || (d.value->>'destination'), d.value->>'route', d.value->>'receipt', d.value->>'state',
     iif(d.value->>'state' = 'failed', 'cancelled', NULL), d.value->>'dueAt',
     iif(d.value->>'state' = 'pending', (d.value->>'dueAt') + ${GRACE_MS}, NULL)
   FROM ${THEIRS} WHERE NOT EXISTS (
     SELECT 1 FROM deliveries o WHERE o.event = e.seq AND o.destination = d.value->>'destination'
   )`,
  `UPDATE deliveries SET destination = d.destination, reason = d.one->>'reason', attempt = d.one->>'attempt', round = d.one->>'round',
     repeats = d.one->>'repeats', started_at = d.one->>'startedAt', latency_ms = d.one->>'latencyMs', status = d.one->>'status',
     fault = d.one->>'fault', excerpt = d.one->>'excerpt', ended_at = d.one->>'endedAt', story = d.one->>'story', replied = d.one->>'replied',
     transform = d.one->>'transform', order_key = d.one->>'orderKey'
   FROM (SELECT e.seq, d.value->>'destination' AS destination, d.value AS one FROM ${THEIRS}) d
   WHERE deliveries.event = d.seq AND deliveries.destination = ' ' || d.destination`,
  `INSERT INTO attempts (event, destination, n, started_at, latency_ms, status, fault, outcome, excerpt, next_due)
   SELECT e.seq, a.value->>'destination', a.value->>'n', a.value->>'startedAt', a.value->>'latencyMs', a.value->>'status',
     a.value->>'fault', a.value->>'outcome', a.value->>'excerpt', a.value->>'nextDue'
   FROM ${ARRIVING} CROSS JOIN json_each(j.value, '$.attempts') a WHERE true ON CONFLICT (event, destination, n) DO NOTHING`,
];

/** Statements that write these events as history, in one transaction: what D1 has stays as it is, whoever repeats. */
export function arrive(db: D1Database, events: readonly Arriving[]): D1PreparedStatement[] {
  const rows = JSON.stringify(events);
  return INSERT.map((sql) => db.prepare(sql).bind(rows));
}

export type Lines = ReturnType<typeof openLines>;

/** @param run D1 with the schema in place */
export function openLines(run: Run) {
  return {
    /** These events as they are at one moment, in the order of their rows. */
    async read(seqs: readonly number[]): Promise<LineRows[]> {
      const chosen = JSON.stringify(seqs);
      const [events, deliveries, attempts, editions] = await run((db) =>
        db.batch([EVENTS, DELIVERIES, ATTEMPTS, EDITIONS].map((sql) => db.prepare(sql).bind(chosen))),
      );
      const theirs = [
        byEvent<LineDeliveryRow>(deliveries?.results, "event"),
        byEvent<AttemptRow & { event: number }>(attempts?.results, "event"),
        byEvent<EditionRow>(editions?.results, "seq"),
      ] as const;
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- see above
      return ((events?.results ?? []) as LineRows["event"][]).map((event) => ({
        event,
        deliveries: theirs[0].get(event.event) ?? [],
        attempts: theirs[1].get(event.event) ?? [],
        editions: theirs[2].get(event.event) ?? [],
      }));
    },
  };
}

function byEvent<Row>(rows: readonly unknown[] | undefined, key: "event" | "seq"): Map<unknown, Row[]> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the columns of the statements above
  return Map.groupBy((rows ?? []) as (Row & Record<string, unknown>)[], (row) => row[key]);
}
