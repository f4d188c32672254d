// D1 that counts its statements, one by one and those of a batch, and fails when it is told to.

export interface Counted {
  readonly database: D1Database;
  /** Statements since the start. */
  statements: number;
  /** Calls, of which a batch is one. */
  calls: number;
  /** Called before each call; what it throws is D1's own failure. */
  before: (sql: readonly string[]) => void | Promise<void>;
  /** Called after each call that D1 has carried out; what it throws is an answer that is lost. */
  after: (sql: readonly string[]) => void | Promise<void>;
}

export function countedDatabase(db: D1Database): Counted {
  const sqlOf = new WeakMap<D1PreparedStatement, { sql: string; raw: D1PreparedStatement }>();
  const counted: Counted = { database: db, statements: 0, calls: 0, before: () => {}, after: () => {} };
  const carry = async <T>(sql: readonly string[], work: () => Promise<T>): Promise<T> => {
    counted.statements += sql.length;
    counted.calls += 1;
    await counted.before(sql);
    const result = await work();
    await counted.after(sql);
    return result;
  };
  const wrap = (sql: string, raw: D1PreparedStatement): D1PreparedStatement => {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what the relay uses of a statement, and no more
    const statement = {
      bind: (...values: unknown[]) => wrap(sql, raw.bind(...values)),
      all: async () => await carry([sql], () => raw.all()),
      run: async () => await carry([sql], () => raw.run()),
      first: async () => await carry([sql], () => raw.first()),
    } as unknown as D1PreparedStatement;
    sqlOf.set(statement, { sql, raw });
    return statement;
  };
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what the relay uses of a database, and no more
  const database = {
    prepare: (sql: string) => wrap(sql, db.prepare(sql)),
    batch: async (statements: D1PreparedStatement[]) => {
      const known = statements.map((statement) => sqlOf.get(statement) ?? { sql: "", raw: statement });
      return await carry(
        known.map(({ sql }) => sql),
        () => db.batch(known.map(({ raw }) => raw)),
      );
    },
  } as unknown as D1Database;
  return Object.assign(counted, { database });
}
