// A Durable Object: one incarnation at a time, storage that is real SQLite and durable at a sync, an alarm that is kept until it was heard.
import type { DatabaseSync } from "node:sqlite";
import { call, type Construct, type Instance, Invocation, type Isolate } from "./isolate.ts";
import { EPOCH, type Scheduler } from "./scheduler.ts";
import { Sockets } from "./sockets.ts";
import { sqlOf, Storage } from "./storage.ts";
import { dying, stubbed } from "./stub.ts";

interface Incarnation {
  readonly isolate: Isolate;
  readonly context: Invocation;
  readonly instance: Instance;
  ready: Promise<void>;
}

/** https://developers.cloudflare.com/durable-objects/api/alarms/: six repeats, two seconds and then twice as long each time. */
const ALARM_REPEATS = 6;
/** The platform resets an object whose storage does not answer ("storage operation exceeded timeout which caused object to be reset"). */
const STORAGE_LIMIT_MS = 30_000;
/** Why an object is gone whose sockets stay. */
const HIBERNATED = "hibernates";
/** Alarms in a minute beyond which the relay only keeps itself awake: it asks for one a second at most. */
const SPIN = 75;
/** An alarm handler has 15 minutes. */
const ALARM_LIMIT_MS = 15 * 60_000;

export class DurableObject {
  readonly name: string;
  readonly scheduler: Scheduler;
  readonly #construct: Construct;
  readonly #isolate: () => Isolate;
  readonly storage: Storage;
  readonly #sockets = new Sockets(this);
  #incarnation: Incarnation | null = null;
  #ringing: (() => void) | null = null;
  #ringingAt = Infinity;
  /** Calls and words of sockets that it has not dealt with. */
  #calls = 0;
  #running: { at: number; version: number } | null = null;
  #alarmVersion = 0;
  #failures = 0;
  readonly #heard: number[] = [];
  /** Told of a call that has reached it, and of one that was answered. */
  onCall: (method: string, args: readonly unknown[]) => void = () => {};
  onAnswer: (method: string, args: readonly unknown[]) => void = () => {};
  /** Incarnations so far. */
  lives = 0;
  outage: () => "throws" | "hangs" | null = () => null;

  constructor(
    name: string,
    scheduler: Scheduler,
    kept: DatabaseSync | null,
    isolate: () => Isolate,
    construct: Construct,
  ) {
    this.name = name;
    this.scheduler = scheduler;
    this.#construct = construct;
    this.#isolate = isolate;
    this.storage = new Storage(kept, () => scheduler.now);
  }

  get isolate(): Isolate | null {
    return this.#incarnation?.isolate ?? null;
  }

  /** What `namespace.get(…)` gives. */
  stub(): object {
    const method =
      (name: string) =>
      (...args: unknown[]) =>
        call(this.scheduler, {
          kind: "rpc",
          what: this.#called(name),
          error: "Network connection lost.",
          outage: this.outage,
          effect: () => this.#serve(name, args),
          special: (fault) =>
            dying(
              fault,
              (why) => this.kill(why),
              () => this.#serve(name, args),
            ),
        });
    return new Proxy(
      {},
      { get: (_, name) => (typeof name === "string" && name !== "then" ? method(name) : undefined) },
    );
  }

