// D1 with its schema applied: every statement runs through here.
import { migrate } from "./migrate.ts";

/**
 * Runs `work` against a database that has the schema of this build. `work` may run twice, so it must be safe to repeat.
 */
export type Run = <T>(work: (db: D1Database) => Promise<T>) => Promise<T>;

/**
 * @param db the D1 binding; its schema is looked at once per isolate,
 * and again if a table or column turns out to be missing
 */
export function openDatabase(db: D1Database): Run {
  // The fact is shared and never the promise: that belongs to the request which began it, and if its sender hangs up,
  // or the object is reset, it settles for nobody.
  let current = false;
  const ready = async () => {
    if (current) return;
    await migrate(db);
    current = true;
  };
  return async (work) => {
    await ready();
    try {
      return await work(db);
    } catch (error) {
      // Somebody has restored or recreated the database under a running isolate,
      // perhaps to the schema of an older build.
      if (!/no such (?:table|column)/.test(String(error))) throw error;
      current = false;
      await ready();
      return await work(db);
    }
  };
}

/** One statement with its values, and the rows that it gives back. */
export function rowsOf(run: Run) {
  return async <Row>(sql: string, ...values: unknown[]): Promise<Row[]> => {
    const statement = (db: D1Database) => db.prepare(sql).bind(...values);
    return (await run((db) => statement(db).all<Row>())).results;
  };
}
