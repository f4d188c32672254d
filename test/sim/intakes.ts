// The Intake objects of a world, by their names: each is made when it is first opened, and has a storage and lives of its own.
import type { DatabaseSync } from "node:sqlite";
import { DurableObject } from "./durable.ts";
import type { Construct, Isolate } from "./isolate.ts";
import type { Scheduler } from "./scheduler.ts";

type Outage = "throws" | "hangs" | null;
type Make = (name: string, kept: DatabaseSync | null, outage: () => Outage) => DurableObject;

export class Intakes {
  readonly #make: Make;
  readonly #kept: ReadonlyMap<string, DatabaseSync>;
  readonly #opened = new Map<string, DurableObject>();
  outage: () => Outage = () => null;
  /** Which object an outage strikes; `null` for all of them. */
  struck: string | null = null;
  /** Told of each call that reaches an object, and of each that was answered. */
  onCall: (name: string, method: string, args: readonly unknown[]) => void = () => {};
  onAnswer: (method: string, args: readonly unknown[]) => void = () => {};

  /** @param kept the storages of an earlier world, empty */
  constructor(kept: ReadonlyMap<string, DatabaseSync>, make: Make) {
    this.#kept = kept;
    this.#make = make;
  }

  /** What `namespace.getByName(…)` opens. */
  of(name: string): DurableObject {
    const known = this.#opened.get(name);
    if (known !== undefined) return known;
    const isStruck = () => this.struck === null || this.struck === name;
    const object = this.#make(name, this.#kept.get(name) ?? null, () => (isStruck() ? this.outage() : null));
    object.onCall = (method, args) => this.onCall(name, method, args);
    object.onAnswer = (method, args) => this.onAnswer(method, args);
    this.#opened.set(name, object);
    return object;
  }

  /** Those that have ever run. */
  get all(): DurableObject[] {
    return [...this.#opened.values()].filter(({ lives }) => lives > 0);
  }

  /** One of those that have run, and `intake-0` before any has. */
  one(chance: number): DurableObject {
    const { all } = this;
    return all[Math.floor(chance * all.length)] ?? this.of("intake-0");
  }

  /** Whether D1 has everything that they were given. */
  get empty(): boolean {
    return this.all.every(({ storage }) => storage.empty);
  }

  /** The storages of this world and of those before it. */
  get databases(): Map<string, DatabaseSync> {
    const opened = [...this.#opened].map(([name, { storage }]) => [name, storage.database] as const);
    return new Map([...this.#kept, ...opened]);
  }
}

/** A database and the objects' storages of an earlier world, empty. */
export interface Kept {
  readonly d1: DatabaseSync;
  readonly intakes: ReadonlyMap<string, DatabaseSync>;
  readonly feed: DatabaseSync;
}

/** The objects of a kind of which each destination has its own: theirs have nothing that a world leaves to the next. */
export function objectsOf(
  kind: "limiter" | "tunnel",
  scheduler: Scheduler,
  isolate: (name: string) => Isolate,
  open: Construct,
): Intakes {
  return new Intakes(new Map(), (name, kept, outage) => {
    const called = `${kind}-${name}`;
    return Object.assign(new DurableObject(called, scheduler, kept, () => isolate(called), open), { outage });
  });
}
