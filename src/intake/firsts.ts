// The first attempts of events that are not in D1 yet: which were offered, granted, refused, and how they ended.
import type { FirstOutcome, Opened } from "../d1/settlement.ts";
import type { Grant, Granted } from "../types.ts";
import type { Grants } from "./grants.ts";
import type { BellSeed } from "./journal.ts";
import { type Late, Offered } from "./offered.ts";
import { attemptName, type Ending, nameOf } from "./outcomes.ts";
import type { Place } from "./place.ts";

/**
 * How long an event waits for the end of an attempt that was granted, in ms: D1 then has it as under way. Where the
 * queue has to ring for another destination, it waits no longer than this for a decision either.
 */
const OUTCOME_MS = 1_000;

/** What one commit says of first attempts, and of whom. */
export interface Snapshot {
  readonly opened: readonly Opened[];
  /** Destinations that the queue has to ring for, by event: offered, and not attempted. */
  readonly unsent: ReadonlyMap<string, readonly string[]>;
  /** Outcomes that are in it. */
  readonly told: readonly Ending[];
}

/** First attempts in the memory of one Intake object, from the offer until D1 has the event. */
export class Firsts {
  readonly #grants: Grants;
  readonly #now: () => number;
  readonly #offered = new Map<string, Offered>();
  /** Events with a decision or an outcome that the journal would have to keep if D1 did not take it. */
  readonly #news = new Set<string>();
  /** Events that may be in the journal although their sender was told otherwise, and up to which row they would be. */
  readonly #dropped = new Map<string, number>();
  #wake: (() => void) | null = null;

  constructor(grants: Grants, now: () => number) {
    this.#grants = grants;
    this.#now = now;
  }

  /** Before the event is journaled: its row says the same. */
  offer(id: string, receipt: string, size: number, destinations: readonly string[]): void {
    if (destinations.length > 0) this.#add(id, receipt, size, destinations, false);
  }

  /**
   * An event that an earlier life of this object has journaled: whatever was offered may be under way.
   *
   * @param endings outcomes that the journal has of it
   */
  found(id: string, receipt: string, size: number, destinations: readonly string[], endings: readonly Ending[]): void {
    for (const [destination, place] of this.#add(id, receipt, size, destinations, true).places) {
      const ending = endings.find(({ outcome }) => outcome.destination === destination);
      place.isKept = ending !== undefined;
      place.end(ending?.outcome ?? null, this.#now());
    }
  }

  /** The event is durable. */
  written(id: string): void {
    const one = this.#offered.get(id);
    if (one !== undefined) one.isWritten = true;
  }

  /**
   * It may not be journaled, so that its sender hears that it was not accepted. If it is after all, the queue has it.
   *
   * @param seq the highest journal row in which it may be
   */
  drop(id: string, seq: number): void {
    this.#dropped.set(id, seq);
    for (const place of this.#offered.get(id)?.places.values() ?? []) place.decide("queue", this.#now());
  }

  /** Whether this event may be in the journal although its sender was told that it is not. */
  isUnsure(id: string): boolean {
    return this.#dropped.has(id);
  }

  /** D1 has every journal row up to this one. */
  drained(upTo: number): void {
    for (const [id, seq] of this.#dropped) {
      if (seq > upTo) continue;
      this.#dropped.delete(id);
      this.#forget(id);
    }
  }

  /** Asks for the grants of a durable event, unless D1 turned out to know it. */
  begin(id: string, isNew: boolean, admits: (destination: string) => boolean): void {
    const one = this.#offered.get(id);
    for (const [destination, place] of one?.places ?? []) {
      if (one === undefined || place.phase !== "asked") continue;
      const key = attemptName(id, one.receipt, destination);
      if (!isNew || !admits(destination)) this.#decide(id, place, false);
      else
        this.#grants.ask(destination, key, (granted) => {
          // A pause was confirmed while this one waited, or its event had to go to D1.
          const isRefused = granted && (place.phase !== "asked" || !admits(destination));
          if (isRefused) this.#grants.leave(destination, key, null);
          if (place.phase === "asked") this.#decide(id, place, granted && !isRefused);
        });
    }
  }

  /** What is decided so far of an event. */
  granted(id: string): Granted {
    return this.#offered.get(id)?.granted ?? { go: [], wait: [] };
  }

  /**
   * Waits for the decision on one destination; `null` where the queue has it, and `unknown` where an earlier life may
   * have granted it.
   */
  async ask(id: string, receipt: string, destination: string): Promise<Grant | "unknown" | null> {
    const one = this.#offered.get(id);
    const place = one?.places.get(destination);
    if (place === undefined || one?.receipt !== receipt || one.isFound) return "unknown";
    const askedAt = this.#now();
    if (!(await place.decided)) return null;
    const now = this.#now();
    return { ageMs: Math.max(0, now - place.decidedAt), heldMs: now - askedAt };
  }

