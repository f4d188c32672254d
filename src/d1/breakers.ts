// D1: the breakers of destinations. Triggers count and close (migration 0006); here they are opened, probed and let go,
// by D1's own clock.
import { type BellRow, RETURNING_BELL, toBell } from "./bell.ts";
import type { Run } from "./database.ts";
import { GRACE_MS } from "../deadlines.ts";
import type { Bell, Fault } from "../types.ts";

/** When the breaker of a destination opens: so many failures in a row, over this many ms at least. */
export interface Armed {
  readonly destination: string;
  readonly failures: number;
  readonly overMs: number;
  /** How long its deliveries may wait at an open breaker, in ms, and which destination gets them then. */
  readonly spanMs: number;
  readonly onFailed?: string;
}

/** A breaker that has just opened. */
export interface OpenedBreaker {
  readonly destination: string;
  readonly failures: number;
  /** The first of them, in ms by D1's clock. */
  readonly since: number;
  readonly status: number | null;
  readonly fault: Fault | null;
}

/** A delivery that has waited at an open breaker for longer than its schedule lasts. */
export interface Expired {
  readonly id: string;
  readonly destination: string;
  readonly attempt: number;
}

/** Whether a delivery has to wait because its destination's breaker is open: all do but the one that probes. */
export const BLOCKED = `EXISTS (
  SELECT 1 FROM breakers b WHERE b.destination = deliveries.destination AND b.opened_at IS NOT NULL AND b.probe IS NOT deliveries.event
)`;

const CLOCK = "CAST(unixepoch('subsec') * 1000 AS INTEGER)";
/** The longest wait between two probes, in ms: the trigger has it too. */
const LONGEST_PROBE_MS = 60_000;
/** A probe that was rung and is not under way after so long has lost its bell, in ms. */
const PROBE_LOST_MS = 30_000;
/** How many deliveries are let go in one step, how far apart they are due, and when the next step may come, in ms. */
const RELEASED = 500;
const APART_MS = 20;
const STEP_MS = RELEASED * APART_MS;
/** Deliveries that are ended in one sweep for having waited too long. */
const EXPIRED = 50;

const NAMED = "destination IN (SELECT value->>'destination' FROM json_each(?1))";

const FAILED = "failures >= a.most AND last_at - since >= a.over";
// Of one that has closed, whoever looks first says so: `release_at` is 0 until then.
const TURN = `
UPDATE breakers
SET opened_at = iif(${FAILED}, ${CLOCK}, NULL), probes = 0, probe_at = iif(${FAILED}, ${CLOCK}, NULL),
    closed_at = iif(${FAILED}, NULL, closed_at), release_at = iif(${FAILED}, NULL, 1)
FROM (SELECT value->>'destination' AS name, value->>'failures' AS most, value->>'overMs' AS over FROM json_each(?1)) a
WHERE breakers.destination = a.name AND opened_at IS NULL AND (${FAILED} OR release_at = 0)
RETURNING destination, failures, since, status, fault, opened_at IS NULL AS closed`;

// Of a probe whose delivery has ended otherwise or is held again, or for which nobody has rung, another takes the
// place, or the same once more; but none that nobody at a tunnel wants, which would come back without having asked.
const ELECT = `
UPDATE breakers
SET probe = (
      SELECT min(event) FROM deliveries INDEXED BY deliveries_held
      WHERE state = 'held' AND destination = breakers.destination AND waits IS NOT 'filter'
    ),
    probe_at = min(max(coalesce(probe_at, 0), ${CLOCK}), ${CLOCK} + ${LONGEST_PROBE_MS})
WHERE ${NAMED} AND opened_at IS NOT NULL AND NOT EXISTS (SELECT 1 FROM pauses WHERE destination = breakers.destination)
  AND NOT EXISTS (
    SELECT 1 FROM deliveries d WHERE d.event = breakers.probe AND d.destination = breakers.destination
      AND (d.state = 'delivering' OR (d.state = 'pending' AND abs(${CLOCK} - breakers.probe_at) < ${PROBE_LOST_MS} + ${LONGEST_PROBE_MS}))
  )`;

