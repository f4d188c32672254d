// Bindings that are counted as they are used: calls to objects, messages to a queue, rows of an object's own storage.
import type { Told, Use } from "./use.ts";

/**
 * A stub whose calls are counted, each of them a billed request. What an object throws because of a limit is noted.
 *
 * @param carries names of calls that take along, as one more argument, what this isolate has not told yet
 */
export function meteredStub<Stub extends object>(stub: Stub, use: Use, carries: readonly PropertyKey[] = []): Stub {
  return new Proxy(stub, {
    get(_, name) {
      const member: unknown = Reflect.get(stub, name);
      if (typeof member !== "function") return member;
      return async (...args: unknown[]): Promise<unknown> => {
        use.add("object_requests");
        const told: Told | null = carries.includes(name) ? use.take() : null;
        try {
          return await Reflect.apply(member, stub, told === null ? args : [...args, told]);
        } catch (error) {
          if (told !== null) use.addAll(told);
          use.failed(error);
          throw error;
        }
      };
    },
  });
}

/** A queue whose messages are counted as they are written; whoever reads a message adds two operations. */
export function meteredQueue<Body>(queue: Queue<Body>, use: Use): Pick<Queue<Body>, "sendBatch"> {
  return {
    async sendBatch(messages) {
      const all = [...messages];
      use.add("queue_operations", all.length);
      try {
        return await queue.sendBatch(all);
      } catch (error) {
        use.failed(error);
        throw error;
      }
    },
  };
}

/**
 * A pause in an object's work that is shorter than this, in ms, is spent waiting for D1 or for a timer: it stays
 * awake.
 */
const NAP_MS = 1_000;
/** An object is billed for 128 MB while it is awake. */
const GB = 0.128;

/**
 * What one object uses: the rows of its storage, its alarms, and, as an estimate from its work, how long it is
 * awake.
 */
export class MeteredObject {
  readonly #use: Use;
  readonly #now: () => number;
  #running = 0;
  #at = -Infinity;

  /** @param storage its rows are counted from now on */
  constructor(storage: DurableObjectStorage | null, use: Use, now: () => number) {
    this.#use = use;
    this.#now = now;
    if (storage !== null) meterStorage(storage, use);
  }

  /** Takes over what a caller has used. */
  hears(told: Told): void {
    this.#use.addAll(told);
  }

  /** Awake until this ends. */
  async during<T>(work: Promise<T>): Promise<T> {
    this.#mark(1);
    try {
      return await work;
    } finally {
      this.#mark(-1);
    }
  }

  /** An alarm is a billed request. */
  async alarm(work: Promise<void>): Promise<void> {
    this.#use.add("object_requests");
    await this.during(work);
  }

  #mark(by: 1 | -1): void {
    const now = this.#now();
    const passed = now - this.#at;
    if (this.#running > 0 || passed <= NAP_MS) this.#use.add("object_gb_s", (passed / 1000) * GB);
    this.#at = now;
    this.#running += by;
  }
}

/** A cursor knows its numbers once it was read, in the turn that made it. */
function meterStorage(storage: DurableObjectStorage, use: Use): void {
  const { sql } = storage;
  const exec = sql.exec.bind(sql);
  sql.exec = <Row extends Record<string, SqlStorageValue>>(query: string, ...values: unknown[]) => {
    const cursor = exec<Row>(query, ...values);
    queueMicrotask(() => {
      use.add("object_rows_written", cursor.rowsWritten);
      use.add("object_rows_read", cursor.rowsRead);
    });
    return cursor;
  };
  const setAlarm = storage.setAlarm.bind(storage);
  storage.setAlarm = async (time, options) => {
    use.add("object_rows_written");
    await setAlarm(time, options);
  };
}
