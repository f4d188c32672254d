// D1 with its schema applied: every statement runs through here.
import { type Elsewhere, migrate, migrateElsewhere } from "./migrate.ts";

/**
 * Runs `work` against a database that has the schema of this build. `work` may run twice, so it must be safe to repeat.
 */
export interface Run {
  <T>(work: (db: D1Database) => Promise<T>): Promise<T>;
  readonly watch?: Watch;
}

/** Hears what each answer says of rows and size, and what D1 throws. */
export interface Watch {
  result(meta: D1Meta): void;
  failed(error: unknown): void;
}

const NOBODY: Watch = { result: () => {}, failed: () => {} };

/**
 * @param db the D1 binding; its schema is looked at once per isolate,
 * and again if a table or column turns out to be missing
 * @param watch counts what statements cost: those of a batch, and those of `rowsOf`, which are all that there are
 * @param elsewhere makes a step of a missing schema in another invocation; without it this one makes all of it
 */
export function openDatabase(binding: D1Database, watch: Watch = NOBODY, elsewhere?: Elsewhere): Run {
  const db = watched(binding, watch);
  // The fact is shared and never the promise: that belongs to the request which began it, and if its sender hangs up,
  // or the object is reset, it settles for nobody.
  let current = false;
  const ready = async () => {
    if (current) return;
    await (elsewhere === undefined ? migrate(binding) : migrateElsewhere(binding, elsewhere));
    current = true;
  };
  const run = async <T>(work: (db: D1Database) => Promise<T>): Promise<T> => {
    try {
      await ready();
      return await work(db);
    } catch (error) {
      watch.failed(error);
      // Somebody has restored or recreated the database under a running isolate,
      // perhaps to the schema of an older build.
      if (!/no such (?:table|column)/.test(String(error))) throw error;
      current = false;
      await ready();
      return await work(db);
    }
  };
  return Object.assign(run, { watch });
}

function watched(db: D1Database, watch: Watch): D1Database {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what this room uses of a database, and no more
  return {
    prepare: (sql: string) => db.prepare(sql),
    async batch<Row>(statements: D1PreparedStatement[]) {
      const results = await db.batch<Row>(statements);
      for (const { meta } of results) watch.result(meta);
      return results;
    },
  } as D1Database;
}

/** One statement with its values, and the rows that it gives back. */
export function rowsOf(run: Run) {
  return async <Row>(sql: string, ...values: unknown[]): Promise<Row[]> => {
    const statement = (db: D1Database) => db.prepare(sql).bind(...values);
    const { results, meta } = await run((db) => statement(db).all<Row>());
    run.watch?.result(meta);
    return results;
  };
}