// By the caller's clock, but the wait is D1's, and bounded: a clock that has jumped delays a probe by a minute at most.
const RING_PROBE = `
UPDATE deliveries
SET state = 'pending', waits = NULL, due_at = ?2 + b.wait, look_at = ?2 + b.wait + ${GRACE_MS}
FROM (
  SELECT destination, probe, min(max(probe_at - ${CLOCK}, 0), ${LONGEST_PROBE_MS}) AS wait FROM breakers
  WHERE ${NAMED} AND opened_at IS NOT NULL AND probe IS NOT NULL
) b
WHERE deliveries.event = b.probe AND deliveries.destination = b.destination AND deliveries.state = 'held'
${RETURNING_BELL}`;

const DUE = `closed_at IS NOT NULL AND (release_at <= ${CLOCK} OR release_at > ${CLOCK} + ${STEP_MS})`;
// In the order of the events, one after another: a receiver that has just come back is not run over.
const RELEASE = `
UPDATE deliveries
SET state = 'pending', waits = NULL, due_at = ?1 + w.n * ${APART_MS}, look_at = ?1 + w.n * ${APART_MS} + ${GRACE_MS}
FROM (
  SELECT event, destination, row_number() OVER (PARTITION BY destination ORDER BY event) AS n FROM (
    SELECT d.event, d.destination
    FROM breakers b CROSS JOIN deliveries d INDEXED BY deliveries_held ON d.destination = b.destination AND d.state = 'held'
    WHERE b.${DUE} AND NOT EXISTS (SELECT 1 FROM pauses WHERE destination = b.destination)
    LIMIT ${RELEASED}
  )
) w
WHERE deliveries.event = w.event AND deliveries.destination = w.destination
${RETURNING_BELL}`;
const NONE_HELD =
  "NOT EXISTS (SELECT 1 FROM deliveries INDEXED BY deliveries_held WHERE state = 'held' AND destination = breakers.destination)";
// One that has let go of everything and has failed again since counts on as if it had never opened.
const HAS_LET_GO = `failures > 0 AND release_at > 0 AND ${NONE_HELD}`;
const NEXT_STEP = `
UPDATE breakers
SET closed_at = iif(${HAS_LET_GO}, NULL, closed_at), release_at = iif(${HAS_LET_GO}, NULL, ${CLOCK} + ${STEP_MS})
WHERE ${DUE}`;
const FINISH = `DELETE FROM breakers WHERE closed_at IS NOT NULL AND failures = 0 AND ${NONE_HELD}`;

// One that may not open any more lets go of what waits at it. Its failures are counted on: somebody is told of them.
// ?1 who is armed, ?2 all that are configured.
const DISMISS = `
DELETE FROM breakers WHERE destination NOT IN (SELECT value FROM json_each(?2))
  OR (NOT ${NAMED} AND (opened_at IS NOT NULL OR closed_at IS NOT NULL))`;

// The oldest come first; a replayed one counts from its replay. What waits for somebody who listens is not the
// breaker's. ?1 who is armed, ?2 now.
const TOO_OLD = `
  SELECT d.event, d.destination
  FROM json_each(?1) a CROSS JOIN breakers b ON b.destination = a.value->>'destination'
  CROSS JOIN deliveries d INDEXED BY deliveries_held ON d.destination = b.destination AND d.state = 'held'
  WHERE b.opened_at IS NOT NULL AND NOT EXISTS (SELECT 1 FROM pauses WHERE destination = b.destination)
    AND d.event <= (SELECT event FROM deliveries WHERE state = 'held' AND destination = b.destination ORDER BY event LIMIT 1) + ${EXPIRED}
    AND d.waits IS NOT 'tunnel' AND d.waits IS NOT 'filter' AND iif(d.round = 0, (SELECT received_at FROM events WHERE seq = d.event), d.due_at) < ?2 - (a.value->>'spanMs')
  LIMIT ${EXPIRED}`;
