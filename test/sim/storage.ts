// What an object stores: real SQLite in which writes of one turn belong together, and are only safe once a sync has confirmed them.
import { DatabaseSync, type SQLInputValue, type SQLOutputValue, type StatementSync } from "node:sqlite";
import { statementsOf } from "./d1.ts";

/** How far the storage had come when a sync was asked for. */
export interface Mark {
  readonly turn: number;
  readonly seq: number;
}

/**
 * What nobody has synced is written all the same, soon after its turn; an object whose storage does not get that far is
 * reset within half a minute. With this much time, in ms, the worlds are still harder than the platform.
 */
const WRITTEN_MS = 10 * 60_000;

export class Storage {
  readonly database: DatabaseSync;
  readonly #now: () => number;
  /** Turns that no sync has confirmed, each with when it began. */
  #turns: { readonly turn: number; readonly at: number }[] = [];
  #turn = 0;
  #open = false;
  /** The first turn that is not committed: each has a savepoint, so that a crash can take back any number of the latest. */
  #first: number | null = null;
  #durableTurn = 0;
  #durableSeq = 0;

  /** @param kept the storage of an earlier world, empty */
  constructor(kept: DatabaseSync | null, now: () => number) {
    this.#now = now;
    this.database = kept ?? new DatabaseSync(":memory:");
    this.database.exec("CREATE TABLE IF NOT EXISTS _alarm (id INTEGER PRIMARY KEY, at INTEGER)");
  }

  /** A look from outside. */
  look<Row>(sql: string, ...values: SQLInputValue[]): Row[] {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the caller's own statement decides what a row is
    return this.#prepared(sql).all(...values) as Row[];
  }

  /** A statement of the object's. Tables are made at once and for good. */
  exec(sql: string, ...values: SQLInputValue[]): Record<string, SQLOutputValue>[] {
    if (/^\s*CREATE/.test(sql)) {
      this.database.exec(sql);
      return [];
    }
    if (!/^\s*SELECT/.test(sql)) this.#begin();
    return this.#prepared(sql).all(...values);
  }

  get alarm(): number | null {
    return this.look<{ at: number }>("SELECT at FROM _alarm")[0]?.at ?? null;
  }

  set alarm(at: number | null) {
    this.#begin();
    if (at === null) this.#prepared("DELETE FROM _alarm").all();
    else
      this.#prepared("INSERT INTO _alarm (id, at) VALUES (1, ?1) ON CONFLICT (id) DO UPDATE SET at = excluded.at").all(
        at,
      );
  }

  /** Ends the turn: writes that come later are not this sync's business. */
  mark(): Mark {
    this.#open = false;
    return { turn: this.#turn, seq: this.#journal("max(seq)") };
  }

  /** A sync has ended: everything up to its mark survives. */
  confirm({ turn, seq }: Mark): void {
    this.#durableTurn = Math.max(this.#durableTurn, turn);
    this.#turns = this.#turns.filter((one) => one.turn > this.#durableTurn);
    this.#durableSeq = Math.max(this.#durableSeq, seq);
    if (this.#durableTurn === this.#turn && !this.#open) this.#commit();
  }

  /** Takes back some of the latest turns that no sync has confirmed: `share` (0 … 1) of them survive. Returns how many are lost. */
  crash(share: number): number {
    this.#open = false;
    const written = this.#turns.findLast(({ at }) => at < this.#now() - WRITTEN_MS);
    this.#durableTurn = Math.max(this.#durableTurn, written?.turn ?? 0);
    const unsure = this.#turn - this.#durableTurn;
    const survive = this.#durableTurn + Math.floor(share * (unsure + 1));
    const lost = this.#turn - survive;
    if (this.#first !== null && lost > 0) this.database.exec(`ROLLBACK TO t${Math.max(survive + 1, this.#first)}`);
    this.#commit();
    this.#turns = [];
    this.#durableTurn = this.#turn;
    this.#durableSeq = this.#journal("max(seq)");
    return lost;
  }

  /** Whether a journal row would survive if the machine died now. */
  isDurable(seq: number): boolean {
    return seq <= this.#durableSeq;
  }

  /** Whether D1 has everything. */
  get empty(): boolean {
    return this.#journal("count(*)") === 0 && (!this.#has("stuck") || this.look("SELECT 1 FROM stuck").length === 0);
  }

  /** Writes with no await between them are one turn: all of them survive, or none. */
  #begin(): void {
    if (this.#open) return;
    this.#turn += 1;
    this.#turns.push({ turn: this.#turn, at: this.#now() });
    this.#open = true;
    this.#first ??= this.#turn;
    this.database.exec(`SAVEPOINT t${this.#turn}`);
    const turn = this.#turn;
    queueMicrotask(() => {
      if (this.#turn === turn) this.#open = false;
    });
  }

  #commit(): void {
    if (this.#first !== null) this.database.exec(`RELEASE t${this.#first}`);
    this.#first = null;
  }

  #journal(what: "max(seq)" | "count(*)"): number {
    return this.#has("journal") ? (this.look<{ n: number | null }>(`SELECT ${what} AS n FROM journal`)[0]?.n ?? 0) : 0;
  }

  #has(table: string): boolean {
    return this.look("SELECT 1 FROM sqlite_master WHERE name = ?1", table).length > 0;
  }

  #prepared(sql: string): StatementSync {
    const statements = statementsOf(this.database);
    let statement = statements.get(sql);
    if (statement === undefined) {
      statement = this.database.prepare(sql);
      statements.set(sql, statement);
    }
    return statement;
  }
}

/** What the platform's state of an object offers of it, for as long as the object lives. */
export function sqlOf(storage: Storage, context: { readonly alive: boolean }): object {
  const exec = (sql: string, ...values: SQLInputValue[]) => {
    if (!context.alive) throw new Error("a dead object writes");
    const rows = storage.exec(sql, ...values);
    return Object.assign(rows, {
      one: () => {
        if (rows.length !== 1) throw new Error(`Expected exactly one result from SQL query, but got ${rows.length}`);
        return rows[0];
      },
      toArray: () => rows,
    });
  };
  return { exec, databaseSize: 4096 };
}
