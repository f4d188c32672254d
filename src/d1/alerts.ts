// D1: what is wrong, as far as it can be read there, and the alerts that were made of it.
import { rowsOf, type Run } from "./database.ts";
import { ALL_MUTES } from "./mutes.ts";
import type { Failures, Overdue, Pulse, Wrong } from "./wrong.ts";

/** An alert as it is kept. Times are in ms. */
export interface Alert {
  readonly id: number;
  readonly rule: string;
  readonly subject: string;
  readonly since: number;
  readonly openedAt: number;
  readonly seenAt: number;
  readonly endedAt: number | null;
  readonly count: number;
  /** JSON. */
  readonly context: string;
  /** Names the notice that it began: several that begin at the same time share one. */
  readonly notice: string | null;
  readonly owes: string | null;
  readonly told: number;
  readonly toldAt: number | null;
}

/** What D1 knows of what is wrong, and of the alerts that there are. */
export interface Known extends Wrong {
  /** Those that are open or owed, and the last of each cause that ended lately. */
  readonly alerts: readonly Alert[];
}

/** An alert that begins, or goes on. */
export interface Found {
  readonly rule: string;
  readonly subject: string;
  readonly since: number;
  readonly count: number;
  readonly context: string;
  readonly notice: string | null;
  /** The notice by which it is told, as JSON: sent twice it is the same. `null` where nobody is told yet. */
  readonly owes: string | null;
}

/** An alert that is over; `owes` tells of all that share its notice, and is for the last of them. */
export interface Over {
  readonly id: number;
  readonly owes: string | null;
}

/** What is owed is owed by one of the newest: an index of its own would be a statement more for a new database. */
const OWING = 20;
/** Of the deliveries that the sweep looks at next. */
const NEXT = 200;
const PULSE = `
SELECT (SELECT received_at FROM events WHERE seq = (SELECT max(seq) FROM events)) AS eventAt,
       (SELECT at FROM refusals WHERE seq = (SELECT max(seq) FROM refusals)) AS refusalAt,
       (SELECT min(look_at) FROM deliveries WHERE look_at IS NOT NULL) AS lookAt,
       (EXISTS (SELECT 1 FROM breakers) OR EXISTS (SELECT 1 FROM failures) OR EXISTS (SELECT 1 FROM marks WHERE name = 'archive')
         OR EXISTS (SELECT 1 FROM alerts INDEXED BY alerts_open WHERE ended_at IS NULL)
         OR EXISTS (SELECT 1 FROM (SELECT owes FROM alerts ORDER BY id DESC LIMIT ${OWING}) WHERE owes IS NOT NULL)) AS troubled,
       (SELECT json_group_array(json_object('destination', destination, 'count', n, 'since', since)) FROM (
         SELECT destination, count(*) AS n, min(due_at) AS since FROM (
           SELECT destination, state, waits, due_at FROM deliveries INDEXED BY deliveries_look_at
           WHERE look_at IS NOT NULL ORDER BY look_at LIMIT ${NEXT}
         ) WHERE state = 'pending' AND waits IS NULL AND due_at < ?1 GROUP BY destination
       )) AS overdue`;

/** Of the events that went nowhere, so many of the newest are looked at. */
const ASTRAY = 100;
/** Of the refusals, so many of the newest. */
const REFUSED = 500;

const COLUMNS = `'id', id, 'rule', rule, 'subject', subject, 'since', since, 'openedAt', opened_at, 'seenAt', seen_at,
  'endedAt', ended_at, 'count', count, 'context', context, 'notice', notice, 'owes', owes, 'told', told, 'toldAt', told_at`;

const astray = (column: "unrouted" | "undecided") => `(
  SELECT json_group_array(json_object('source', source, 'count', n, 'since', since, 'event', event)) FROM (
    SELECT source, count(*) AS n, min(received_at) AS since, max(id) AS event FROM (
      SELECT source, received_at, id FROM events INDEXED BY events_${column}
      WHERE ${column} IS NOT NULL ORDER BY seq DESC LIMIT ${ASTRAY}
    ) WHERE received_at > ?2 AND source <> 'hookline' GROUP BY source
  ))`;

