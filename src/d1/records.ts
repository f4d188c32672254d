// D1: every statement that reads for people. Newest first by primary key, with a bounded number of rows at a time.
import type { DeliveryFilter, EventFilter, OfEvents, Place } from "../contract/filter.ts";
import type { AttemptRow, DeliveryRow, EditionRow, EventRow, StateRow, Walk, WholeEventRow } from "./rows.ts";
import type { State } from "../types.ts";
import { rowsOf, type Run } from "./database.ts";
import { BEHIND_WHOM } from "./order.ts";
import { BEGAN_AT, endOf, SCAN_ROWS, tooOld } from "./moment.ts";
import { NO_KEYS, PLACES, type Vault } from "../bytes/vault.ts";
import { openAnswers, openEvent, openPiece } from "./opened.ts";
import { openParts, type Parts } from "./parts.ts";
import { openSearch, SEARCHED } from "./search.ts";

/** A place before every row. */
const NEWEST: Place = { event: Number.MAX_SAFE_INTEGER, destination: "" };

const EVENT = `e.seq AS event, e.id, e.source, e.type, e.received_at AS receivedAt, e.verified_by AS verifiedBy, e.size`;
const DELIVERY = `d.event, e.id, d.destination, d.route, e.source, e.type, e.received_at AS receivedAt, d.state, d.reason, d.waits,
  ${BEHIND_WHOM} AS behind,
  d.attempt, d.due_at AS dueAt, iif(d.state = 'delivering', ${BEGAN_AT}, d.started_at) AS startedAt,
  d.latency_ms AS latencyMs, d.status, d.fault, d.excerpt, d.ended_at AS endedAt, d.replied`;

/** ?4 to ?7: source, type, since, until. */
export const OF_EVENT = `(?4 IS NULL OR e.source = ?4) AND (?5 IS NULL OR e.type = ?5)
  AND (?6 IS NULL OR e.received_at >= ?6) AND (?7 IS NULL OR e.received_at < ?7)`;

/** What a walk over events goes along. The columns of the last two stand behind the body, and are never read here. */
const EVENT_PATHS = {
  all: "events WHERE true",
  unrouted: "events INDEXED BY events_unrouted WHERE unrouted IS NOT NULL",
  undecided: "events INDEXED BY events_undecided WHERE undecided IS NOT NULL",
};
type EventPath = keyof typeof EVENT_PATHS;

// The inner LIMIT bounds what is looked at, the outer one what is found: SQLite runs the inner query as a coroutine, so
// that a page that is full early has read no more than it shows. Bodies are not touched: they come last in their rows.
const eventsOn = (path: EventPath) => `
SELECT ${EVENT}
FROM (
  SELECT seq, id, source, type, received_at, verified_by, size FROM ${EVENT_PATHS[path]} AND seq < ?1 ORDER BY seq DESC LIMIT ?2
) e
WHERE ${OF_EVENT} LIMIT ?3`;
/**
 * Whether nothing older can match, because the edge of a stretch and then all of it was received before `bound`: a
 * single event may have been written late by any time.
 * The stretch is read again only where its edge is too old, and as far as it is.
 */
const passed = (stretch: string, bound: string) =>
  `iif(e.received_at < ${bound}, NOT EXISTS (SELECT 1 FROM (${stretch}) WHERE received_at >= ${bound}), 0) AS passed`;
// ?3, and ?4 below: the time before which an event is too old.
const eventsEdge = (path: EventPath) => `
SELECT e.seq AS event, '' AS destination, e.received_at AS receivedAt,
       ${passed(`SELECT received_at FROM ${EVENT_PATHS[path]} AND seq < ?1 ORDER BY seq DESC LIMIT ?2`, "?3")}
FROM (SELECT seq, received_at FROM ${EVENT_PATHS[path]} AND seq < ?1 ORDER BY seq DESC LIMIT 1 OFFSET ?2 - 1) e`;

/**
 * What a walk over deliveries goes along. Each is in the order of the primary key, or small enough to be put into it.
 */
const PATHS = {
  all: "deliveries WHERE true",
  failed: "deliveries INDEXED BY deliveries_failed WHERE state = 'failed'",
  open: "deliveries INDEXED BY deliveries_look_at WHERE look_at IS NOT NULL",
  held: "deliveries INDEXED BY deliveries_held WHERE state = 'held'",
};
type Path = keyof typeof PATHS;

/** ?1, ?8: the place behind which the walk goes on. */
export const behind = (path: Path) =>
  `${PATHS[path]} AND (event, destination) < (?1, ?8) ORDER BY event DESC, destination DESC`;
