// A generated history of any length, and a meter on D1.
import { migrate } from "../../../src/d1/migrate.ts";
import { bindings } from "./relay.ts";

const EVENTS = `
WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)
INSERT INTO events (id, receipt, source, type, received_at, headers, encoding, size, body, parts)
SELECT printf('evt_%032x', i), 'r' || i, iif(i % 10 = 0, 'stripe', 'github'), 'push', i * 1000, '{}', 'text', 2, '{}', 0 FROM n`;

// One in a hundred failed; the ten oldest are still waiting.
const DELIVERIES = `
INSERT INTO deliveries (event, destination, route, receipt, state, attempt, due_at, look_at, started_at, ended_at)
SELECT seq, value, 'all', receipt, iif(seq <= 10, 'pending', iif(seq % 100 = 0, 'failed', 'delivered')), 1, 0,
       iif(seq <= 10, 0, NULL), received_at, iif(seq <= 10, NULL, received_at)
FROM events JOIN json_each(?1)`;

/** Fills an empty D1 with `count` events, a second apart, the first of them a second after 1970 began. */
export async function fill(count: number, destinations: readonly string[] = ["billing"]): Promise<void> {
  const { DB } = bindings;
  await migrate(DB);
  await DB.prepare(EVENTS).bind(count).run();
  await DB.prepare(DELIVERIES).bind(JSON.stringify(destinations)).run();
}

/** D1 with a meter: `cost` counts the rows that D1 says it has read and written since it was last reset. */
export function metered(db: D1Database) {
  const cost = { read: 0, written: 0 };
  const raw = new WeakMap<D1PreparedStatement, D1PreparedStatement>();
  const note = <Result extends D1Result>(result: Result): Result => {
    cost.read += result.meta.rows_read;
    cost.written += result.meta.rows_written;
    return result;
  };
  const wrap = (statement: D1PreparedStatement): D1PreparedStatement => {
    const wrapped = new Proxy(statement, {
      get(target, key) {
        if (key === "bind") return (...values: unknown[]) => wrap(target.bind(...values));
        if (key === "all") return async () => note(await target.all());
        throw new Error(`the meter does not know ${String(key)}`);
      },
    });
    raw.set(wrapped, statement);
    return wrapped;
  };
  const database = new Proxy(db, {
    get(target, key) {
      if (key === "prepare") return (sql: string) => wrap(target.prepare(sql));
      if (key === "batch")
        return async (statements: D1PreparedStatement[]) =>
          (await target.batch(statements.map((one) => raw.get(one) ?? one))).map(note);
      // A promise that is resolved with it looks for this.
      if (key === "then") return undefined;
      throw new Error(`the meter does not know ${String(key)}`);
    },
  });
  return {
    run: <T>(work: (db: D1Database) => Promise<T>) => work(database),
    database,
    /** Rows that `work` reads and writes. */
    measure: async (work: () => Promise<unknown>): Promise<{ read: number; written: number }> => {
      Object.assign(cost, { read: 0, written: 0 });
      await work();
      return { ...cost };
    },
  };
}