const LEAVE = `
INSERT INTO deliveries (event, destination, route, receipt, state, due_at, look_at, story)
SELECT d.event, a.value->>'onFailed', '(failed at ' || d.destination || ')', d.receipt, 'pending', ?2, ?2,
       json_object('destination', d.destination, 'reason', 'expired', 'attempts', d.attempt, 'status', d.status, 'fault', d.fault)
FROM json_each(?1) a JOIN deliveries d ON d.destination = a.value->>'destination'
WHERE a.value->>'onFailed' IS NOT NULL AND (d.event, d.destination) IN (${TOO_OLD})
ON CONFLICT (event, destination) DO NOTHING`;
const EXPIRE = `
UPDATE deliveries SET state = 'failed', reason = 'expired', waits = NULL, look_at = NULL, ended_at = ?2
WHERE (event, destination) IN (${TOO_OLD})
RETURNING (SELECT id FROM events WHERE seq = deliveries.event) AS id, destination, attempt`;

/** What is done to breakers. */
export type Breakers = ReturnType<typeof openBreakers>;

/** @param run D1 with the schema in place */
export function openBreakers(run: Run) {
  return {
    /**
     * Opens those of these that have failed enough, and names the next probe of those that are open and have none.
     *
     * @returns what has opened, the bells of probes, and which have closed and let go what waits
     */
    async tend(
      armed: readonly Armed[],
      now: number,
    ): Promise<{ opened: OpenedBreaker[]; bells: Bell[]; closed: string[] }> {
      const names = JSON.stringify(armed);
      const [turned, , probes] = await run((db) =>
        db.batch([
          db.prepare(TURN).bind(names),
          db.prepare(ELECT).bind(names),
          db.prepare(RING_PROBE).bind(names, now),
        ]),
      );
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the columns of the statements above
      const [all, rung] = [turned?.results, probes?.results] as [(OpenedBreaker & { closed: number })[], BellRow[]];
      return {
        opened: all.filter(({ closed }) => closed === 0),
        bells: rung.map(toBell),
        closed: all.filter(({ closed }) => closed === 1).map(({ destination }) => destination),
      };
    },

    /**
     * The sweep's turn: dismisses breakers of destinations that have none, ends what has waited for too long, and lets
     * go the next of what waits for those that have closed.
     *
     * @param armed every destination with a breaker; `null` where the configuration is not to be believed
     * @param configured every destination
     * @returns bells of what was let go, and whether there is more to let go
     */
    async sweep(
      armed: readonly Armed[] | null,
      configured: readonly string[],
      now: number,
    ): Promise<{ expired: Expired[]; bells: Bell[]; more: boolean }> {
      const names = JSON.stringify(armed ?? []);
      const leaves = (armed ?? []).some(({ onFailed }) => onFailed !== undefined);
      const results = await run((db) =>
        db.batch([
          ...(leaves ? [db.prepare(LEAVE).bind(names, now)] : []),
          db.prepare(EXPIRE).bind(names, now),
          db.prepare(RELEASE).bind(now),
          db.prepare(NEXT_STEP),
          db.prepare(FINISH),
          db.prepare("SELECT 1 FROM breakers WHERE closed_at IS NOT NULL"),
          ...(armed === null ? [] : [db.prepare(DISMISS).bind(names, JSON.stringify(configured))]),
        ]),
      );
      const [expired, released, , , left] = results.slice(leaves ? 1 : 0);
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the columns of the statements above
      const [ended, bells] = [expired?.results, released?.results] as [Expired[], BellRow[]];
      return { expired: ended, bells: bells.map(toBell), more: (left?.results.length ?? 0) > 0 };
    },
  };
}
