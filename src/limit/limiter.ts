// How many deliveries may begin at one destination now? One object counts for all isolates, and never lets too many go.
import { BEGIN_MS } from "../deadlines.ts";
import type { Destination } from "../types.ts";
import { Holds, type Times } from "./holds.ts";
import { Line, SENDS_TO_A_LANE } from "./line.ts";

/** What a destination takes: so many that begin within any period, and so many at a time. */
export type Limits = NonNullable<Destination["limits"]>;

/** What an isolate asks. */
export interface Ask {
  /** Its own name for this question, which it uses again in what it tells. */
  readonly by: string;
  /** Deliveries that are due, and how many of them have waited for a place already. */
  readonly want: number;
  readonly back: number;
  readonly limits: Limits;
  /** How long one of them may be under way, in ms. */
  readonly attemptMs: number;
  /** Whether those that get no place come back by another way, and need no time to do so. */
  readonly leaves?: boolean;
}

/** What it is answered. */
export interface Places {
  /** So many may begin, within `BEGIN_MS` of the question. Those that have waited go first. */
  readonly go: number;
  /** So many of them at a time; `null` for any number. */
  readonly lanes: number | null;
  /** In how many ms each of the others may come back. */
  readonly waits: readonly number[];
}

/** What has become of places since the last word of it. */
export interface Told {
  readonly by: string;
  /** Attempts that have begun. */
  readonly begun: number;
  /** Places that nobody will use, and lanes that nobody uses any more. */
  readonly unused: number;
  readonly freed: number;
}

const TABLE = `CREATE TABLE IF NOT EXISTS places (
  id INTEGER PRIMARY KEY, asked_by TEXT NOT NULL, at INTEGER NOT NULL, places INTEGER NOT NULL, period_ms INTEGER NOT NULL,
  lanes INTEGER NOT NULL, lease_ms INTEGER NOT NULL)`;

interface Row {
  readonly id: number;
  readonly asked_by: string;
  readonly at: number;
  readonly places: number;
  readonly period_ms: number;
  readonly lanes: number;
  readonly lease_ms: number;
}

export class Limiter {
  readonly #sql: Pick<SqlStorage, "exec">;
  readonly #times: Times;
  readonly #places: Holds;
  readonly #lanes: Holds;
  readonly #line = new Line();
  /** The row of each question whose places may be held, and the period of its rate. */
  readonly #rows = new Map<string, { readonly id: number; readonly periodMs: number }>();
  /** Rows to be written over: a row that is deleted would be billed as one that is written. */
  readonly #spare: number[] = [];

  constructor(sql: Pick<SqlStorage, "exec">, times: Times) {
    this.#sql = sql;
    this.#times = times;
    const gone = (by: string) => this.#gone(by);
    this.#places = new Holds(times, gone);
    this.#lanes = new Holds(times, gone);
    sql.exec(TABLE);
    this.#recover();
  }

  /** What an earlier life has given away is taken for as long as it may be, by a clock that may have been set since. */
  #recover(): void {
    const now = this.#times.now();
    const rows: unknown[] = this.#sql.exec("SELECT * FROM places ORDER BY id").toArray();
    for (const row of rows) {
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the columns of the table above
      const { id, asked_by: by, at, places, period_ms: periodMs, lanes, lease_ms: leaseMs } = row as Row;
      const left = (ms: number) => Math.min(ms, at + ms - now);
      this.#rows.set(by, { id, periodMs });
      this.#places.take(by, places, BEGIN_MS + periodMs, left(BEGIN_MS + periodMs));
      this.#lanes.take(by, lanes, leaseMs, left(leaseMs));
      this.#gone(by);
    }
  }

  /** The row of a question of which nothing is held any more is written over by another. */
  #gone(by: string): void {
    const row = this.#rows.get(by);
    if (row === undefined || this.#places.has(by) || this.#lanes.has(by)) return;
    this.#rows.delete(by);
    this.#spare.push(row.id);
  }

  /** Durable once the storage is. */
  ask({ by, want, back, limits, attemptMs, leaves = false }: Ask): Places {
    const now = this.#times.now();
    const { rate, concurrency } = limits;
    const room = rate === undefined ? Infinity : rate.burst - this.#places.taken();
    const free = concurrency === undefined ? Infinity : concurrency - this.#lanes.taken();
    this.#line.back(back);
    // Whoever is new comes behind those who were told when to come back.
    const waiting = this.#line.waiting(now);
    const returned = within(Math.min(back, room), free);
    const fresh = Math.min(want - back, room - returned - waiting);
    const go = back > returned ? returned : Math.max(returned, within(returned + fresh, free - waiting));
    const lanes = concurrency === undefined ? null : Math.min(free, go);
    if (go > 0) this.#take(by, { go, lanes: lanes ?? 0, periodMs: rate?.periodMs ?? 0, leaseMs: leaseOf(attemptMs) });
    const [lane] = this.#lanes.ends();
    const outlook = {
      ...limits,
      busyMs: lane?.forMs ?? 0,
      taken: this.#places.taken(),
      ends: () => this.#ends(rate?.periodMs ?? 0),
    };
    const late = Math.max(0, back - go);
    const waits = leaves ? [] : this.#line.join(late, want - go - late, outlook, now);
    return { go, lanes: go === 0 ? 0 : lanes, waits };
  }

  tell({ by, begun, unused, freed }: Told): void {
    const row = this.#rows.get(by);
    if (row === undefined) return;
    this.#places.end(by, begun, row.periodMs);
    this.#places.end(by, unused, 0);
    this.#lanes.end(by, freed, 0);
  }

  #take(by: string, of: { go: number; lanes: number; periodMs: number; leaseMs: number }): void {
    const id = this.#spare.pop() ?? this.#rows.size + 1;
    this.#rows.set(by, { id, periodMs: of.periodMs });
    const counted = of.periodMs === 0 ? 0 : of.go;
    const values = [id, by, this.#times.now(), counted, of.periodMs, of.lanes, of.leaseMs];
    this.#sql.exec("INSERT OR REPLACE INTO places VALUES (?, ?, ?, ?, ?, ?, ?)", ...values);
    this.#places.take(by, counted, BEGIN_MS + of.periodMs);
    this.#lanes.take(by, of.lanes, of.leaseMs);
  }

  /** Most attempts begin soon: what has not been told of is expected to. */
  *#ends(periodMs: number) {
    for (const { n, inMs } of this.#places.ends())
      yield { n, inMs: inMs > periodMs ? Math.max(0, inMs - BEGIN_MS) : inMs };
  }
}

/** How long a lane is held by an isolate that has died: begun as late as it may, and attempted as long as it may. */
function leaseOf(attemptMs: number): number {
  return BEGIN_MS + attemptMs + 5_000;
}

/** So many of these as the lanes take that are free. */
function within(n: number, lanes: number): number {
  return Math.max(0, Math.min(n, lanes > 0 ? lanes * SENDS_TO_A_LANE : 0));
}