  /** The name of a yield point: worlds with one Intake object need not say which. */
  #called(method: string): string {
    return /^intake-[1-9]/.test(this.name) ? `${method} ${this.name}` : method;
  }

  /** Memory is gone, and of the storage whatever no sync has confirmed: some of the latest turns, or all of them. */
  kill(why: string): void {
    const one = this.#incarnation;
    if (one === null) return;
    this.#incarnation = null;
    this.scheduler.tell("fault", this.name, `dies: ${why}`);
    one.isolate.kill();
    if (why !== HIBERNATED) this.#sockets.die();
    const lost = this.storage.crash(this.scheduler.roll(`survive ${this.name} ${this.lives}`));
    if (lost > 0) this.scheduler.tell("fault", this.name, `${lost} unsynced turns are lost`);
    this.#running = null;
    this.#ringingAt = Infinity;
    this.#schedule(1000 + this.scheduler.roll(`again ${this.name} ${this.lives}`) * 4000);
  }

  /** An idle object leaves its memory; nothing else is lost. */
  evict(): void {
    this.storage.confirm(this.storage.mark());
    this.kill("evicted");
  }

  /** It leaves its memory while its sockets stay: where it is called, awaits an answer or has set a timer, it does not. */
  hibernate(): void {
    if (this.#incarnation === null || this.#calls > 0 || this.#incarnation.context.pending > 0) return;
    this.storage.confirm(this.storage.mark());
    this.kill(HIBERNATED);
  }

  /** One of its sockets has something to say, and it wakes up for that. */
  hear(method: string, ...args: readonly unknown[]): void {
    this.#serve(method, args).catch(() => {});
  }

  async #serve(name: string, args: readonly unknown[]): Promise<unknown> {
    const { context, instance, isolate, ready } = this.#open();
    this.#calls += 1;
    this.onCall(name, args);
    const died = new Promise<never>((_, reject) => {
      context.onEnd(() => reject(new Error("The Durable Object was reset.")));
    });
    died.catch(() => {});
    const work = async () => {
      await ready;
      return await context.run(async () => await instance[name]?.(...args));
    };
    const answer = await Promise.race([work(), died]).finally(() => {
      this.#calls -= 1;
    });
    if (!isolate.alive) throw new Error("The Durable Object was reset.");
    this.onAnswer(name, args);
    return stubbed(answer, {
      scheduler: this.scheduler,
      desk: this.#called("desk"),
      outage: this.outage,
      alive: () => isolate.alive,
      run: (asked) => context.run(asked),
      kill: (why) => this.kill(why),
    });
  }

  #open(): Incarnation {
    if (this.#incarnation !== null) return this.#incarnation;
    this.lives += 1;
    const isolate = this.#isolate();
    const context = new Invocation(isolate, "the object");
    context.cancellable = false;
    let ready = Promise.resolve();
    const instance = context.run(() =>
      this.#construct(
        {
          id: { equals: (id: string) => id === this.name },
          storage: this.#storage(context),
          ...this.#sockets.state,
          blockConcurrencyWhile: (work: () => Promise<void>) => {
            ready = work().catch((error: unknown) => {
              this.kill(`its constructor failed: ${String(error)}`);
              throw error;
            });
            ready.catch(() => {});
            return ready;
          },
        },
        isolate,
      ),
    );
    this.#incarnation = { isolate, context, instance, ready };
    context.onEnd(() => {
      if (this.#incarnation?.isolate === isolate) this.kill("its isolate was killed");
    });
    return this.#incarnation;
  }

  #storage(context: Invocation): object {
    return {
      sql: sqlOf(this.storage, context),
      sync: () => this.#sync(),
      getAlarm: async () => await Promise.resolve(this.#alarm(true)),
      setAlarm: async (at: number) => {
        this.#alarmVersion += 1;
        this.storage.alarm = at;
        this.#schedule(0);
        await Promise.resolve();
      },
    };
  }

  #sync(): Promise<void> {
    const mark = this.storage.mark();
    return call(this.scheduler, {
      kind: "sync",
      what: this.name,
      error: "Internal error in Durable Object storage write.",
      felt: (fault) => {
        if (fault !== "hang") return;
        const { lives } = this;
        this.scheduler.after(STORAGE_LIMIT_MS, () => {
          if (this.lives === lives) this.kill("a storage operation exceeded its timeout");
        });
      },
      effect: () => this.storage.confirm(mark),
    });
  }

  #alarm(seenFromInside = false): number | null {
    const at = this.storage.alarm;
    if (seenFromInside && this.#running !== null && this.#running.version === this.#alarmVersion) return null;
    return at;
  }

  /** Sees to it that the platform calls at the alarm's time, and not before `atLeast` ms from now. */
  #schedule(atLeast: number): void {
    const at = this.#alarm();
    if (at === null || (this.#running !== null && this.#running.version === this.#alarmVersion)) return;
    const when = Math.max(at - EPOCH, this.scheduler.now + atLeast);
    if (this.#ringing !== null && this.#ringingAt <= when) return;
    this.#ringing?.();
    this.#ringingAt = when;
    this.#ringing = this.scheduler.after(when - this.scheduler.now, () => {
      this.#ringing = null;
      this.#ringingAt = Infinity;
      this.#ring();
    });
  }

  #ring(): void {
    const at = this.#alarm();
    if (at === null || this.#running !== null) return;
    if (at - EPOCH > this.scheduler.now + 1) {
      this.#schedule(0);
      return;
    }
    const { point, fault } = this.scheduler.pass("alarm", this.name);
    this.#heard.push(this.scheduler.now);
    if (this.#heard.length > SPIN && this.scheduler.now - (this.#heard.at(-SPIN) ?? 0) < 60_000)
      this.scheduler.violate("I-11", `the alarm rang ${SPIN} times in a minute: it spins`);
    const chance = this.scheduler.roll(`alarm ${point.name}`);
    if (fault === "delay" || fault === "delay long") {
      const ms = (fault === "delay" ? 120_000 : 1_200_000) * chance;
      this.#ringingAt = this.scheduler.now + ms;
      this.#ringing = this.scheduler.after(ms, () => {
        this.#ringing = null;
        this.#ringingAt = Infinity;
        this.#hear(at, chance);
      });
      return;
    }
    if (fault === "kill soon") this.scheduler.after(chance * 60, () => this.kill("during its alarm"));
    if (fault === "twice") this.scheduler.after(chance * 60, () => this.#hearAgain());
    this.#hear(at, chance);
  }

  /** The platform may call a handler whose end it did not hear of once more. */
  #hearAgain(): void {
    const { context, instance, ready } = this.#open();
    ready.then(() => context.run(async () => await instance.alarm())).catch(() => {});
  }

  #hear(at: number, chance: number): void {
    if (this.#running !== null) return;
    const { context, instance, ready, isolate } = this.#open();
    const run = { at, version: this.#alarmVersion };
    this.#running = run;
    this.scheduler.tell("detail", this.name, "alarm");
    const ended = (failed: boolean) => {
      if (this.#running !== run || !isolate.alive) return;
      this.#running = null;
      if (!failed) this.#failures = 0;
      else this.#failures += 1;
      if (this.#alarmVersion === run.version && (!failed || this.#failures > ALARM_REPEATS)) this.storage.alarm = null;
      this.#schedule(failed ? 2000 * 2 ** this.#failures : chance * 5);
    };
    const stopWatch = this.scheduler.after(ALARM_LIMIT_MS, () => {
      if (this.#running === run) this.kill("its alarm took more than 15 minutes");
    });
    ready
      .then(() => context.run(async () => await instance.alarm()))
      .then(
        () => ended(false),
        () => ended(true),
      )
      .finally(stopWatch);
  }
}
