// How do N Intake objects scale that take so many requests a second each, before one D1? A seeded discrete-event model; pure.
import { Dice } from "../sim/dice.ts";
import { percentile } from "./statistics.ts";
import { Clock, Server } from "./virtual-time.ts";

/** What the model takes for granted, in ms unless a name says otherwise. Where each comes from: docs/shards.md. */
export interface World {
  /** Requests a second that one object takes, acceptances and outcomes alike. */
  readonly requests: number;
  /** One sync of the journal, and the way between an isolate and an object. */
  readonly sync: number;
  readonly way: number;
  /** D1 does one thing at a time: a commit and what it adds for each event, a look for repeats and what it adds for each id. */
  readonly commit: number;
  readonly commitEach: number;
  readonly look: number;
  readonly lookEach: number;
  /** The way to D1 and back. */
  readonly d1Way: number;
  /** Events in one commit, and the time between the beginnings of two commits of one object. */
  readonly group: number;
  readonly pace: number;
  /** First attempts under way to one destination and in all, divided among the objects; how many destinations; an attempt. */
  readonly mostToOne: number;
  readonly mostInAll: number;
  readonly destinations: number;
  readonly attempt: number;
}

export const WORLD: World = {
  requests: 400,
  sync: 10,
  way: 5,
  commit: 10,
  commitEach: 0.2,
  look: 1,
  lookEach: 0.02,
  d1Way: 20,
  group: 400,
  pace: 100,
  mostToOne: 64,
  mostInAll: 512,
  destinations: 8,
  attempt: 80,
};

/** An object that is further behind is given up by the edge, whose sender comes again later. */
const PATIENCE = 2_500;
/** D1 says how things are within this time, or is taken for silent; a grant is waited for this long; a commit waits so long for ends. */
const SILENT = 1_000;
const GRANT_WAIT = 5_000;
const OUTCOME_WAIT = 1_000;

export interface Load {
  readonly shards: number;
  /** Whether all events are of one source with a rate: such a source keeps to one object. */
  readonly rated: boolean;
  /** Events that are sent a second, whatever becomes of them. */
  readonly perSecond: number;
  readonly seconds: number;
  readonly seed: number;
}

export interface Result {
  /** Events a second, after a warm-up. */
  readonly accepted: number;
  readonly delivered: number;
  readonly inD1: number;
  /** From the request to the answer, in ms. */
  readonly p50: number;
  readonly p99: number;
  /** Of the delivered: how many took the queue's way. */
  readonly queued: number;
}

const WARM_UP = 0.25;

/** Runs one load. */
export function simulate(load: Load, world: World = WORLD): Result {
  const clock = new Clock();
  const dice = new Dice(load.seed, `shards ${load.shards} ${load.rated}`);
  const [end, begin] = [load.seconds * 1000, load.seconds * 1000 * WARM_UP];
  const waits: number[] = [];
  const counts = { accepted: 0, delivered: 0, inD1: 0, queued: 0 };
  const count: Count = (what, many = 1) => {
    if (clock.now >= begin && clock.now < end) counts[what] += many;
  };
  const d1 = new Server(clock);
  const objects = Array.from({ length: load.shards }, () => new Shard(clock, d1, dice, load.shards, world, count));
  const send = () => {
    const sentAt = clock.now;
    const shard = objects[load.rated ? 0 : Math.floor(dice.next() * load.shards)];
    clock.after(world.way, () =>
      shard?.accept(() => {
        count("accepted");
        if (clock.now >= begin && clock.now < end) waits.push(clock.now + world.way - sentAt);
      }),
    );
    clock.after((-Math.log(1 - dice.next()) / load.perSecond) * 1000, send);
  };
  send();
  clock.run(end);
  const rate = (what: keyof typeof counts) => Math.round(counts[what] / ((end - begin) / 1000));
  return {
    accepted: rate("accepted"),
    delivered: rate("delivered"),
    inD1: rate("inD1"),
    p50: Math.round(percentile(waits, 0.5)),
    p99: Math.round(percentile(waits, 0.99)),
    queued: counts.queued / Math.max(1, counts.delivered),
  };
}

/** An event between its acceptance and D1. */
interface Journaled {
  readonly destination: number;
  state: "asked" | "open" | "ended" | "queue";
  grantedAt: number;
}

type Count = (what: "accepted" | "delivered" | "inD1" | "queued", many?: number) => void;

/** One object: a server of requests, a journal, grants, and one commit at a time. */
class Shard {
  readonly #clock: Clock;
  readonly #d1: Server;
  readonly #dice: Dice;
  readonly #world: World;
  readonly #count: Count;
  readonly #requests: Server;
  readonly #mostToOne: number;
  readonly #mostInAll: number;
  readonly #openTo: number[];
  #open = 0;
  #gathering: { event: Journaled; answered: () => void }[] = [];
  #isSyncing = false;
  #toLook: Journaled[] = [];
  #isLooking = false;
  #silentUntil = -1;
  #waiting: Journaled[] = [];
  #journal: Journaled[] = [];
  #isCommitting = false;

  constructor(clock: Clock, d1: Server, dice: Dice, shards: number, world: World, count: Count) {
    this.#clock = clock;
    this.#d1 = d1;
    this.#dice = dice;
    this.#world = world;
    this.#count = count;
    this.#requests = new Server(clock);
    this.#mostToOne = Math.max(1, Math.floor(world.mostToOne / shards));
    this.#mostInAll = Math.max(1, Math.floor(world.mostInAll / shards));
    this.#openTo = Array.from({ length: world.destinations }, () => 0);
  }

