// Isolates and the invocations that run in them: who is alive, whose clock it is, and what dies with whom.
/* oxlint-disable promise/always-return -- these promises are ends, nobody goes on from them */
import { AsyncLocalStorage } from "node:async_hooks";
import type { Scheduler } from "./scheduler.ts";
import { EPOCH } from "./scheduler.ts";
import type { Fault, Kind, Point } from "./faults.ts";

/** The invocation on whose behalf code is running; nobody's between the moments. */
export const running = new AsyncLocalStorage<Invocation>();

/** A promise of a dead caller, or of a call that nobody will ever answer. */
export const never = <T>(): Promise<T> => new Promise<T>(() => {});

export class Isolate {
  readonly name: string;
  readonly scheduler: Scheduler;
  /** Which version of the configuration it was started with. */
  readonly version: number;
  /** How far its clock is off, in ms. */
  skew = 0;
  alive = true;
  readonly invocations = new Set<Invocation>();
  readonly onLog: (level: string, text: string) => void;
  #rolls = 0;

  constructor(name: string, scheduler: Scheduler, version: number, onLog: (level: string, text: string) => void) {
    this.name = name;
    this.scheduler = scheduler;
    this.version = version;
    this.onLog = onLog;
  }

  /** What its clock shows, in ms since 1970. */
  wall(): number {
    return Math.floor(EPOCH + this.scheduler.now + this.skew);
  }

  dice(): number {
    this.#rolls += 1;
    return this.scheduler.roll(`${this.name} dice ${this.#rolls}`);
  }

  /** Memory, timers and promises are gone at once; what is on the wire may still arrive. */
  kill(): void {
    if (!this.alive) return;
    this.alive = false;
    for (const invocation of this.invocations) invocation.end("its isolate was killed");
  }
}

/** One event handler at work. Its promises and timers belong to it and die with it, as on the platform. */
export class Invocation {
  readonly isolate: Isolate;
  readonly what: string;
  alive = true;
  /** Timers, and calls without an answer: for as long as there are some, an object does not hibernate. */
  pending = 0;
  /** Calls that it made, for I-13. */
  readonly did: string[] = [];
  /** What this handler's own clock was promised: a sync that was asked for, and the like. */
  readonly #ends: ((why: string) => void)[] = [];
  /** An end that comes from outside: a client that goes away takes the invocation with it. */
  cancellable = true;

  constructor(isolate: Isolate, what: string) {
    this.isolate = isolate;
    this.what = what;
    isolate.invocations.add(this);
  }

  onEnd(run: (why: string) => void): void {
    this.#ends.push(run);
  }

  end(why: string): void {
    if (!this.alive) return;
    this.alive = false;
    this.isolate.invocations.delete(this);
    for (const run of this.#ends) run(why);
  }

  run<T>(work: () => T): T {
    return running.run(this, work);
  }
}

/** What the relay's class offers. */
export interface Instance {
  alarm(): Promise<void>;
  [method: string]: (...args: unknown[]) => Promise<unknown>;
}

export type Construct = (state: object, isolate: Isolate) => Instance;

/** What a handler is given beside its event. */
export function contextOf(invocation: Invocation, waitUntil: (promise: Promise<unknown>) => void): object {
  return {
    waitUntil: (promise: Promise<unknown>) => waitUntil(promise),
    passThroughOnException: () => {},
    props: { invocation: invocation.what },
  };
}

/** What a caller may do and see: the effect may take place, or not, and the answer may come, or not. */
export interface Call<T> {
  readonly kind: Kind;
  readonly what: string;
  /** Runs at the other end, once at most. */
  readonly effect: () => T | Promise<T>;
  /** The platform's words when it fails. */
  readonly error: string;
  /** Faults that only this kind of call knows. */
  readonly special?: (fault: Fault, point: Point) => (() => T | Promise<T>) | null;
  /** Told of a fault before anything happens. */
  readonly felt?: (fault: Fault) => void;
  /** Whether the other end is out of order at this moment, and how it behaves then. */
  readonly outage?: () => "throws" | "hangs" | null;
}

/** A call to a binding: the one way from an isolate to the world, and the yield point at which everything may happen. */
export function call<T>(scheduler: Scheduler, wanted: Call<T>): Promise<T> {
  const caller = running.getStore();
  if (caller === undefined || !caller.alive) return never();
  const { point, fault } = scheduler.pass(wanted.kind, wanted.what);
  caller.did.push(point.name);
  scheduler.tell("detail", caller.isolate.name, point.name);
  if (fault !== null) wanted.felt?.(fault);
  const chance = scheduler.roll(`wire ${point.name}`);
  let there = scheduler.latency(point, "there");
  let back = scheduler.latency(point, "back");
  if (fault === "slow") back += 500 + chance * 6000;
  if (fault === "late") {
    // Around the length of a lease: before it ends, just then, and after.
    if (chance < 0.7) there += 50_000 + chance * 100_000;
    else back += 40_000 + chance * 60_000;
  }
  const special = fault === null ? null : (wanted.special?.(fault, point) ?? null);

  caller.pending += 1;
  return new Promise<T>((resolve, reject) => {
    const answer = (say: () => void) =>
      scheduler.after(back, () => {
        caller.pending -= 1;
        if (caller.alive) say();
      });
    const fail = () => answer(() => reject(new Error(wanted.error)));

    scheduler.after(there, () => {
      // Killed or cancelled while the request was on the wire: it may have left, or not.
      if (!caller.alive && chance < 0.5) return;
      const outage = wanted.outage?.() ?? null;
      if (outage !== null) {
        if (outage === "throws") fail();
        return;
      }
      if (fault === "kill before") caller.isolate.kill();
      if (fault === "cancel before" && caller.cancellable) caller.end("its client went away");
      if (fault === "hang" || fault === "kill before" || fault === "cancel before") return;
      if (fault === "throw before") {
        fail();
        return;
      }
      const act = async () => await (special ?? wanted.effect)();
      act().then(
        (value) => {
          if (fault === "kill after") caller.isolate.kill();
          else if (fault === "cancel after" && caller.cancellable) caller.end("its client went away");
          else if (fault === "throw after") fail();
          else if (fault !== "hang after") answer(() => resolve(value));
        },
        (error: unknown) => {
          answer(() => reject(error instanceof Error ? error : new Error(String(error))));
        },
      );
    });
  });
}
