// D1: every statement that writes an event or moves a delivery. Reading for people is in records.ts.
import { type BellRow, toBell } from "./bell.ts";
import type { Opened } from "./settlement.ts";
import type { Bell, Event } from "../types.ts";
import { BELL_REACH_MS, GRACE_MS, LEASE_MS } from "../deadlines.ts";
import type { Guarded, WholeHead } from "../scheme/redaction.ts";
import { rowsOf, type Run } from "./database.ts";
import { BLOCKED } from "./breakers.ts";
import { behind, BEHIND_MS } from "./order.ts";
import { beforeAll, OPEN_DELIVERIES, TAKE_OVER } from "./openings.ts";
import { AUDIT_REPEATS, REOPEN_EXHAUSTED } from "./repeats.ts";
import { HEARD_NOW, unheard } from "./tunnels.ts";
import { wholesKept } from "./wholes.ts";
import { firstsSettled, openSettling } from "./settle.ts";

/** What a bell asks for: this attempt of this delivery. */
export interface Wanted {
  readonly event: string;
  readonly destination: string;
  readonly attempt: number;
}

/** A delivery that is ours until the lease ends. */
export interface Claim {
  readonly event: number;
  readonly id: string;
  readonly destination: string;
  /** Number of this attempt, from 1, over all rounds. */
  readonly attempt: number;
  /** Attempts made before this round: a replay begins the schedule anew. */
  readonly round: number;
  readonly leaseUntil: number;
  /** Of one that was made because another had failed: of which, and how, as JSON. */
  readonly story?: string | null;
  /** The route that it goes by; a word in parentheses where somebody or something else has opened it. */
  readonly route?: string;
  /** 1 where that route transformed what goes there when the event was routed. */
  readonly transform?: number | null;
}

/** An event as it is sent: without what only the relay needs. */
export type StoredEvent = Pick<
  Event,
  "id" | "receipt" | "source" | "type" | "receivedAt" | "headers" | "encoding" | "size" | "body" | "parts"
> & {
  readonly seq: number;
  /** What it names, once that was fetched: JSON. */
  readonly object?: string | null;
} & Guarded & { readonly whole?: WholeHead & { readonly first: readonly string[] } };

/** An event as it is kept: its headers are JSON, or one sealed value, and then everything else of it is sealed. */
export type KeptEvent = Omit<StoredEvent, "headers" | "whole" | keyof Guarded> & { readonly headers: string };

// Each event is parsed once (`jsonb`), not once for each of its columns.
// A repeat without its body is no event (`repeatOf` in src/intake).
const INSERT_EVENTS = `
WITH j AS MATERIALIZED (SELECT jsonb(value) AS event FROM json_each(?1))
INSERT INTO events (id, receipt, source, type, received_at, verified_by, headers, encoding, size, body, parts, unrouted, undecided)
SELECT event->>'id', event->>'receipt', event->>'source', event->>'type', event->>'receivedAt', event->>'verifiedBy',
       event->>'headers', event->>'encoding', event->>'size', event->>'body', event->>'parts',
       iif(event->'$.matched[0]' IS NULL, 1, NULL), event->'undecided'
FROM j WHERE event->>'repeat' IS NULL
ON CONFLICT (id) ${TAKE_OVER}`;

// Those that wait for just the attempts that these bells ask for, and are due.
const RUNG = `
FROM (
  SELECT e.seq, b.value->>'destination' AS destination, b.value->>'attempt' AS n
  FROM json_each(?1) b JOIN events e ON e.id = b.value->>'event'
) b
WHERE deliveries.event = b.seq AND deliveries.destination = b.destination
  AND deliveries.state = 'pending' AND deliveries.attempt = b.n - 1 AND deliveries.due_at <= ?2`;

const BEHIND = behind("?3");
// Whether the destination is paused, its breaker open, nobody listens to it, or another has to come first, is asked by
// the very statement that claims: nothing is claimed after that was committed.
const claiming = (more = "") => `
UPDATE deliveries
SET state = 'delivering', attempt = attempt + 1, lease_until = ?2 + ${LEASE_MS}, waits = NULL
${RUNG} AND NOT EXISTS (SELECT 1 FROM pauses WHERE destination = deliveries.destination) AND NOT ${BLOCKED} AND NOT ${BEHIND}
  ${more}
RETURNING event, (SELECT id FROM events WHERE seq = deliveries.event) AS id, destination, attempt, round, lease_until AS leaseUntil, story, route, transform`;

