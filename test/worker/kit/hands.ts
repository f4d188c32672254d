// An Intake object in the test's hands: the storage is real; D1, the queue, the sweep and the clock do what the test wants.
import { runInDurableObject } from "cloudflare:test";
import * as z from "zod";
import type { FeedRpc } from "../../../src/feed/door.ts";
import type { IntakeRpc } from "../../../src/intake/door.ts";
import type { Candidate } from "../../../src/intake/gathering.ts";
import { IntakeCore, type IntakeDeps } from "../../../src/intake/intake.ts";
import type { BellSeed } from "../../../src/intake/journal.ts";
import type { Log } from "../../../src/log.ts";
import type { EndedFirst } from "../../../src/d1/settle.ts";
import type { Opened, Settled } from "../../../src/d1/settlement.ts";
import type { AskKnown, AskRepeats } from "../../../src/d1/known.ts";
import type { Bell, Event, Rate } from "../../../src/types.ts";
import { bindings } from "./relay.ts";

/** Far enough ahead that no alarm which a test sets goes off by itself. */
export const THEN = Date.parse("2090-01-01T00:00:00Z");

/** Lines by event name, in place of the console. */
export class Logged implements Log {
  readonly lines: { level: string; event: string; fields: Readonly<Record<string, unknown>> }[] = [];
  info = (event: string, fields: object): void => this.#note("info", event, fields);
  warn = (event: string, fields: object): void => this.#note("warn", event, fields);
  error = (event: string, fields: object): void => this.#note("error", event, fields);

  of(event: string): Readonly<Record<string, unknown>>[] {
    return this.lines.filter((line) => line.event === event).map(({ fields }) => fields);
  }

  #note(level: string, event: string, fields: object): void {
    this.lines.push({ level, event, fields: { ...fields } });
  }
}

const Ids = z.array(z.object({ id: z.string() }));
const idsIn = (rows: string): string[] => Ids.parse(JSON.parse(rows)).map(({ id }) => id);

export class Hands implements IntakeDeps {
  clock = THEN;
  /** Groups that were offered to D1, as the ids of their events. */
  readonly offered: string[][] = [];
  readonly rung: Bell[] = [];
  /** What the feed would hear. */
  readonly heard: BellSeed[] = [];
  readonly log = new Logged();
  readonly storage: DurableObjectStorage;
  /** What the storage was told, in order. */
  readonly told: string[] = [];
  /** Bytes that the storage says it holds; `null`: what it really holds. */
  bytes: number | null = null;
  sync: () => Promise<void>;
  /** What watchers would hear of first attempts. */
  readonly ended: Settled[] = [];
  readonly shards = 1;
  onCommit: (rows: string, due: number, opened: readonly Opened[], again: boolean) => Promise<Bell[]> = () =>
    Promise.resolve([]);
  /** Settles what comes after its event: D1 says that none of it counted, unless a test gives it a D1. */
  onSettle: (ended: readonly EndedFirst[], now: number) => Promise<{ id: string; destination: string }[]> = () =>
    Promise.resolve([]);
  /** What D1 knows of events that may be repeats. */
  repeats: AskRepeats = () => Promise.resolve([]);
  /** Destinations that D1 says are paused. */
  paused: string[] = [];
  onSweep: () => Promise<number | null> = () => Promise.resolve(null);

