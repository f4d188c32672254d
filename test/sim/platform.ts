// The platform around the Worker: isolates and deploys, the front door, the consumer, cron, the objects and the bindings.
/* oxlint-disable promise/always-return -- these promises are ends, nobody goes on from them */
import { Cron } from "./cron.ts";
import { D1 } from "./d1.ts";
import { DurableObject } from "./durable.ts";
import type { Fault } from "./faults.ts";
import { outside } from "./globals.ts";
import { Intakes, type Kept, objectsOf } from "./intakes.ts";
import { contextOf, Invocation, Isolate } from "./isolate.ts";
import { Bank } from "./banked.ts";
import { Hook } from "./gapped.ts";
import { Collector, countedIn } from "./measured.ts";
import { Network } from "./network.ts";
import { type Batch, Queue } from "./queue.ts";
import type { Scheduler } from "./scheduler.ts";
import { type Answered, pause } from "./senders.ts";
import { HOSTS, type Vars } from "./settings.ts";
import { socketOf } from "./sockets.ts";
import { Things } from "./things.ts";
import { Desk } from "./tunnelled.ts";
import { Bucket, guardOf, Resolver, serviceOf } from "./ways.ts";
import { Vault } from "./vault.ts";
import { Bodies } from "./bodied.ts";
import type { Worker } from "./worker.ts";

/** After a handler has ended, `waitUntil` has this long, in ms. */
const WAIT_UNTIL_MS = 30_000;
/** A cron handler has 15 minutes. */
const HANDLER_LIMIT_MS = 15 * 60_000;
/** How long a client waits for an answer before it hangs up, in ms. */
const CLIENT_PATIENCE_MS = 20_000;
/** Isolates that serve requests, batches and cron at the same time. */
const SLOTS = 2;

export class Platform {
  readonly scheduler: Scheduler;
  readonly #worker: Worker;
  readonly d1: D1;
  readonly intakes: Intakes;
  readonly feed: DurableObject;
  readonly limiters: Intakes;
  readonly tunnels: Intakes;
  readonly desk: Desk;
  readonly queue: Queue;
  readonly network: Network;
  readonly #versions: Vars[];
  /** The version that one slot still runs while the latest is rolled out. */
  #older: number | null = null;
  readonly #slots: (Isolate | null)[] = Array.from({ length: SLOTS }, () => null);
  readonly bucket = new Bucket();
  readonly vault = new Vault();
  readonly bodies = new Bodies();
  readonly resolver = new Resolver();
  readonly things: Things;
  readonly collector: Collector;
  readonly hook: Hook;
  readonly bank: Bank;
  readonly cron: Cron;
  readonly #envs = new WeakMap<Isolate, object>();
  readonly isolates: Isolate[] = [];
  readonly #started = new Map<string, number>();
  onLog: (isolate: Isolate, level: string, text: string) => void = () => {};

