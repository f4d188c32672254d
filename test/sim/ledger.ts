// What an observer outside the relay knows: every request and its answer, every arrival, every move of a row, every line of the log.
import type { Move } from "./d1.ts";
import type { Invocation, Isolate } from "./isolate.ts";
import type { Arrival } from "./network.ts";
import type { Plan } from "./plan.ts";
import type { Platform } from "./platform.ts";
import type { Scheduler } from "./scheduler.ts";
import type { Brought } from "./brought.ts";
import { type Asked, bodyOfEdit } from "./edits.ts";
import type { Erased } from "./erased.ts";
import type { Muted } from "./muted.ts";
import { type Answered, bodyOf, type Letter } from "./senders.ts";

/** One request at the front door. */
export interface Try {
  readonly letter: Letter;
  readonly at: number;
  /** Set when the relay answers, whether or not the sender hears it. */
  readonly answer: Answered;
  readonly answeredAt: number;
  readonly by: Invocation;
  /** From a 2xx. */
  readonly id: string | null;
  readonly status: string | null;
  /** Which object was asked first, and which life of it this was. */
  readonly life: string;
}

export interface Moved extends Move {
  readonly id: string;
  readonly at: number;
}

/** A request that began, whether or not it was ever answered. */
export interface Begun {
  readonly letter: Letter;
  readonly at: number;
  readonly version: number;
  /** It was told in the sender's list, and nobody has posted it. */
  readonly fetched?: true;
}

export class Ledger {
  readonly plan: Plan;
  readonly scheduler: Scheduler;
  readonly platform: Platform;
  /** Senders that have not given up and have not been let in. */
  waiting = 0;
  readonly begun: Begun[] = [];
  readonly tries: Try[] = [];
  readonly moves: Moved[] = [];
  readonly lines: { isolate: Isolate; level: string; text: string }[] = [];
  /** What an admin has asked to be sent in the place of an event's own body. */
  readonly edits: Asked[] = [];
  /** What was imported of another relay's. */
  readonly brought: Brought[] = [];
  /** Orders to delete all of a subject. */
  readonly erased: Erased[] = [];
  /** Events whose deletion the operator has asked for, and those that are deleted for all that it was told. */
  readonly ordered = new Set<string>();
  readonly deleted = new Set<string>();
  /** Mutes that were answered. */
  readonly mutes: Muted[] = [];
  /** Pauses that were answered as confirmed by every object, and resumes when they were asked for. */
  readonly pauses: { destination: string; paused: boolean; askedAt: number; at: number }[] = [];
  /** Deliveries whose first attempt was told, and its end taken over by the object. */
  readonly told = new Map<string, { receipt: string; startedAt: number }[]>();
  /** The objects that each event has reached. */
  readonly #reached = new Map<string, Set<string>>();
  readonly rung: { delivery: string; attempt: number; at: number }[] = [];
  readonly #ids = new Map<number, string>();

  constructor(plan: Plan, platform: Platform) {
    this.plan = plan;
    this.platform = platform;
    this.scheduler = platform.scheduler;
    platform.intakes.onAnswer = (method, args) => {
      if (method === "ended") this.#hear(args);
    };
    platform.intakes.onCall = (name, method, [asked]) => {
      if (method !== "accept" && method !== "acceptAll") return;
      for (const candidate of Array.isArray(asked) ? asked : [asked]) {
        const { id } = Object(candidate);
        this.#reached.set(String(id), (this.#reached.get(String(id)) ?? new Set()).add(name));
      }
    };
  }

  /** Intake's `ended` has answered. */
  #hear([all]: readonly unknown[]): void {
    for (const one of Array.isArray(all) ? all : []) {
      const { id, receipt, outcomes } = Object(one);
      for (const outcome of Array.isArray(outcomes) ? outcomes : []) {
        const { destination, state, startedAt } = Object(outcome);
        const name = `${String(id)}:${String(destination)}`;
        if (state === "unsent") continue;
        this.told.set(name, [...(this.told.get(name) ?? []), { receipt: String(receipt), startedAt }]);
      }
    }
  }

  /** The public id of an event's row. */
  idOf(seq: number): string {
    // Once retention has removed the newest event, another one may get its number.
    const [row] = this.platform.d1.look<{ id: string }>("SELECT id FROM events WHERE seq = ?1", seq);
    if (row !== undefined) this.#ids.set(seq, row.id);
    return this.#ids.get(seq) ?? `row ${seq}`;
  }

  arrivalsOf(id: string, destination: string): Arrival[] {
    return this.platform.network.arrivals.filter(
      (arrival) => arrival.destination === destination && arrival.headers["webhook-id"] === id,
    );
  }

  movesOf(id: string, destination: string): Moved[] {
    return this.moves.filter((move) => move.id === id && move.destination === destination);
  }

  /** Whether the event has come to several objects, because their number was changed. */
  hasMoved(id: string): boolean {
    return (this.#reached.get(id)?.size ?? 0) > 1;
  }

  /** The object that this request came to, and which life of it that is. */
  lifeOf(by: Invocation): string {
    const asked = by.did.find((name) => name.startsWith("rpc accept"));
    const name = /intake-\d+/.exec(asked ?? "")?.[0] ?? "intake-0";
    return `${name} ${this.platform.intakes.of(name).lives}`;
  }

  /** The letter that an event came from, by what its sender was answered. */
  letterOf(id: string): Letter | null {
    return this.tries.find((one) => one.id === id)?.letter ?? null;
  }

  /** Whether the bytes are those of any honest letter that was posted, or of an edit that was asked for. */
  knows(source: string, body: Uint8Array, kept = bodyOf): boolean {
    return (
      this.begun.some(({ letter }) => letter.forged === null && letter.source === source && same(kept(letter), body)) ||
      this.edits.some(({ edit }) => same(bodyOfEdit(edit), body)) ||
      this.brought.some((one) => same(one.body, body))
    );
  }

  /** Whether clocks were moved in this world: times are then no evidence. */
  get skewed(): boolean {
    return this.plan.steps.some((step) => step.do === "skew");
  }

  /** Whether nothing but destinations went wrong. */
  get calm(): boolean {
    const harmless = new Set(["post", "mood"]);
    return this.scheduler.hits.length === 0 && this.plan.steps.every((step) => harmless.has(step.do));
  }
}

/** Notes what an invariant has found, if anything. */
export function tellOf({ scheduler }: Ledger, invariant: string, says: string | null | undefined): void {
  if (says !== null && says !== undefined) scheduler.violate(invariant, says);
}

export function same(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}