const deliveriesOn = (path: Path) => `
SELECT ${DELIVERY}
FROM (SELECT * FROM ${behind(path)} LIMIT ?2) d
CROSS JOIN events e ON e.seq = d.event
WHERE ${OF_EVENT} AND (?9 IS NULL OR d.destination = ?9) AND (?10 IS NULL OR d.state = ?10) LIMIT ?3`;
/** The place at which a scan of ?2 rows behind (?1, ?3) ends. */
export const deliveriesEdge = (path: Path) => {
  const stretch = `SELECT event, destination FROM ${behind(path).replace("?8", "?3")} LIMIT`;
  return `
SELECT d.event, d.destination, e.received_at AS receivedAt,
       ${passed(`SELECT received_at FROM (${stretch} ?2) s CROSS JOIN events ON seq = s.event`, "?4")}
FROM (${stretch} 1 OFFSET ?2 - 1) d CROSS JOIN events e ON e.seq = d.event`;
};

const countOn = (path: Path) => `SELECT count(*) AS n FROM (SELECT 1 FROM ${PATHS[path]} LIMIT ${SCAN_ROWS + 1})`;

const ONE_EVENT = `SELECT ${EVENT}, e.receipt, e.headers, e.encoding, e.body, e.parts, e.undecided, e.object, e.gone FROM events e WHERE e.id = ?1`;
const OF_ONE_EVENT = `SELECT ${DELIVERY} FROM deliveries d JOIN events e ON e.seq = d.event WHERE d.event = ?1 ORDER BY d.destination`;
const ATTEMPTS = `
SELECT destination, n, started_at AS startedAt, latency_ms AS latencyMs, status, fault, outcome, excerpt, next_due AS nextDue
FROM attempts WHERE event = ?1 ORDER BY destination, n`;
// A mark for each, whose name begins with that of the event: an index of its own would cost a row for every event.
const EDITIONS = `
SELECT value->>'event' AS event, value->>'destination' AS destination, at FROM marks
WHERE name > 'edited:' || ?1 || ':' AND name < 'edited:' || ?1 || ';' ORDER BY name LIMIT 100`;
const STATES = `SELECT d.event, d.destination, d.state FROM json_each(?1) one CROSS JOIN deliveries d ON d.event = one.value`;
const UNDECIDED = `
SELECT seq AS event FROM events INDEXED BY events_undecided
WHERE undecided IS NOT NULL AND seq IN (SELECT value FROM json_each(?1))`;

/**
 * Parts of at most 1 MB that one query fetches, after the first one, which comes alone for readers that want only the
 * beginning: six queries for the largest body, and no more than a few MB at a time.
 */
const PARTS_AT_ONCE = 8;

/** What the relay can tell about the past. */
export type Records = ReturnType<typeof openRecords>;

/**
 * @param run D1 with the schema in place
 * @param vault opens what is kept sealed
 * @param large pieces of large bodies
 */
export function openRecords(run: Run, vault: Vault = NO_KEYS, large: Pick<Parts, "read"> = openParts(run)) {
  const all = rowsOf(run);
  const start = async (until: number | null) => await walkFrom(until, run);

  const search = openSearch(run);
  const walkEvents = async (
    filter: OfEvents,
    path: EventPath,
    after: Place | null,
    limit: number,
  ): Promise<Walk<EventRow>> => {
    const { event: at } = after ?? (await start(filter.until));
    const scan = scanFor(filter, limit);
    const rows = await all<EventRow>(eventsOn(path), at, scan, limit + 1, ...ofEvent(filter));
    const edge = async () => await all<Edge>(eventsEdge(path), at, scan, await tooOld(filter.since, run));
    return await page(rows, limit, scan, edge);
  };

  return {
    /** Events from the newest to the oldest, at most `limit` of them, behind `after`. */
    async events(
      { text, routing, ...filter }: EventFilter,
      after: Place | null,
      limit: number,
    ): Promise<Walk<EventRow>> {
      const path = routing ?? "all";
      if (text === null) return await walkEvents(filter, path, after, limit);
      return await search(text, await walkEvents(filter, path, after, SEARCHED), limit);
    },

    /** Deliveries from the newest event's to the oldest's, at most `limit` of them, behind `after`. */
    async deliveries(filter: DeliveryFilter, after: Place | null, limit: number): Promise<Walk<DeliveryRow>> {
      const path = await pathFor(filter.state, async (on) => (await all<{ n: number }>(countOn(on)))[0]?.n ?? 0);
      const { event, destination } = after ?? (await start(filter.until));
      // What the path alone decides needs no look at more rows than it shows.
      const scan = scanFor(path === "failed" ? { ...filter, state: null } : filter, limit);
      const values = [event, scan, limit + 1, ...ofEvent(filter), destination, filter.destination, filter.state];
      const rows = await all<DeliveryRow>(deliveriesOn(path), ...values);
      const edge = async () =>
        await all<Edge>(deliveriesEdge(path), event, scan, destination, await tooOld(filter.since, run));
      return await page(await openAnswers(rows, eventOf, vault), limit, scan, edge);
    },

    /** How far these events have come, by event and destination. */
    async states(events: readonly number[]): Promise<StateRow[]> {
      return events.length === 0 ? [] : await all<StateRow>(STATES, JSON.stringify(events));
    },

    /** Those of these events of which a route could not decide. */
    async undecided(events: readonly number[]): Promise<number[]> {
      const rows = events.length === 0 ? [] : await all<{ event: number }>(UNDECIDED, JSON.stringify(events));
      return rows.map(({ event }) => event);
    },

    /**
     * One event by its public id.
     *
     * @throws Locked where it is sealed and its key is not here
     */
    async event(id: string): Promise<WholeEventRow | null> {
      const [row] = await all<WholeEventRow>(ONE_EVENT, id);
      return row === undefined ? null : await openEvent(row, vault);
    },

    /** The events that were made from this one by hand, by its public id; oldest first. */
    async editions(id: string): Promise<EditionRow[]> {
      return await all<EditionRow>(EDITIONS, id);
    },

    ...openWhole(run, vault, large),
  };
}

