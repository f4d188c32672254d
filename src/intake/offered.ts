// An event whose first attempts were offered, from its acceptance until D1 has it.
import type { FirstOutcome } from "../d1/settlement.ts";
import type { Granted } from "../types.ts";
import type { Ending } from "./outcomes.ts";
import { type Phase, Place } from "./place.ts";

/** An outcome, and what whoever told it waits for. */
export interface Late extends Ending {
  /** D1 or the journal has it. */
  readonly kept: () => void;
  /** It may not be durable. */
  readonly failed: (reason: unknown) => void;
}

export class Offered {
  readonly id: string;
  readonly receipt: string;
  readonly size: number;
  readonly offeredAt: number;
  readonly places: ReadonlyMap<string, Place>;
  /** Whether an earlier life of the object has offered it. */
  readonly isFound: boolean;
  isWritten: boolean;

  constructor(
    { id, receipt, size }: { id: string; receipt: string; size: number },
    destinations: readonly string[],
    offeredAt: number,
    isFound: boolean,
  ) {
    this.id = id;
    this.receipt = receipt;
    this.size = size;
    this.offeredAt = offeredAt;
    this.isFound = isFound;
    this.isWritten = isFound;
    this.places = new Map(destinations.map((destination) => [destination, new Place()]));
  }

  /** What is decided so far. */
  get granted(): Granted {
    return { go: this.#in("open"), wait: this.#in("asked") };
  }

  /** Whether the queue has to ring for one of its destinations. */
  get isRefused(): boolean {
    return this.#in("queue").length > 0;
  }

  /** Outcomes that were told. */
  get told(): Late[] {
    return [...this.places.values()].flatMap((place) =>
      place.outcome === null ? [] : [this.#late(place, place.outcome)],
    );
  }

  /** What the journal has to keep if D1 does not take it: outcomes, and which attempts were refused. */
  get unkept(): Late[] {
    return [...this.places].flatMap(([destination, place]) => {
      if (place.isKept || (place.outcome === null && place.phase !== "queue")) return [];
      return [this.#late(place, place.outcome ?? { destination, state: "unsent" })];
    });
  }

  /** Whether the journal has all that can be told of it. */
  get isKept(): boolean {
    return [...this.places.values()].every(({ isKept }) => isKept);
  }

  #in(phase: Phase): string[] {
    return [...this.places].filter(([, place]) => place.phase === phase).map(([destination]) => destination);
  }

  #late(place: Place, outcome: FirstOutcome): Late {
    const { id, receipt, size } = this;
    const { kept } = place;
    return { id, receipt, size, outcome, kept: () => kept.resolve(), failed: (reason) => place.fail(reason) };
  }
}