// One row, so that looking is one statement. ?1 since when alerts that are over still matter, ?2 since when events do.
const KNOWN = `
SELECT CAST(unixepoch('subsec') * 1000 AS INTEGER) AS clock,
  (SELECT json_group_array(json_object('destination', destination, 'failures', failures, 'since', since, 'lastAt', last_at,
    'status', status, 'fault', fault, 'openedAt', opened_at)) FROM breakers WHERE failures > 0) AS breakers,
  (SELECT json_group_array(json_object('kind', kind, 'destination', destination, 'count', count, 'since', since, 'lastAt', last_at,
    'event', (SELECT id FROM events WHERE seq = failures.event), 'reason', reason, 'status', status, 'fault', fault)) FROM failures) AS failures,
  ${astray("unrouted")} AS unrouted,
  ${astray("undecided")} AS undecided,
  (SELECT json_group_array(json_object('source', source, 'at', at, 'code', code, 'advice', advice)) FROM refusals
    WHERE seq > (SELECT max(seq) FROM refusals) - ${REFUSED} AND at > ?2) AS refusals,
  (SELECT json_object('since', at, 'error', value) FROM marks WHERE name = 'archive') AS archive,
  (SELECT json_group_array(json_object(${COLUMNS})) FROM (
    SELECT * FROM alerts INDEXED BY alerts_open WHERE ended_at IS NULL
    UNION SELECT * FROM (SELECT * FROM alerts ORDER BY id DESC LIMIT ${NEXT}) WHERE ended_at > ?1 OR owes IS NOT NULL
  )) AS alerts,
  ${ALL_MUTES} AS mutes`;

// The first who finds a cause opens its alert and names the notice; whoever comes later finds both as they are.
const FIND = `
INSERT INTO alerts (rule, subject, since, opened_at, seen_at, count, context, notice, owes)
SELECT value->>'rule', value->>'subject', value->>'since', ?2, ?2, value->>'count', value->>'context', value->>'notice', value->>'owes'
FROM json_each(?1) WHERE true
ON CONFLICT (rule, subject) WHERE ended_at IS NULL DO UPDATE SET
  seen_at = max(seen_at, excluded.seen_at), count = excluded.count, context = excluded.context,
  notice = CASE WHEN told = 0 AND owes IS NULL THEN coalesce(excluded.notice, notice) ELSE notice END,
  owes = CASE WHEN told = 0 THEN coalesce(owes, excluded.owes) ELSE owes END
RETURNING json_object(${COLUMNS}) AS alert`;
// A notice of several is owed only if all that it tells of are its own: where another isolate was first with one of
// them, that one would be told twice. The next look then tells of the others.
const OWE = `
UPDATE alerts INDEXED BY alerts_open SET owes = o.text
FROM (SELECT value->>'notice' AS key, value->>'owes' AS text, count(*) AS n FROM json_each(?1) GROUP BY 1) o
WHERE ended_at IS NULL AND notice = o.key AND told = 0 AND owes IS NULL
  AND o.n = (SELECT count(*) FROM alerts a INDEXED BY alerts_open WHERE a.ended_at IS NULL AND a.notice = o.key)
RETURNING json_object(${COLUMNS}) AS alert`;

// One of which is still to be told that it began does not end before that: whoever may have been told would wait. Of
// those that share a notice the last one tells, whoever else ends the others at the same time.
const END = `
UPDATE alerts SET ended_at = ?2, owes = CASE WHEN told = 1 AND NOT EXISTS (
  SELECT 1 FROM alerts a INDEXED BY alerts_open WHERE a.ended_at IS NULL AND a.notice = alerts.notice
    AND a.id NOT IN (SELECT value->>'id' FROM json_each(?1))
) THEN o.owes END
FROM (SELECT value->>'id' AS one, value->>'owes' AS owes FROM json_each(?1)) o
WHERE alerts.id = o.one AND ended_at IS NULL AND alerts.owes IS NULL
RETURNING json_object(${COLUMNS}) AS alert`;
const FORGET = `
DELETE FROM failures WHERE EXISTS (
  SELECT 1 FROM json_each(?1) WHERE value->>'kind' = failures.kind AND value->>'destination' = failures.destination
    AND value->>'lastAt' = failures.last_at
)`;
const EXPIRE = "DELETE FROM alerts WHERE id IN (SELECT id FROM alerts WHERE ended_at < ?1 ORDER BY id LIMIT 100)";
const TOLD = `
UPDATE alerts SET told = iif(ended_at IS NULL, 1, 2), told_at = iif(ended_at IS NULL, ?2, told_at), owes = NULL
WHERE owes IN (SELECT value FROM json_each(?1))`;

