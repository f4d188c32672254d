// The first attempts of events that are not in D1 yet: which were offered, granted, refused, and how they ended.
import type { FirstOutcome, Opened } from "../d1/settlement.ts";
import type { Grant, Granted } from "../types.ts";
import type { Grants } from "./grants.ts";
import type { BellSeed } from "./journal.ts";

/** How long a group waits for the end of an attempt that was granted, in ms: D1 then has it as under way. */
const OUTCOME_MS = 1_000;

/** One destination of an event whose first attempt was offered. */
interface Place {
  /** `asked`: not decided. `open`: granted, and under way for all we know. `queue`: not granted. */
  phase: "asked" | "open" | "queue" | "ended";
  decidedAt: number;
  outcome: FirstOutcome | null;
  readonly decided: PromiseWithResolvers<boolean>;
}

interface Offered {
  readonly receipt: string;
  readonly size: number;
  isWritten: boolean;
  /** Whether an earlier life of the object has offered it. */
  isFound: boolean;
  readonly places: Map<string, Place>;
  /** Those who told an outcome, and wait until it is in D1 or in the journal. */
  readonly kept: PromiseWithResolvers<void>;
}

/** What one commit says of first attempts, and of whom. */
export interface Snapshot {
  readonly opened: readonly Opened[];
  /** Destinations that the queue has to ring for, by event: offered, and not attempted. */
  readonly unsent: ReadonlyMap<string, readonly string[]>;
  /** Outcomes that are in it. */
  readonly told: readonly { id: string; destination: string }[];
}

/** First attempts in the memory of one Intake object, from the offer until D1 has the event. */
export class Firsts {
  readonly #grants: Grants;
  readonly #now: () => number;
  readonly #offered = new Map<string, Offered>();
  readonly #dropped = new Set<string>();
  #wake: (() => void) | null = null;

  constructor(grants: Grants, now: () => number) {
    this.#grants = grants;
    this.#now = now;
  }

  /** Before the event is journaled: its row says the same. */
  offer(id: string, receipt: string, size: number, destinations: readonly string[]): void {
    if (destinations.length === 0) return;
    const places = new Map(destinations.map((destination) => [destination, newPlace()] as const));
    const kept = Promise.withResolvers<void>();
    kept.promise.catch(() => {});
    this.#dropped.delete(id);
    this.#offered.set(id, { receipt, size, isWritten: false, isFound: false, places, kept });
  }

