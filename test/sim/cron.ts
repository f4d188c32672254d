// Cron: every minute, late, twice, or not at all.
import type { D1 } from "./d1.ts";
import { EPOCH, type Scheduler } from "./scheduler.ts";
import { DESK } from "./listening.ts";

const MINUTE = 60_000;
/** The longest that ticks are left out in which the sweep would find nothing, in ms. */
export const LONGEST_MS = 240 * MINUTE;
/** So long, in ms, no tick is left out where somebody is told by it. */
const WATCHED_MS = 20 * MINUTE;

export class Cron {
  readonly #scheduler: Scheduler;
  readonly #d1: D1;
  readonly #run: (chance: number) => void;
  #at = Infinity;
  #cancel: () => void = () => {};
  #last = 0;
  /** Whether something is told by each tick: at first none is left out, and later there is one every ten minutes. */
  watched = false;
  /** How long after an event of acme came its body goes, in ms, where that has a time of its own. */
  bodiesMs: number | null = null;

  constructor(scheduler: Scheduler, d1: D1, run: (chance: number) => void) {
    this.#scheduler = scheduler;
    this.#d1 = d1;
    this.#run = run;
  }

  /** Finds the next minute in which the sweep would find something: thousands of empty ones would make every world slow. */
  plan(): void {
    const sql = `SELECT min(at) AS at FROM (
      SELECT min(look_at) AS at FROM deliveries WHERE look_at IS NOT NULL UNION ALL SELECT min(next_at) FROM replays WHERE next_at IS NOT NULL
      UNION ALL SELECT 0 WHERE EXISTS (SELECT 1 FROM deliveries WHERE state = 'held' AND destination NOT IN (SELECT destination FROM pauses)
        AND (destination <> '${DESK}' OR EXISTS (SELECT 1 FROM listeners)))
    )`;
    // Where something was muted, its end is such a minute, and so is each in which what still lasts is to be told.
    const ofMutes = `SELECT min(at) AS at FROM (
      SELECT min(until) AS at FROM mutes WHERE until > ?1 UNION ALL SELECT 0 WHERE EXISTS (SELECT 1 FROM mutes) AND EXISTS (
        SELECT 1 FROM failures WHERE kind = 'failed' AND destination NOT IN (SELECT subject FROM mutes WHERE until > ?1)
          AND destination NOT IN (SELECT subject FROM alerts WHERE rule = 'delivery-failed' AND ended_at IS NULL AND told = 1))
    )`;
    const at = this.#d1.hasTable("listeners") ? this.#d1.look<{ at: number | null }>(sql)[0]?.at : null;
    const { now } = this.#scheduler;
    const muted = this.#d1.hasTable("mutes") ? this.#d1.look<{ at: number | null }>(ofMutes, EPOCH + now)[0]?.at : null;
    const due = Math.min(at ?? Infinity, muted ?? Infinity, this.#bodies()) - EPOCH;
    const look = this.watched && now < WATCHED_MS ? now : due;
    const longest = this.watched ? 10 * MINUTE : LONGEST_MS;
    const next = Math.ceil(Math.min(Math.max(look, this.#last + 1, now + 1), now + longest) / MINUTE) * MINUTE;
    if (next >= this.#at && this.#at > now) return;
    this.#cancel();
    this.#at = next;
    this.#cancel = this.#scheduler.after(next - now, () => {
      this.#at = Infinity;
      this.#last = this.#scheduler.now;
      this.#tick();
      this.plan();
    });
  }

  /** When the next body is old enough to go, of events that are not open. */
  #bodies(): number {
    if (this.bodiesMs === null || !this.#d1.hasTable("listeners")) return Infinity;
    const [row] = this.#d1.look<{ at: number | null }>(
      `SELECT min(received_at) AS at FROM events e WHERE source = 'acme' AND gone IS NULL
       AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.event = e.seq AND d.ended_at IS NULL)`,
    );
    return (row?.at ?? Infinity) + this.bodiesMs;
  }

  #tick(): void {
    const { point, fault } = this.#scheduler.pass("cron", "tick");
    const chance = this.#scheduler.roll(`cron ${point.name}`);
    if (fault === "skip") return;
    this.#scheduler.after(fault === "delay" ? chance * 600_000 : chance * 5, () => this.#run(chance));
    if (fault === "twice") this.#scheduler.after(chance * 80, () => this.#run(1 - chance));
  }
}