/** Newest first; ?1 below this id. Open ones are few among many that are over: their own index is read. */
const list = (where: string) =>
  `SELECT json_object(${COLUMNS}) AS alert FROM alerts ${where} AND id < ?1 ORDER BY id DESC LIMIT ?2`;
const LISTS = {
  all: list("WHERE true"),
  open: list("INDEXED BY alerts_open WHERE ended_at IS NULL"),
  ended: list("WHERE ended_at IS NOT NULL"),
};

export type Alerts = ReturnType<typeof openAlerts>;

/** @param run D1 with the schema in place */
export function openAlerts(run: Run) {
  const all = rowsOf(run);

  return {
    /** @param due what was due before is overdue */
    async pulse(due: number): Promise<Pulse> {
      const [row] = await all<Omit<Pulse, "overdue"> & { overdue: string }>(PULSE, due);
      if (row === undefined) throw new Error("D1 gave no row");
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the statement above made it
      return { ...row, overdue: JSON.parse(row.overdue) as Overdue[] };
    },

    /**
     * @param over since when alerts that are over still matter
     * @param lately since when events and refusals do
     */
    async known(over: number, lately: number): Promise<Known> {
      const [row] = await all<Readonly<Record<keyof Known, string>>>(KNOWN, over, lately);
      if (row === undefined) throw new Error("D1 gave no row");
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the statement above made it
      return Object.fromEntries(
        Object.entries(row).map(([name, value]) => [name, name === "clock" ? Number(value) : JSON.parse(value)]),
      ) as unknown as Known;
    },

    /** Opens alerts, or notes that they go on. Returns them as they stand then. */
    async find(found: readonly Found[], now: number): Promise<Alert[]> {
      const shared = found.filter(
        (one) => one.owes !== null && found.some((other) => other !== one && other.notice === one.notice),
      );
      const apart = found.map((one) => (shared.includes(one) ? Object.assign({}, one, { owes: null }) : one));
      const [begun, owing] = await run((db) =>
        db.batch<Row>([
          db.prepare(FIND).bind(JSON.stringify(apart), now),
          ...(shared.length > 0 ? [db.prepare(OWE).bind(JSON.stringify(shared))] : []),
        ]),
      );
      const owed = new Map(read(owing?.results ?? []).map((alert) => [alert.id, alert]));
      return read(begun?.results ?? []).map((alert) => owed.get(alert.id) ?? alert);
    },

    /**
     * Ends alerts, forgets the failures of which they told, and removes what is too old. Returns those that this call
     * has ended.
     *
     * @param forgotten failures as they were read: what has failed since then is kept
     * @param before alerts that were over by then are removed, in ms
     */
    async end(
      over: readonly Over[],
      forgotten: readonly Pick<Failures, "kind" | "destination" | "lastAt">[],
      now: number,
      before: number,
    ): Promise<Alert[]> {
      const [ended] = await run((db) =>
        db.batch<Row>([
          db.prepare(END).bind(JSON.stringify(over), now),
          ...(forgotten.length === 0 ? [] : [db.prepare(FORGET).bind(JSON.stringify(forgotten))]),
          db.prepare(EXPIRE).bind(before),
        ]),
      );
      return read(ended?.results ?? []);
    },

    /** These notices are events by now. */
    async told(notices: readonly string[], now: number): Promise<void> {
      await all(TOLD, JSON.stringify(notices), now);
    },

    /** Newest first. @param below an id, `null` for the newest */
    async list(which: keyof typeof LISTS, below: number | null, limit: number): Promise<Alert[]> {
      return read(await all<Row>(LISTS[which], below ?? Number.MAX_SAFE_INTEGER, limit));
    },
  };
}

interface Row {
  readonly alert: string;
}

function read(rows: readonly Row[]): Alert[] {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the statements above made it
  return rows.map(({ alert }) => JSON.parse(alert) as Alert);
}