  /** An event that an earlier life of this object has journaled: whatever was offered may be under way. */
  found(id: string, receipt: string, size: number, destinations: readonly string[]): void {
    this.offer(id, receipt, size, destinations);
    const one = this.#offered.get(id);
    if (one === undefined) return;
    one.isWritten = true;
    one.isFound = true;
    for (const place of one.places.values()) decide(place, "open", this.#now());
  }

  /** The event is durable. */
  written(id: string): void {
    const one = this.#offered.get(id);
    if (one !== undefined) one.isWritten = true;
  }

  /** It may not be journaled, so that its sender hears that it was not accepted. If it is after all, the queue has it. */
  drop(id: string): void {
    this.#dropped.add(id);
    for (const place of this.#offered.get(id)?.places.values() ?? []) decide(place, "queue", this.#now());
  }

  /** Whether this event may be in the journal although its sender was told that it is not. */
  isUnsure(id: string): boolean {
    return this.#dropped.has(id);
  }

  /** The journal is empty. */
  drained(): void {
    for (const id of this.#dropped) this.#offered.delete(id);
    this.#dropped.clear();
  }

  /** Asks for the grants of a durable event, unless D1 turned out to know it. */
  begin(id: string, isNew: boolean, admits: (destination: string) => boolean): void {
    for (const [destination, place] of this.#offered.get(id)?.places ?? []) {
      if (place.phase !== "asked") continue;
      if (!isNew || !admits(destination)) this.#decide(place, false);
      else
        this.#grants.ask(destination, `${id}:${destination}`, (granted) => {
          // A pause that was confirmed while this one waited.
          if (granted && !admits(destination)) {
            this.#grants.leave(destination, `${id}:${destination}`, null);
            this.#decide(place, false);
          } else this.#decide(place, granted);
        });
    }
  }

  /** What is decided so far of an event. */
  granted(id: string): Granted {
    const places = [...(this.#offered.get(id)?.places ?? [])];
    const inPhase = (phase: Place["phase"]) =>
      places.filter(([, place]) => place.phase === phase).map(([destination]) => destination);
    return { go: inPhase("open"), wait: inPhase("asked") };
  }

  /** Waits for the decision on one destination; `null` where the queue has it, and `unknown` where an earlier life may have granted it. */
  async ask(id: string, receipt: string, destination: string): Promise<Grant | "unknown" | null> {
    const one = this.#offered.get(id);
    const place = one?.places.get(destination);
    if (place === undefined || one?.receipt !== receipt || one.isFound) return "unknown";
    const askedAt = this.#now();
    if (!(await place.decided.promise)) return null;
    const now = this.#now();
    return { ageMs: Math.max(0, now - place.decidedAt), heldMs: now - askedAt };
  }

  /**
   * Takes outcomes of an event. Resolves once D1 has them; `null` where the event is not waiting for D1 any more, or another
   * acceptance has opened it.
   */
  ended(id: string, receipt: string, outcomes: readonly FirstOutcome[]): Promise<void> | null {
    const one = this.#offered.get(id);
    if (one === undefined || one.receipt !== receipt) return null;
    for (const outcome of outcomes) {
      const place = one.places.get(outcome.destination);
      if (place === undefined || place.outcome !== null) continue;
      place.outcome = outcome;
      decide(place, outcome.state === "unsent" ? "queue" : "ended", this.#now());
    }
    this.#nudge();
    return one.kept.promise;
  }

  /**
   * Whether the first attempt of an event that is not in D1 yet has used up its schedule: a repeat opens it again.
   *
   * @param journaled outcomes that the journal has
   */
  exhausted(id: string, journaled: readonly FirstOutcome[]): boolean {
    const told = [...(this.#offered.get(id)?.places.values() ?? [])].map(({ outcome }) => outcome);
    return [...told, ...journaled].some((one) => one?.state === "failed" && one.reason === "exhausted");
  }

  /** When the events of these seeds may go to D1 as they are; a time that has passed means now, `Infinity` not before a decision. */
  readyAt(seeds: readonly BellSeed[]): number {
    let at = -Infinity;
    for (const [id] of seeds)
      for (const place of this.#offered.get(id)?.places.values() ?? []) {
        if (place.phase === "asked") return Infinity;
        if (place.phase === "open") at = Math.max(at, place.decidedAt + OUTCOME_MS);
      }
    return at;
  }

  /** Resolves when something has been decided or has ended. */
  changed(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  /**
   * What D1 is told with these events. Of what was offered and is not in memory nothing is known: it may be under way.
   *
   * @param journaled outcomes that the journal has
   */
  snapshot(seeds: readonly BellSeed[], journaled: (id: string) => readonly FirstOutcome[]): Snapshot {
    const opened: Opened[] = [];
    const unsent = new Map<string, string[]>();
    const told: { id: string; destination: string }[] = [];
    for (const [id, , , , opening] of seeds) {
      const first = opening?.first;
      if (opening === undefined || first === undefined) continue;
      const { receipt } = opening;
      const one = this.#offered.get(id);
      const kept = journaled(id);
      for (const destination of first.to) {
        const place = one?.places.get(destination);
        const outcome = kept.find((other) => other.destination === destination) ?? place?.outcome ?? null;
        if (outcome !== null) told.push({ id, destination });
        if (outcome !== null && outcome.state !== "unsent") opened.push({ id, receipt, ...outcome });
        else if (outcome !== null || place?.phase === "queue") unsent.set(id, [...(unsent.get(id) ?? []), destination]);
        else opened.push({ id, receipt, destination, state: "delivering", leaseUntil: first.until });
      }
    }
    return { opened, unsent, told };
  }

  /** D1 has these events with what the snapshot says. Returns outcomes that came while it was on its way. */
  committed(seeds: readonly BellSeed[], snapshot: Snapshot): Late[] {
    const told = new Set(snapshot.told.map(keyOf));
    const late: Late[] = [];
    for (const [id, size] of seeds) {
      const one = this.#offered.get(id);
      if (one === undefined) continue;
      this.#offered.delete(id);
      const outcomes = [...one.places.values()]
        .map(({ outcome }) => outcome)
        .filter((outcome) => outcome !== null && outcome.state !== "unsent")
        .filter((outcome) => !told.has(keyOf({ id, destination: outcome.destination })));
      if (outcomes.length === 0) one.kept.resolve();
      else late.push({ id, receipt: one.receipt, size, outcomes, kept: one.kept });
    }
    return late;
  }

  /** Outcomes of events that D1 does not take at present, for the journal; their events leave the memory if all of them have ended. */
  unkept(): Late[] {
    const all: Late[] = [];
    for (const [id, { receipt, size, places, kept, isWritten }] of this.#offered) {
      const outcomes = [...places.values()].map(({ outcome }) => outcome).filter((outcome) => outcome !== null);
      if (outcomes.length === 0 || !isWritten) continue;
      all.push({ id, receipt, size, outcomes, kept });
    }
    return all;
  }

  /** The journal has these outcomes: whoever told them may go, and what has ended altogether need not be remembered. */
  journaled(all: readonly Late[]): void {
    for (const { id, kept } of all) {
      kept.resolve();
      const one = this.#offered.get(id);
      if (one !== undefined && [...one.places.values()].every(({ outcome }) => outcome !== null))
        this.#offered.delete(id);
    }
  }

  #decide(place: Place, granted: boolean): void {
    decide(place, granted ? "open" : "queue", this.#now());
    if (!granted) this.#nudge();
  }

  #nudge(): void {
    this.#wake?.();
    this.#wake = null;
  }
}

/** Outcomes that come after their event. */
export interface Late {
  readonly id: string;
  readonly receipt: string;
  readonly size: number;
  readonly outcomes: readonly FirstOutcome[];
  readonly kept: PromiseWithResolvers<void>;
  /** Whether the journal keeps it, and no event of that name waits for D1. */
  readonly isKept?: boolean;
}

function newPlace(): Place {
  return { phase: "asked", decidedAt: 0, outcome: null, decided: Promise.withResolvers<boolean>() };
}

function decide(place: Place, phase: "open" | "queue" | "ended", now: number): void {
  if (place.phase === "asked") place.decidedAt = now;
  place.phase = phase;
  place.decided.resolve(phase === "open");
}

function keyOf({ id, destination }: { id: string; destination: string }): string {
  return `${id}:${destination}`;
}
