// The relay with every call to a binding counted: what one event costs, in the units that Cloudflare bills.
import relay, { type Env, Feed as RealFeed, Intake as RealIntake, Limiter as RealLimiter } from "../../../src/index.ts";
import type { Bell } from "../../../src/types.ts";

export { Tunnel } from "../../../src/index.ts";

/** What was counted so far, by name. The Worker and the Durable Object share an isolate here, and so this table. */
const counts: Record<string, number> = {};
const add = (name: string, by = 1): void => {
  counts[name] = (counts[name] ?? 0) + by;
};

// oxlint-disable-next-line import/no-default-export -- the entry point of a Worker
export default {
  async fetch(request, env, context) {
    if (request.url.endsWith("/counts")) return Response.json(counts);
    return await relay.fetch(request, counted(env), context);
  },
  async queue(batch, env, context) {
    add("queue messages read", batch.messages.length);
    await relay.queue(batch, counted(env), context);
  },
  async scheduled(controller, env, context) {
    await relay.scheduled(controller, counted(env), context);
  },
} satisfies ExportedHandler<Env, Bell>;

export class Intake extends RealIntake {
  constructor(state: DurableObjectState, env: Env) {
    countStorage(state.storage, "Durable Object rows written");
    super(state, counted(env));
  }

  override async alarm(): Promise<void> {
    add("Durable Object alarms");
    await super.alarm();
  }
}

export class Feed extends RealFeed {
  constructor(state: DurableObjectState, env: Env) {
    countStorage(state.storage, "Feed rows written");
    super(state, env);
  }
}

export class Limiter extends RealLimiter {
  constructor(state: DurableObjectState, env: Env) {
    countStorage(state.storage, "Limiter rows written");
    super(state, env);
  }
}

/** What destinations that are bindings reach: the ends of a bench, which take whatever comes. */
const ENDS = {
  PARTNER: {
    fetch: async () => {
      add("service requests");
      return await Promise.resolve(new Response("ok"));
    },
  },
  JOBS: {
    send: async () => {
      add("messages of a destination's queue");
      await Promise.resolve();
    },
  },
  LAKE: {
    put: async () => {
      add("R2 class A operations");
      return await Promise.resolve({});
    },
  },
};

const wrapped = new WeakMap<Env, Env>();

/** The same wrapper for the same env: the relay may remember what it opened on it. */
function counted(env: Env): Env {
  const known = wrapped.get(env);
  if (known !== undefined) return known;
  const wrapper = {
    ...env,
    DB: countedDatabase(env.DB),
    INTAKE: countedNamespace(env.INTAKE, "Durable Object requests"),
    FEED: countedNamespace(env.FEED, "Feed requests"),
    LIMITER: countedNamespace(env.LIMITER, "Limiter requests"),
    ...ENDS,
    DELIVERIES: countedQueue(env.DELIVERIES),
    DEAD_LETTERS: countedQueue(env.DEAD_LETTERS),
  };
  wrapped.set(env, wrapper);
  return wrapper;
}

/** An object whose methods are replaced where `methods` has one of the name. */
function overlay<T extends object>(target: T, methods: Partial<T>): T {
  return new Proxy(target, {
    get(_, name) {
      const method: unknown = Reflect.get(methods, name) ?? Reflect.get(target, name);
      return typeof method === "function" ? method.bind(target) : method;
    },
  });
}

function countedQueue<T>(queue: Queue<T>): Queue<T> {
  return overlay(queue, {
    send(message, options) {
      add("queue messages written");
      return queue.send(message, options);
    },
    sendBatch(messages, options) {
      const all = [...messages];
      add("queue messages written", all.length);
      add("queue calls");
      return queue.sendBatch(all, options);
    },
  });
}

function countedNamespace<T extends RealIntake | RealFeed | RealLimiter>(
  namespace: DurableObjectNamespace<T>,
  unit: string,
): DurableObjectNamespace<T> {
  const count = (stub: DurableObjectStub<T>): DurableObjectStub<T> =>
    new Proxy(stub, {
      get(_, name) {
        const member: unknown = Reflect.get(stub, name);
        if (typeof member !== "function") return member;
        return (...args: unknown[]): unknown => {
          add(unit);
          return Reflect.apply(member, stub, args);
        };
      },
    });
  return overlay(namespace, {
    get: (id, options) => count(namespace.get(id, options)),
    getByName: (name, options) => count(namespace.getByName(name, options)),
  });
}

const statements = new WeakMap<D1PreparedStatement, { real: D1PreparedStatement; sql: string }>();

function countedDatabase(database: D1Database): D1Database {
  return overlay(database, {
    prepare: (sql) => countedStatement(database.prepare(sql), sql),
    async batch<Row>(list: D1PreparedStatement[]) {
      const known = list.map((one) => statements.get(one) ?? { real: one, sql: "unknown" });
      const results = await database.batch<Row>(known.map(({ real }) => real));
      results.forEach((result, n) => note(known[n]?.sql ?? "unknown", result.meta));
      add("D1 batches");
      return results;
    },
  });
}

function countedStatement(real: D1PreparedStatement, sql: string): D1PreparedStatement {
  const all = async <Row>(): Promise<D1Result<Row>> => {
    const result = await real.all<Row>();
    note(sql, result.meta);
    return result;
  };
  const proxy = overlay(real, {
    bind: (...values) => countedStatement(real.bind(...values), sql),
    all,
    run: all,
    async first(column?: string) {
      const [row] = (await all<Record<string, unknown>>()).results;
      return row === undefined ? null : column === undefined ? row : row[column];
    },
  });
  statements.set(proxy, { real, sql });
  return proxy;
}

/** Long enough to tell one statement from another. */
const nameLength = 50;

function note(sql: string, meta: D1Meta): void {
  const name = sql.trim().replaceAll(/\s+/g, " ").slice(0, nameLength);
  add("D1 queries");
  add(`D1 queries: ${name}`);
  add("D1 rows written", meta.rows_written);
  add("D1 rows read", meta.rows_read);
  add(`D1 rows written: ${name}`, meta.rows_written);
}

/** Rows that the object writes to its own storage bill like D1's. A cursor knows its number once it has been read. */
function countStorage(storage: DurableObjectStorage, unit: string): void {
  const { sql } = storage;
  const exec = sql.exec.bind(sql);
  sql.exec = <T extends Record<string, SqlStorageValue>>(query: string, ...values: unknown[]) => {
    const cursor = exec<T>(query, ...values);
    queueMicrotask(() => add(unit, cursor.rowsWritten));
    return cursor;
  };
  const setAlarm = storage.setAlarm.bind(storage);
  storage.setAlarm = async (time, options) => {
    add(unit);
    await setAlarm(time, options);
  };
}