const CLAIM = claiming();
/** A relay without tunnels reads nothing of them. */
const CLAIM_HEARD = claiming(`AND NOT ${unheard("?4")}`);

const PAUSED = "EXISTS (SELECT 1 FROM pauses WHERE destination = deliveries.destination)";
/** Whether it was a tunnel's that was not claimed: somebody may listen by now, and the tunnel's object is told. */
const UNHEARD = "deliveries.destination IN (SELECT value FROM json_each(?4))";
// What comes behind another waits for that one, whatever else is there to wait for: nobody looks at it meanwhile.
const HOLD = `
UPDATE deliveries
SET state = iif(${BEHIND}, state, 'held'), look_at = iif(${BEHIND}, ?2 + ${BEHIND_MS}, NULL),
    waits = CASE WHEN ${BEHIND} THEN 'order' WHEN ${PAUSED} THEN 'pause' WHEN ${BLOCKED} THEN 'breaker' ELSE 'tunnel' END
${RUNG} AND (${PAUSED} OR ${BLOCKED} OR ${BEHIND} OR ${UNHEARD})
RETURNING destination, waits, ${HEARD_NOW} AS heard, (SELECT probe IS NULL FROM breakers WHERE destination = deliveries.destination) AS headless`;

type Named = Pick<Wanted, "event" | "destination">;

/** A delivery that got no place, when it may come back, and the word for what it waits for. */
interface Waiter extends Wanted {
  readonly due: number;
  readonly why: string;
}

// It stays pending, with the word for what it waits for, until it may come back.
const WAIT = `
UPDATE deliveries
SET due_at = w.due, waits = w.why, look_at = iif(w.due - ?2 > ${BELL_REACH_MS}, w.due, w.due + ${GRACE_MS})
FROM (
  SELECT e.seq, value->>'destination' AS destination, value->>'attempt' AS n, value->>'due' AS due, value->>'why' AS why
  FROM json_each(?1) JOIN events e ON e.id = value->>'event'
) w
WHERE deliveries.event = w.seq AND deliveries.destination = w.destination
  AND deliveries.state = 'pending' AND deliveries.attempt = w.n - 1 AND deliveries.due_at <= ?2
RETURNING (SELECT id FROM events WHERE seq = deliveries.event) AS event, destination`;

// An attempt that was never started does not count.
const GIVE_BACK = `
UPDATE deliveries
SET state = 'pending', attempt = deliveries.attempt - 1, lease_until = NULL, due_at = ?2, look_at = ?2 + ${GRACE_MS}
FROM (SELECT value->>'event' AS event, value->>'destination' AS destination, value->>'attempt' AS attempt FROM json_each(?1)) c
WHERE deliveries.event = c.event AND deliveries.destination = c.destination
  AND deliveries.state = 'delivering' AND deliveries.attempt = c.attempt`;

const LOAD = `
SELECT seq, id, receipt, source, type, received_at AS receivedAt, headers, encoding, size, body, parts, object
FROM events WHERE seq IN (SELECT value FROM json_each(?1))`;

const KEEP_OBJECT = "UPDATE events SET object = coalesce(object, ?2) WHERE seq = ?1 AND gone IS NULL RETURNING object";

/**
 * The relay's writes. Every method is safe to repeat: what an ambiguous failure may have done, a second call finds
 * done.
 */
export type Store = ReturnType<typeof openStore>;