  /**
   * Takes outcomes of an event. Resolves once each of them is in D1 or in the journal; `null` where the event is not
   * waiting for D1 any more, or another acceptance has opened it.
   */
  ended(id: string, receipt: string, outcomes: readonly FirstOutcome[]): Promise<unknown> | null {
    const one = this.#offered.get(id);
    if (one?.receipt !== receipt) return null;
    const places = outcomes.flatMap((outcome) => {
      const place = one.places.get(outcome.destination);
      if (place === undefined) return [];
      if (place.end(outcome, this.#now())) this.#news.add(id);
      return place.isKept ? [] : [place];
    });
    this.#nudge();
    return Promise.all(places.map(({ kept }) => kept.promise));
  }

  /**
   * Whether the first attempt of an acceptance that is not in D1 yet has used up its schedule: a repeat opens the event
   * again.
   *
   * @param journaled outcomes that the journal has
   */
  exhausted(id: string, receipt: string, journaled: readonly Ending[]): boolean {
    const one = this.#offered.get(id);
    const places = one?.receipt === receipt ? [...one.places.values()] : [];
    const told = [...places, ...journaled].map(({ outcome }) => outcome);
    return told.some((outcome) => outcome?.state === "failed" && outcome.reason === "exhausted");
  }

  /**
   * When the events of these seeds may go to D1 as they are; a time that has passed means now, `Infinity` not before
   * a decision.
   */
  readyAt(seeds: readonly BellSeed[]): number {
    let at = -Infinity;
    const rings = seeds.some((seed) => this.#rings(seed));
    for (const [id] of seeds) {
      const one = this.#offered.get(id);
      for (const place of one?.places.values() ?? []) {
        if (place.phase === "asked") at = Math.max(at, rings ? (one?.offeredAt ?? 0) + OUTCOME_MS : Infinity);
        if (place.phase === "open") at = Math.max(at, place.decidedAt + OUTCOME_MS);
      }
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
   * An attempt that is not decided by now is left to the queue.
   *
   * @param journaled outcomes that the journal has of an acceptance
   */
  snapshot(seeds: readonly BellSeed[], journaled: (id: string, receipt: string) => readonly Ending[]): Snapshot {
    const opened: Opened[] = [];
    const unsent = new Map<string, string[]>();
    const told: Ending[] = [];
    for (const [id, size, , , opening] of seeds) {
      const first = opening?.first;
      if (opening === undefined || first === undefined) continue;
      const { receipt } = opening;
      const one = this.#offered.get(id);
      const places = one?.receipt === receipt ? one.places : null;
      const kept = journaled(id, receipt);
      for (const destination of first.to) {
        const place = places?.get(destination);
        if (place?.phase === "asked") this.#decide(id, place, false);
        const journal = kept.find(({ outcome: { destination: other } }) => other === destination);
        const outcome = journal?.outcome ?? place?.outcome ?? null;
        if (outcome !== null) told.push({ id, receipt, size, outcome });
        if (outcome !== null && outcome.state !== "unsent") opened.push({ id, receipt, ...outcome });
        else if (outcome !== null || place?.phase === "queue") unsent.set(id, [...(unsent.get(id) ?? []), destination]);
        else opened.push({ id, receipt, destination, state: "delivering", leaseUntil: first.until });
      }
    }
    return { opened, unsent, told };
  }

  /** D1 has these events with what the snapshot says. Returns outcomes that came while it was on its way. */
  committed(seeds: readonly BellSeed[], { told }: Snapshot): Late[] {
    const names = new Set(told.map(nameOf));
    const late: Late[] = [];
    for (const [id, , , , opening] of seeds) {
      const one = this.#offered.get(id);
      if (one === undefined || one.receipt !== opening?.receipt) continue;
      this.#forget(id);
      for (const ending of one.told)
        if (names.has(nameOf(ending))) ending.kept();
        else late.push(ending);
    }
    return late;
  }

  /**
   * What the journal has to keep of events that D1 does not take at present: outcomes, and which attempts were refused.
   */
  unkept(): Late[] {
    return [...this.#news].flatMap((id) => {
      const one = this.#offered.get(id);
      return one?.isWritten === true ? one.unkept : [];
    });
  }

  /** The journal has these: whoever told them may go, and an event of which it has all need not be remembered. */
  journaled(all: readonly Late[]): void {
    for (const { id, receipt, outcome, kept } of all) {
      kept();
      const one = this.#offered.get(id);
      const place = one?.receipt === receipt ? one.places.get(outcome.destination) : undefined;
      if (one === undefined || place === undefined) continue;
      place.isKept = true;
      if (one.isKept) this.#forget(id);
      else if (one.unkept.length === 0) this.#news.delete(id);
    }
  }

  /** Events that are remembered. */
  get size(): number {
    return this.#offered.size;
  }

  #add(id: string, receipt: string, size: number, destinations: readonly string[], isFound: boolean): Offered {
    const one = new Offered({ id, receipt, size }, destinations, this.#now(), isFound);
    this.#dropped.delete(id);
    this.#offered.set(id, one);
    return one;
  }

  #forget(id: string): void {
    this.#offered.delete(id);
    this.#news.delete(id);
  }

  /** Whether the queue has to ring for this event once D1 has it. */
  #rings([id, , destinations, , opening]: BellSeed): boolean {
    const first = opening?.first?.to ?? [];
    if (destinations.some((destination) => !first.includes(destination))) return true;
    return this.#offered.get(id)?.isRefused ?? false;
  }

  #decide(id: string, place: Place, granted: boolean): void {
    place.decide(granted ? "open" : "queue", this.#now());
    if (granted) return;
    this.#news.add(id);
    this.#nudge();
  }

  #nudge(): void {
    this.#wake?.();
    this.#wake = null;
  }
}