  constructor(storage: DurableObjectStorage) {
    this.sync = () => storage.sync();
    const { told } = this;
    this.storage = new Proxy(storage, {
      get: (target, key) => {
        if (key === "sync") {
          return async () => {
            told.push("sync");
            await this.sync();
          };
        }
        if (key === "setAlarm") {
          return async (at: number) => {
            told.push("alarm");
            await target.setAlarm(at);
          };
        }
        if (key === "sql") return this.#sql(target.sql);
        const value: unknown = Reflect.get(target, key, target);
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
  }

  #sql(sql: SqlStorage): SqlStorage {
    return new Proxy(sql, {
      get: (target, key) => {
        if (key === "databaseSize") return this.bytes ?? target.databaseSize;
        const value: unknown = Reflect.get(target, key, target);
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
  }

  now = (): number => this.clock;

  onKnown: AskKnown = async (ids) => ({ events: await this.repeats(ids), paused: [...this.paused] });

  known: AskKnown = async (ids) => await this.onKnown(ids);

  commit = async (rows: string, due: number, opened: readonly Opened[], again: boolean): Promise<Bell[]> => {
    this.offered.push(idsIn(rows));
    return await this.onCommit(rows, due, opened, again);
  };

  settleFirsts = async (ended: readonly EndedFirst[], now: number) => await this.onSettle(ended, now);

  ring = async (bells: readonly Bell[]): Promise<void> => {
    this.rung.push(...bells);
    await Promise.resolve();
  };

  sweep = async (): Promise<number | null> => await this.onSweep();

  tell = (seeds: readonly BellSeed[], settled: readonly Settled[]): void => {
    this.heard.push(...seeds);
    this.ended.push(...settled);
  };

  /** As the object's constructor does it; a second one is a restart. */
  async start(): Promise<IntakeCore> {
    const core = new IntakeCore(this.storage, this);
    await core.recover();
    return core;
  }

  /** What the journal holds, as the ids of each row's events. */
  journal(): string[][] {
    const rows = [...this.storage.sql.exec<{ rows: string }>("SELECT rows FROM journal ORDER BY seq")];
    return rows.map((row) => idsIn(`[${row.rows}]`));
  }
}

/** Runs inside an object that nobody else uses. */
export async function inObject(use: (hands: Hands) => Promise<void>, name = "intake-of-the-test"): Promise<void> {
  const stub = bindings.INTAKE.get(bindings.INTAKE.idFromName(name));
  await runInDurableObject(stub, async (_, { storage }) => {
    await use(new Hands(storage));
  });
}

export const idOf = (n: number): string => `evt_${String(n).padStart(32, "0")}`;

/** Asks for the acceptance of event `n`; `receipt` tells repeats apart. It offers no first attempt: see `offering`. */
export function candidate(n: number, change: Partial<Event> = {}, rate: Rate | null = null): Candidate {
  const event: Event = {
    id: idOf(n),
    receipt: `receipt-${n}`,
    source: "acme",
    type: "test",
    receivedAt: THEN,
    verifiedBy: "ACME_SECRET",
    headers: {},
    encoding: "text",
    size: 2,
    body: "{}",
    parts: 0,
    matched: [{ destination: "first", route: "acme" }],
    ...change,
  };
  const { id, receipt, source, size, matched } = event;
  return {
    id,
    receipt,
    source,
    rate,
    row: JSON.stringify(event),
    bells: [id, size, matched.map(({ destination }) => destination)],
  };
}

/** The same, from an isolate that can make the first attempts to these destinations itself. */
export function offering(n: number, to: readonly string[] = ["first"], change: Partial<Event> = {}): Candidate {
  const matched = to.map((destination) => ({ destination, route: "acme" }));
  return { ...candidate(n, { matched, ...change }), first: to };
}

/** A promise that the test keeps in its hand. */
export function held<T>(): { promise: Promise<T>; resolve: (value: T) => void; reject: (error: Error) => void } {
  return Promise.withResolvers<T>();
}

const unused = async (): Promise<never> => await Promise.reject(new Error("unused"));

/** An object that nobody may ask anything but what a test gives in `some`. */
export function rpc(some: Partial<IntakeRpc>): IntakeRpc {
  const rest = {
    grant: unused,
    ended: unused,
    pause: unused,
    enlist: unused,
    heed: unused,
    release: unused,
    holds: unused,
  };
  return { accept: unused, acceptAll: unused, status: unused, remind: unused, ...rest, ...some };
}

/** A Feed object of which only this is asked. */
export function feedRpc(some: Partial<FeedRpc>): FeedRpc {
  const pushes = { exporting: unused, exported: unused, exportState: unused };
  const rest = { spent: unused, lately: unused, silences: unused, lifetime: unused, fetch: unused, ...pushes };
  return { tell: unused, steps: unused, totals: unused, use: unused, ...rest, ...some };
}