  constructor(scheduler: Scheduler, worker: Worker, vars: Vars, kept: Kept | null) {
    this.scheduler = scheduler;
    this.#worker = worker;
    this.#versions = [vars];
    this.d1 = new D1(scheduler, kept?.d1 ?? null);
    this.network = new Network(scheduler);
    for (const [host, name] of HOSTS) this.network.hosts.set(host, name);
    this.things = new Things(scheduler, this.network);
    this.collector = new Collector(scheduler, this.network.moods, () => countedIn(this, "told"));
    this.hook = new Hook(scheduler, this.network.moods);
    this.bank = new Bank(scheduler, this.network.moods);
    const reach = this.bank.before(this.hook.before(this.collector.before(this.things.before(this.network.reach))));
    outside.reach = this.resolver.before(scheduler, reach);
    pause.next = () =>
      new Promise((resolve) => {
        scheduler.after(40, resolve);
      });
    this.queue = new Queue(scheduler, (batch, limit) => this.#consume(batch, limit));
    this.intakes = new Intakes(kept?.intakes ?? new Map(), (name, own, outage) => {
      const isolate = () => this.#isolate(name === "intake-0" ? "intake" : name);
      const open = (state: object, by: Isolate) => new this.#worker.Intake(state, this.#env(by));
      return Object.assign(new DurableObject(name, scheduler, own, isolate, open), { outage });
    });
    const feed = (state: object, by: Isolate) => new this.#worker.Feed(state, this.#env(by));
    this.feed = new DurableObject("feed", scheduler, kept?.feed ?? null, () => this.#isolate("feed"), feed);
    const limiter = (state: object, by: Isolate) => new this.#worker.Limiter(state, this.#env(by));
    this.limiters = objectsOf("limiter", scheduler, (name) => this.#isolate(name), limiter);
    const tunnel = (state: object, by: Isolate) => new this.#worker.Tunnel(state, this.#env(by));
    this.tunnels = objectsOf("tunnel", scheduler, (name) => this.#isolate(name), tunnel);
    this.desk = new Desk(this);
    this.cron = new Cron(scheduler, this.d1, (chance) => this.#scheduled(chance));
    this.d1.onWrite = () => this.cron.plan();
    this.cron.plan();
  }

  get vars(): Vars {
    return this.varsOf(this.#versions.length - 1);
  }

  varsOf(version: number): Vars {
    const vars = this.#versions[version];
    if (vars === undefined) throw new Error(`there is no version ${version}`);
    return vars;
  }

  /**
   * New isolates get it, and the objects restart; what is under way ends under the old one.
   *
   * @param bothMs how long one slot goes on with the old version, as in a gradual deployment
   */
  deploy(vars: Vars, bothMs = 0): void {
    const version = this.#versions.push(vars) - 1;
    this.#older = bothMs > 0 ? version - 1 : null;
    this.#slots.fill(null, bothMs > 0 ? 1 : 0);
    this.scheduler.after(bothMs, () => {
      if (this.#older === null || version !== this.#versions.length - 1) return;
      this.#older = this.#slots[0] = null;
    });
    for (const object of [...this.intakes.all, ...this.tunnels.all]) object.kill("a deploy");
  }

  /** Kills the isolate of a slot, if it runs. */
  kill(slot: number): void {
    this.#slots[slot]?.kill();
  }

  /** Sets the clock of whatever runs, and of nothing that starts later. */
  skew(who: number | DurableObject, ms: number): void {
    const isolate = typeof who === "number" ? this.#slots[who] : who.isolate;
    if (isolate !== null && isolate !== undefined) isolate.skew += ms;
  }

  /** Whether nobody is doing anything. */
  get idle(): boolean {
    return this.queue.open === 0 && this.isolates.every(({ alive, invocations }) => !alive || idleInside(invocations));
  }

  /**
   * A request at the front door.
   *
   * @param request made when it arrives
   * @param answered called in the moment in which the answer leaves the relay
   * @returns what the client hears; rejects where it hears nothing
   */
  post(
    what: string,
    request: (fault: Fault | null, by: Invocation) => Request,
    answered: (answer: Answered, by: Invocation) => void,
  ): Promise<Answered> {
    const { scheduler } = this;
    const { point, fault } = scheduler.pass("ingress", what);
    const chance = scheduler.roll(`door ${point.name}`);
    return new Promise((resolve, reject) => {
      const lost = () => reject(new Error("the connection was lost"));
      const arrive = (hears: boolean) => {
        const isolate = this.#slot(scheduler.roll(`slot ${point.name} ${hears}`));
        const invocation = new Invocation(isolate, `fetch ${what}`);
        invocation.onEnd(() => {
          if (invocation.cancellable && hears) scheduler.after(1, lost);
        });
        // Once there is an answer, `waitUntil` keeps it alive whatever the client does.
        const hangUp = (why: string) => {
          if (invocation.cancellable) invocation.end(why);
        };
        scheduler.after(CLIENT_PATIENCE_MS, () => hangUp("its client gave up"));
        if (fault === "disconnect") scheduler.after(chance * 60, () => hangUp("its client went away"));
        if (fault === "disconnect at once") scheduler.after(0, () => hangUp("its client went away"));
        const behind: Promise<unknown>[] = [];
        this.#serve(invocation, request(fault, invocation), behind).then(
          (answer) => {
            answered(answer, invocation);
            invocation.cancellable = false;
            this.#finish(invocation, behind);
            if (!hears) return;
            if (fault === "answer lost") scheduler.after(30, lost);
            else scheduler.after(scheduler.latency(point, "back"), () => resolve(answer));
          },
          () => {},
        );
      };
      scheduler.after(scheduler.latency(point, "there"), () => arrive(true));
      // A client library, or a proxy, that repeats what it thinks was lost.
      if (fault === "twice") scheduler.after(scheduler.latency(point, "there") + chance * 200, () => arrive(false));
    });
  }

  /** The handler has ended: what it left to `waitUntil` has thirty seconds. */
  #finish(invocation: Invocation, behind: readonly Promise<unknown>[]): void {
    this.scheduler.after(behind.length === 0 ? 0 : WAIT_UNTIL_MS, () => invocation.end("waitUntil has 30 s"));
    Promise.allSettled(behind).then(
      () => invocation.end("done"),
      () => {},
    );
  }

  async #serve(invocation: Invocation, request: Request, behind: Promise<unknown>[]): Promise<Answered> {
    return await invocation.run(async () => {
      const response = await this.#worker.default.fetch(
        request,
        this.#env(invocation.isolate),
        contextOf(invocation, (promise) => behind.push(promise)),
      );
      return { status: response.status, text: await response.text(), headers: response.headers, ...socketOf(response) };
    });
  }

  #consume(batch: Batch, limitMs: number): { done: Promise<void>; invocation: Invocation } {
    const { scheduler } = this;
    const isolate = this.#slot(scheduler.roll(`consumer ${JSON.stringify(batch.messages[0])}`));
    const invocation = new Invocation(isolate, `queue of ${batch.messages.length}`);
    const behind: Promise<unknown>[] = [];
    scheduler.after(limitMs, () => invocation.end("it took more than 15 minutes"));
    const died = new Promise<never>((_, reject) => {
      invocation.onEnd((why) => {
        if (why !== "done") reject(new Error(why));
      });
    });
    died.catch(() => {});
    const work = invocation.run(async () => {
      const context = contextOf(invocation, (promise) => behind.push(promise));
      await this.#worker.default.queue(batch, this.#env(isolate), context);
    });
    const done = Promise.race([work, died]);
    done.then(
      () => this.#finish(invocation, behind),
      () => invocation.end("it threw"),
    );
    return { done, invocation };
  }

  #scheduled(chance: number): void {
    const invocation = new Invocation(this.#slot(chance), "cron");
    const behind: Promise<unknown>[] = [];
    this.scheduler.after(HANDLER_LIMIT_MS, () => invocation.end("it took more than 15 minutes"));
    const work = invocation.run(async () => {
      const env = this.#env(invocation.isolate);
      const context = contextOf(invocation, (promise) => behind.push(promise));
      await this.#worker.default.scheduled({ cron: "* * * * *" }, env, context);
    });
    work.then(
      () => this.#finish(invocation, behind),
      () => invocation.end("it threw"),
    );
  }

  #slot(chance: number): Isolate {
    const slot = Math.floor(chance * SLOTS);
    let isolate = this.#slots[slot] ?? null;
    if (isolate === null || !isolate.alive) {
      isolate = this.#isolate(`edge-${slot}`);
      this.#slots[slot] = isolate;
    }
    return isolate;
  }

  #isolate(kind: string): Isolate {
    const { scheduler } = this;
    // Counted for each kind: one isolate less must not rename, and so reroll, all others.
    const count = (this.#started.get(kind) ?? 0) + 1;
    this.#started.set(kind, count);
    const latest = this.#versions.length - 1;
    const version = kind === "edge-0" ? (this.#older ?? latest) : latest;
    const isolate: Isolate = new Isolate(`${kind}.${count}`, scheduler, version, (level, text) =>
      this.onLog(isolate, level, text),
    );
    this.isolates.push(isolate);
    return isolate;
  }

  #env(isolate: Isolate): object {
    const known = this.#envs.get(isolate);
    if (known !== undefined) return known;
    const { scheduler } = this;
    const env = {
      ...this.varsOf(isolate.version),
      DB: this.d1.binding(),
      PARTNER: serviceOf(this.network),
      ARCHIVE: this.bucket.binding(scheduler),
      EVENT_ARCHIVE: this.vault.binding(scheduler),
      EVENT_BODIES: this.bodies.binding(scheduler),
      DELIVERIES: this.queue.binding(),
      DEAD_LETTERS: this.queue.binding(),
      INTAKE: { idFromName: (name: string) => name, getByName: (name: string) => this.intakes.of(name).stub() },
      FEED: { getByName: () => this.feed.stub() },
      LIMITER: { getByName: (name: string) => this.limiters.of(name).stub() },
      TUNNEL: { getByName: (name: string) => this.desk.heardBy(this.tunnels.of(name).stub()) },
      FLOOD_GUARD: guardOf(scheduler),
    };
    this.#envs.set(isolate, env);
    return env;
  }
}

function idleInside(invocations: ReadonlySet<Invocation>): boolean {
  return [...invocations].every(({ what }) => what === "the object");
}