export function openStore(run: Run) {
  const all = rowsOf(run);
  return {
    /**
     * Commits a group of events and opens their deliveries, in one transaction. What repeats open again is a second
     * one: nearly no group has a repeat, and whoever calls repeats both if either fails.
     *
     * @param rows a JSON array of `Event`
     * @param due when the first attempts are due
     * @param opened what is known of first attempts that were made already, or are under way
     * @param again whether an earlier try may have committed these events with less of that
     * @returns bells of deliveries that a repeat has opened again; those of new events the caller knows
     */
    async commit(rows: string, due: number, opened: readonly Opened[] = [], again = false): Promise<Bell[]> {
      const events = eventsIn(rows);
      const openings = openingsOf(events, opened);
      const [inserted] = await run((db) =>
        db.batch([
          db.prepare(INSERT_EVENTS).bind(rows, beforeAll(events)),
          db.prepare(OPEN_DELIVERIES).bind(openings, due),
          ...firstsSettled(db, opened, again, due),
          ...wholesKept(db, rows, events, due),
        ]),
      );
      if (inserted?.meta.changes === events.length) return [];
      const reopened = await run((db) =>
        db.batch<BellRow>([
          db.prepare(AUDIT_REPEATS).bind(openings, due),
          db.prepare(REOPEN_EXHAUSTED).bind(openings, due),
        ]),
      );
      return (reopened.at(-1)?.results ?? []).map(toBell);
    },

    /**
     * Has those of them wait that got no place at their destination, each until it is due again.
     * @returns those that wait from now on: for all others another bell has come before, or they have ended
     */
    async wait(waiters: readonly Waiter[], now: number): Promise<Named[]> {
      return await all<Named>(WAIT, JSON.stringify(waiters), now);
    },

    /** Gives back claims whose attempt was not started, due again at `dueAt`. */
    async giveBack(claims: readonly Claim[], dueAt: number): Promise<void> {
      await all(GIVE_BACK, JSON.stringify(claims), dueAt);
    },

    /** Events by `seq`, with their bodies unless those are kept in parts. */
    async load(seqs: readonly number[]): Promise<KeptEvent[]> {
      return await all<KeptEvent>(LOAD, JSON.stringify(seqs));
    },

    ...openClaims(run),
    ...openObjects(run),
    ...openSettling(run),
  };
}

type Opening = Pick<Event, "id" | "receipt" | "matched"> & { readonly whole?: unknown };

function eventsIn(rows: string): readonly Opening[] {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the edge made these rows with JSON.stringify
  return JSON.parse(rows) as Opening[];
}

/** What opens deliveries, without headers and bodies: those are carried to D1 once. */
function openingsOf(events: readonly Opening[], opened: readonly Opened[]): string {
  const firsts = new Map(opened.map((one) => [`${one.receipt}:${one.destination}`, one]));
  return JSON.stringify(
    events.map(({ id, receipt, matched }) => ({
      id,
      receipt,
      matched: matched.map((one) => ({ ...one, first: firsts.get(`${receipt}:${one.destination}`) })),
    })),
  );
}

function openClaims(run: Run) {
  const all = rowsOf(run);
  return {
    /**
     * Takes the deliveries that these bells are for,
     * as far as they are still waiting for just this attempt, not paused, listened to, and behind no other.
     *
     * @param stopping destinations where what has failed stops what comes behind it
     * @param tunnels destinations where somebody has to listen
     */
    async claim(
      wanted: readonly Wanted[],
      now: number,
      stopping: readonly string[] = [],
      tunnels: readonly string[] = [],
    ): Promise<Claim[]> {
      const kinds = [JSON.stringify(stopping), JSON.stringify(tunnels)];
      if (tunnels.length > 0) return await all<Claim>(CLAIM_HEARD, JSON.stringify(wanted), now, ...kinds);
      return await all<Claim>(CLAIM, JSON.stringify(wanted), now, JSON.stringify(stopping));
    },

    /**
     * Holds those of them whose destination is paused, has an open breaker, or is a tunnel, and has those wait that
     * come behind another. Until then they are pending, and the sweep rings for them in vain.
     *
     * @param stopping as above, and so are `tunnels`
     * @returns `headless`: destinations whose open breaker has nothing yet to probe with;
     *   `heard`: tunnels that somebody listens to by now
     */
    async hold(
      wanted: readonly Wanted[],
      now: number,
      stopping: readonly string[] = [],
      tunnels: readonly string[] = [],
    ): Promise<{ headless: string[]; heard: string[] }> {
      const held = await all<{ destination: string; waits: string; headless: number | null; heard: number }>(
        HOLD,
        JSON.stringify(wanted),
        now,
        JSON.stringify(stopping),
        JSON.stringify(tunnels),
      );
      const named = (rows: typeof held) => [...new Set(rows.map(({ destination }) => destination))];
      return {
        headless: named(held.filter((one) => one.waits === "breaker" && one.headless === 1)),
        heard: named(held.filter((one) => one.heard === 1)),
      };
    },
  };
}

function openObjects(run: Run) {
  const all = rowsOf(run);
  return {
    /** Keeps the object that an event names, and gives the one that is kept: the first of them stays. */
    async keepObject(seq: number, object: string): Promise<string> {
      const [row] = await all<{ object: string }>(KEEP_OBJECT, seq, object);
      return row?.object ?? object;
    },
  };
}
