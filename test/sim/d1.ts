// D1 as real SQLite: one writer, statements and transactions of the relay's own SQL, each call a yield point.
import { DatabaseSync, type SQLInputValue, type StatementSync } from "node:sqlite";
import { call } from "./isolate.ts";
import { EPOCH, type Scheduler } from "./scheduler.ts";

/** A delivery's row before and after a statement; `from` is null where it was made. */
export interface Move {
  readonly event: number;
  readonly destination: string;
  readonly from: string | null;
  readonly to: string;
  readonly attemptBefore: number;
  readonly attempt: number;
  readonly due: number;
  readonly receiptBefore: string;
  readonly receipt: string;
  readonly leaseBefore: number | null;
  readonly reason: string | null;
  readonly reasonBefore: string | null;
  readonly round: number;
  /** What the last attempt that was settled was answered with. */
  readonly status: number | null;
  /** Statement that made it, by the name of its yield point. */
  readonly by: string;
}

/** What a statement is for, by words that only it has; the story and the yield points use these names. */
const NAMES: readonly (readonly [RegExp, string])[] = [
  [/SET erasure = json_set/, "erase"],
  [/'era_'/, "order erasure"],
  [/'\$\.phase', 'deleting'/, "confirm erasure"],
  [/AS mine\s+FROM \(SELECT seq, id, source, size, gone/, "suspects"],
  [/INSERT INTO segments/, "begin segment"],
  [/UPDATE segments SET going = \(/, "move"],
  [/FROM segments INDEXED BY segments_open/, "open segments"],
  [/UPDATE segments SET state = 'leaving' WHERE key = \?1 AND state = 'writing'/, "give up segment"],
  [/DELETE FROM segments/, "forget segment"],
  [/AS print/, "read lines"],
  [/INSERT INTO events[^]*value->>'gone'\s+FROM json_each/, "arrive"],
  [/INSERT INTO events\b/, "commit"],
  [/state = 'delivering', attempt = attempt \+ 1/, "claim"],
  [/INSERT INTO listeners/, "listen"],
  [/waits = c\.waits, attempt/, "unheard"],
  [/json_each\(\?1\) t CROSS JOIN/, "end unheard"],
  [/\)\) AS until\nFROM json_each/, "held"],
  [/destination = \?1 AND state = 'held' AND event = \(/, "release"],
  [/SET opened_at = CAST/, "tend breakers"],
  [/'expired', waits = NULL/, "sweep breakers"],
  [/'held'\), look_at = iif/, "hold"],
  [/attempt = deliveries\.attempt - 1/, "give back"],
  [/WITH RECURSIVE held/, "let go"],
  [/^SELECT destination FROM pauses/, "forgotten pauses"],
  [/'replayed'/, "replay"],
  [/'cancelled', json/, "cancel"],
  [/'sha256'/, "edit"],
  [/iif\(NOT EXISTS \(SELECT 1 FROM pauses/, "pause"],
  [/iif\(EXISTS \(SELECT 1 FROM pauses/, "resume"],
  [/INSERT INTO inspections/, "keep inspection"],
  [/waits = w\.why/, "wait"],
  [/SET object = coalesce/, "keep object"],
  [/'repeat', r\.id/, "commit"],
  [/FROM events WHERE seq IN/, "load"],
  [/SELECT e\.id, e\.receipt, EXISTS/, "known"],
  [/SELECT 1 FROM events WHERE id > /, "namesake"],
  [/'lost', 'lost'/, "overdue"],
  [/FROM replays WHERE id = \?1 AND state = 'running' AND at_event/, "bulk replay"],
  [/FROM replays WHERE next_at IS NOT NULL/, "waiting replays"],
  [/d\.ended_at < \?11 LIMIT \?3/, "replay look"],
  [/INSERT INTO attempts \(event, destination, n, started_at, latency_ms/, "settle"],
  [/lease_until = NULL, started_at = s\.started_at/, "settle"],
  [/min\(look_at\)/, "next look"],
  [/received_at < \?2 AS old/, "expired"],
  [/UNION ALL SELECT .stayed./, "due"],
  [/CAST\(substr\(name, 7\)/, "stayed"],
  [/UPDATE attempts SET excerpt = NULL/, "empty"],
  [/DELETE FROM attempts/, "expire"],
  [/FROM event_parts p/, "orphans"],
  [/INSERT INTO event_parts/, "put part"],
  [/SELECT n, data FROM event_parts/, "read part"],
  [/SELECT name FROM marks WHERE name > 'bodies/, "leaving bodies"],
  [/INSERT INTO refusals/, "note refusal"],
  [/d1_migrations/, "schema"],
];

/** What a database holds when a bound value or a row is larger: https://developers.cloudflare.com/d1/platform/limits/ */
const MOST_BYTES = 2_000_000;

/** Of the statement before. */
const CHANGES = "SELECT changes() AS n";

const encoder = new TextEncoder();

export class D1 {
  readonly #scheduler: Scheduler;
  readonly #db: DatabaseSync;
  readonly #statements: Map<string, StatementSync>;
  #watched = false;
  #moves: Move[] = [];
  #by = "";
  onMoves: (moves: readonly Move[]) => void = () => {};
  onWrite: () => void = () => {};
  outage: () => "throws" | "hangs" | null = () => null;
  /** Words that make D1 refuse whatever holds them, for what it is. */
  poison: string | null = null;

  /** @param kept a database of an earlier world, whose tables are there and empty: far cheaper than a new one */
  constructor(scheduler: Scheduler, kept: DatabaseSync | null) {
    this.#scheduler = scheduler;
    this.#db = kept ?? new DatabaseSync(":memory:");
    this.#statements = statementsOf(this.#db);
    // The relay asks D1 for its own clock: in a world it shows the world's time, whatever the isolates' clocks show.
    this.#db.function("unixepoch", { varargs: true }, () => Math.floor(EPOCH + scheduler.now) / 1000);
    // What comes back out of the archive has moved before.
    observers.set(this.#db, (move) => this.#by === "arrive" || this.#moves.push({ ...move, by: this.#by }));
  }

  get database(): DatabaseSync {
    return this.#db;
  }

  /** The binding. */
  binding(): object {
    return {
      prepare: (sql: string) => this.#statement(sql, []),
      batch: (statements: readonly Prepared[]) =>
        this.#call(statements[0]?.sql ?? "nothing", () => this.#transaction(statements)),
    };
  }

  /** A look from outside, which is no yield point. */
  look<Row>(sql: string, ...values: SQLInputValue[]): Row[] {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the caller's own statement decides what a row is
    return this.#prepared(sql).all(...values) as Row[];
  }

  hasTable(name: string): boolean {
    return this.look("SELECT 1 FROM sqlite_master WHERE name = ?1", name).length > 0;
  }

  #statement(sql: string, values: readonly SQLInputValue[]): Prepared {
    const one = () => this.#transaction([{ sql, values }])[0] ?? { results: [], success: true, meta: {} };
    return {
      sql,
      values,
      bind: (...bound: SQLInputValue[]) => this.#statement(sql, bound),
      all: () => this.#call(sql, one),
      run: () => this.#call(sql, one),
      first: async () => (await this.#call(sql, one)).results[0] ?? null,
    };
  }

  #call<T>(sql: string, effect: () => T): Promise<T> {
    const what = nameOf(sql);
    return call(this.#scheduler, {
      kind: "d1",
      what,
      effect: () => {
        this.#by = what;
        return effect();
      },
      error: "D1_ERROR: Network connection lost.",
      outage: this.outage,
    });
  }

  #transaction(statements: readonly Bound[]): Answer[] {
    const db = this.#db;
    this.#moves = [];
    db.exec("BEGIN");
    try {
      const answers = statements.map(({ sql, values }) => {
        for (const value of values) {
          if (this.poison !== null && typeof value === "string" && value.includes(this.poison))
            throw new Error("CHECK constraint failed: SQLITE_CONSTRAINT");
          if (typeof value === "string" && value.length > MOST_BYTES / 3 && encoder.encode(value).length > MOST_BYTES)
            throw new Error("string or blob too big: SQLITE_TOOBIG");
        }
        const results = this.#prepared(sql).all(...values);
        return { results, success: true, meta: { changes: Number(this.#prepared(CHANGES).get()?.["n"]) } };
      });
      db.exec("COMMIT");
      if (!this.#watched) this.#watch();
      if (this.#moves.length > 0) this.onMoves(this.#moves);
      this.onWrite();
      return answers;
    } catch (error) {
      db.exec("ROLLBACK");
      throw new Error(`D1_ERROR: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
    }
  }

  #prepared(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.#db.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }

  /** Every change of a delivery's row is seen, whichever statement makes it. */
  #watch(): void {
    if (!this.hasTable("deliveries")) return;
    this.#watched = true;
    if (watchedAlready.has(this.#db)) return;
    watchedAlready.add(this.#db);
    const db = this.#db;
    db.function("observed", { varargs: true }, (...v) => {
      observers.get(db)?.(moveOf(v));
      return 0;
    });
    const after = "NEW.attempt, NEW.due_at, NEW.receipt, NEW.reason, NEW.round, NEW.status";
    db.exec(`
      CREATE TEMP TRIGGER observe_update AFTER UPDATE ON deliveries BEGIN
        SELECT observed(NEW.event, NEW.destination, OLD.state, NEW.state, OLD.attempt, OLD.receipt, OLD.lease_until, ${after}, OLD.reason);
      END;
      CREATE TEMP TRIGGER observe_insert AFTER INSERT ON deliveries BEGIN
        SELECT observed(NEW.event, NEW.destination, NULL, NEW.state, 0, '', NULL, ${after}, NULL);
      END;`);
  }
}

interface Bound {
  readonly sql: string;
  readonly values: readonly SQLInputValue[];
}

interface Answer {
  readonly results: unknown[];
  readonly success: boolean;
  readonly meta: object;
}

interface Prepared extends Bound {
  bind(...values: SQLInputValue[]): Prepared;
  all(): Promise<Answer>;
  run(): Promise<Answer>;
  first(): Promise<unknown>;
}

const observers = new WeakMap<DatabaseSync, (move: Omit<Move, "by">) => void>();
const watchedAlready = new WeakSet<DatabaseSync>();
const prepared = new WeakMap<DatabaseSync, Map<string, StatementSync>>();
const names = new Map<string, string>();

/** Prepared statements outlive a world: preparing costs more than running. */
export function statementsOf(db: DatabaseSync): Map<string, StatementSync> {
  let known = prepared.get(db);
  if (known === undefined) {
    known = new Map();
    prepared.set(db, known);
  }
  return known;
}

function nameOf(sql: string): string {
  let name = names.get(sql);
  if (name === undefined) {
    const verb = /^\s*(\w+)(?:[\s\S]*?(?:FROM|INTO|UPDATE|TABLE(?: IF NOT EXISTS)?)\s+(\w+))?/.exec(sql);
    name = NAMES.find(([form]) => form.test(sql))?.[1] ?? `${verb?.[1] ?? "?"} ${verb?.[2] ?? ""}`.trim().toLowerCase();
    names.set(sql, name);
  }
  return name;
}

function moveOf(v: readonly unknown[]): Omit<Move, "by"> {
  const text = (at: number) => {
    const value = v[at];
    return typeof value === "string" ? value : null;
  };
  return {
    event: Number(v[0]),
    destination: text(1) ?? "",
    from: text(2),
    to: text(3) ?? "",
    attemptBefore: Number(v[4]),
    receiptBefore: text(5) ?? "",
    leaseBefore: v[6] === null ? null : Number(v[6]),
    attempt: Number(v[7]),
    due: Number(v[8]),
    receipt: text(9) ?? "",
    reason: text(10),
    round: Number(v[11]),
    status: v[12] === null ? null : Number(v[12]),
    reasonBefore: text(13),
  };
}