  accept(answered: () => void): void {
    if (this.#requests.behind > PATIENCE) return;
    this.#requests.ask(1000 / this.#world.requests, () => {
      const destination = Math.floor(this.#dice.next() * this.#world.destinations);
      this.#gathering.push({ event: { destination, state: "asked", grantedAt: 0 }, answered });
      this.#sync();
    });
  }

  #sync(): void {
    if (this.#isSyncing || this.#gathering.length === 0) return;
    this.#isSyncing = true;
    const group = this.#gathering;
    this.#gathering = [];
    this.#clock.after(this.#world.sync, () => {
      this.#isSyncing = false;
      for (const { event, answered } of group) {
        this.#journal.push(event);
        this.#toLook.push(event);
        answered();
      }
      this.#look();
      this.#drain();
      this.#sync();
    });
  }

  /** Asks D1 for many at a time which of them it has; one that is silent for a second is not asked for the next. */
  #look(): void {
    if (this.#clock.now < this.#silentUntil) {
      for (const event of this.#toLook.splice(0)) this.#ask(event);
      return;
    }
    if (this.#isLooking || this.#toLook.length === 0) return;
    this.#isLooking = true;
    const group = this.#toLook.splice(0, 500);
    let isOver = false;
    const over = (silent: boolean) => {
      if (isOver) return;
      isOver = true;
      this.#isLooking = false;
      if (silent) this.#silentUntil = this.#clock.now + SILENT;
      for (const event of group) this.#ask(event);
      this.#look();
    };
    const { look, lookEach, d1Way } = this.#world;
    this.#clock.after(SILENT, () => over(true));
    this.#clock.after(d1Way / 2, () =>
      this.#d1.ask(look + group.length * lookEach, () => this.#clock.after(d1Way / 2, () => over(false))),
    );
  }

  #ask(event: Journaled): void {
    if (this.#hasRoom(event)) {
      this.#grant(event);
      return;
    }
    this.#waiting.push(event);
    this.#clock.after(GRANT_WAIT, () => {
      if (event.state !== "asked") return;
      event.state = "queue";
      this.#waiting = this.#waiting.filter((one) => one !== event);
      this.#drain();
    });
  }

  #hasRoom({ destination }: Journaled): boolean {
    return this.#open < this.#mostInAll && (this.#openTo[destination] ?? 0) < this.#mostToOne;
  }

  #grant(event: Journaled): void {
    const { way, attempt } = this.#world;
    event.state = "open";
    event.grantedAt = this.#clock.now;
    this.#open += 1;
    this.#openTo[event.destination] = (this.#openTo[event.destination] ?? 0) + 1;
    // Half of it is the least that an attempt takes.
    const takes = attempt * (0.5 - 0.5 * Math.log(1 - this.#dice.next()));
    this.#clock.after(2 * way + takes, () => {
      this.#count("delivered");
      this.#requests.ask(1000 / this.#world.requests, () => {
        event.state = "ended";
        this.#open -= 1;
        this.#openTo[event.destination] = (this.#openTo[event.destination] ?? 1) - 1;
        const next = this.#waiting.findIndex((one) => this.#hasRoom(one));
        const [waiter] = next < 0 ? [] : this.#waiting.splice(next, 1);
        if (waiter !== undefined) this.#grant(waiter);
        this.#drain();
      });
    });
  }

  #isReady({ state, grantedAt }: Journaled): boolean {
    if (state === "open") return this.#clock.now - grantedAt >= OUTCOME_WAIT;
    return state !== "asked";
  }

  /** One commit at a time, of what is ready, in the order in which it came. */
  #drain(): void {
    if (this.#isCommitting) return;
    const [first] = this.#journal;
    if (first === undefined) return;
    const { group, commit, commitEach, d1Way, pace } = this.#world;
    const most = this.#journal.slice(0, group);
    const stop = most.findIndex((event) => !this.#isReady(event));
    const ready = stop < 0 ? most : most.slice(0, stop);
    if (ready.length === 0) {
      // What is decided is looked at when it ends, or when it has been under way for a second.
      if (first.state === "open") this.#later(first.grantedAt + OUTCOME_WAIT - this.#clock.now);
      return;
    }
    this.#isCommitting = true;
    this.#journal.splice(0, ready.length);
    const began = this.#clock.now;
    const rung = ready.filter(({ state }) => state === "queue").length;
    // A delivery by the queue is claimed and settled, each by a statement of its own.
    const costs = commit + (ready.length + 2 * rung) * commitEach;
    this.#clock.after(d1Way / 2, () =>
      this.#d1.ask(costs, () => {
        this.#count("inD1", ready.length);
        this.#count("delivered", rung);
        this.#count("queued", rung);
        this.#clock.after(Math.max(d1Way / 2, began + pace - this.#clock.now), () => {
          this.#isCommitting = false;
          this.#drain();
        });
      }),
    );
  }

  #isTimed = false;

  #later(ms: number): void {
    if (this.#isTimed) return;
    this.#isTimed = true;
    this.#clock.after(Math.max(1, ms), () => {
      this.#isTimed = false;
      this.#drain();
    });
  }
}
