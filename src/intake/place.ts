// One destination of an event whose first attempt was offered: what is decided of it, and how it ended.
import type { FirstOutcome } from "../d1/settlement.ts";

/** `asked`: not decided. `open`: granted, and perhaps under way. `queue`: not granted, or not sent. */
export type Phase = "asked" | "open" | "queue" | "ended";

export class Place {
  phase: Phase = "asked";
  decidedAt = 0;
  outcome: FirstOutcome | null = null;
  /** Whether the journal has its outcome, or that it was refused. */
  isKept = false;
  readonly #decided = Promise.withResolvers<boolean>();
  #kept = unwatched();

  /** Resolves to whether it was granted. */
  get decided(): Promise<boolean> {
    return this.#decided.promise;
  }

  /** Settled once the outcome is in D1 or in the journal. */
  get kept(): PromiseWithResolvers<void> {
    return this.#kept;
  }

  decide(phase: Phase, now: number): void {
    if (this.phase === "asked") this.decidedAt = now;
    this.phase = phase;
    this.#decided.resolve(phase === "open");
  }

  /** The first outcome that is told counts; none means that the attempt may be under way. Tells whether it is news. */
  end(outcome: FirstOutcome | null, now: number): boolean {
    if (this.outcome !== null) return false;
    this.outcome = outcome;
    if (outcome === null) this.decide("open", now);
    else this.decide(outcome.state === "unsent" ? "queue" : "ended", now);
    return true;
  }

  /** The journal did not take it: whoever told it hears so, and whoever tells it again waits for another try. */
  fail(reason: unknown): void {
    const { reject } = this.#kept;
    this.#kept = unwatched();
    reject(reason);
  }
}

/** One that nobody need wait for. */
function unwatched(): PromiseWithResolvers<void> {
  const kept = Promise.withResolvers<void>();
  kept.promise.catch(() => {});
  return kept;
}