/** What is opened of a single event. */
function openWhole(run: Run, vault: Vault, large: Pick<Parts, "read">) {
  const all = rowsOf(run);
  return {
    /** The deliveries of one event, and the attempts that have rows of their own, by destination and number. */
    async story(event: number): Promise<{ deliveries: DeliveryRow[]; attempts: AttemptRow[] }> {
      const deliveries = await openAnswers(await all<DeliveryRow>(OF_ONE_EVENT, event), eventOf, vault);
      const attempts = await all<AttemptRow>(ATTEMPTS, event);
      const id = deliveries[0]?.id ?? "";
      return {
        deliveries,
        attempts: await openAnswers(attempts, ({ destination }) => ({ event: id, destination }), vault),
      };
    },

    /** The body of an event piece by piece: text, or base64 whose pieces may be joined. */
    async *body({ id, receipt, encoding, body, parts, sealed }: WholeEventRow): AsyncGenerator<string, void> {
      const plain = async (data: string, place: string) =>
        sealed === true ? await openPiece(data, place, encoding, vault) : data;
      if (body !== null) yield await plain(body, PLACES.body(id));
      for (let from = 0, count = 1, n = 0; from < parts; from += count, count = PARTS_AT_ONCE) {
        for (const data of await large.read(receipt, from, count)) yield await plain(data, PLACES.part(id, n++));
      }
    },
  };
}

/** Where a walk over what arrived before `until` begins, if nobody continues it. */
export async function walkFrom(until: number | null, run: Run): Promise<Place> {
  if (until === null) return NEWEST;
  return { event: await endOf(until, run), destination: "" };
}

function eventOf({ id, destination }: DeliveryRow) {
  return { event: id, destination };
}

type Found = { readonly event: number; readonly destination?: string };
/** Where a look at so many rows has ended. */
export type Edge = Place & { readonly receivedAt: number; readonly passed: number };

/** Rows found, cut to `limit`, with what the next page needs to know. */
async function page<Row extends Found>(
  rows: readonly Row[],
  limit: number,
  scan: number,
  findEdge: () => Promise<Edge[]>,
): Promise<Walk<Row>> {
  const last = rows[limit - 1];
  if (rows.length > limit && last !== undefined)
    return { rows: rows.slice(0, limit), next: placeOf(last), stopped: null };
  // Fewer than asked for: there are no more, or the scan ended. Without a filter it cannot have.
  const [edge] = scan > limit + 1 ? await findEdge() : [];
  if (edge === undefined || edge.passed === 1) return { rows, next: null, stopped: null };
  return { rows, next: placeOf(edge), stopped: { scanned: scan, receivedAt: edge.receivedAt } };
}

/**
 * Failed deliveries have an index in the right order. Open and held ones have one each in another order, which serves
 * as long as they are few; when they are many, the history that is walked is full of them.
 */
async function pathFor(state: State | null, count: (path: Path) => Promise<number>): Promise<Path> {
  if (state === "failed") return "failed";
  if (state === null || state === "delivered") return "all";
  const path = state === "held" ? "held" : "open";
  return (await count(path)) <= SCAN_ROWS ? path : "all";
}

function scanFor(filter: OfEvents | DeliveryFilter, limit: number): number {
  return Object.values(filter).every((value) => value === null) ? limit + 1 : SCAN_ROWS;
}

function ofEvent({ source, type, since, until }: OfEvents): (string | number | null)[] {
  return [source, type, since, until];
}

function placeOf({ event, destination = "" }: Found): Place {
  return { event, destination };
}
