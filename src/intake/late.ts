// Outcomes of first attempts whose events are in D1 already: settled in groups, and kept in the journal where D1 does not take them.
import type { EndedFirst } from "../d1/settle.ts";
import type { Settled } from "../d1/settlement.ts";
import type { Log } from "../log.ts";
import type { Bell } from "../types.ts";
import { retries } from "./bells.ts";
import type { Late } from "./firsts.ts";
import type { KeptOutcome, Outcomes } from "./outcomes.ts";

/** Events in one statement. */
export const LATE_AT_ONCE = 200;

interface LateDeps {
  /** Settles first attempts whose events are in D1 already. Returns those that counted. */
  settleFirsts(ended: readonly EndedFirst[], now: number): Promise<{ id: string; destination: string }[]>;
  tellSettled(settled: readonly Settled[]): void;
  now(): number;
  readonly log: Log;
}

/** Where bells and unsettled outcomes go. */
interface Ways {
  /** Never rejects. */
  ring(bells: readonly Bell[]): Promise<void>;
  /** Puts what D1 has not taken for so many times into the journal, to be taken from there. */
  keep(all: readonly Late[], failures: number): Promise<void>;
}

/** One group after another. */
export class LateSettler {
  readonly #outcomes: Outcomes;
  readonly #deps: LateDeps;
  readonly #ways: Ways;
  #waiting: Late[] = [];
  #running = false;
  #failures = 0;

  constructor(outcomes: Outcomes, deps: LateDeps, ways: Ways) {
    this.#outcomes = outcomes;
    this.#deps = deps;
    this.#ways = ways;
  }

  get isIdle(): boolean {
    return !this.#running;
  }

  take(late: readonly Late[]): void {
    for (const one of late)
      if (one.outcomes.length === 0) one.kept.resolve();
      else this.#waiting.push(one);
    void this.#run();
  }

  async #run(): Promise<void> {
    if (this.#running) return;
    this.#running = true;
    while (this.#waiting.length > 0) {
      const group = this.#waiting.splice(0, LATE_AT_ONCE);
      if (!(await this.#settle(group))) break;
    }
    this.#running = false;
  }

  async #settle(group: readonly Late[]): Promise<boolean> {
    const deps = this.#deps;
    const ended: EndedFirst[] = [];
    for (const { id, receipt, outcomes } of group)
      for (const one of outcomes) if (one.state !== "unsent") ended.push({ id, receipt, ...one });
    try {
      const counted = await deps.settleFirsts(ended, deps.now());
      this.#failures = 0;
      // What a call has told may be kept for an event that is still on its way to D1.
      this.#outcomes.forget(group.filter(({ isKept }) => isKept).flatMap(namesOf));
      for (const { kept } of group) kept.resolve();
      const names = new Set(counted.map(({ id, destination }) => `${id}:${destination}`));
      const real = ended.filter(({ id, destination }) => names.has(`${id}:${destination}`));
      const sizes = new Map(group.map(({ id, size }) => [id, size]));
      deps.tellSettled(real.map((one) => settledOf(one, sizes)));
      void this.#ways.ring(retries(real, sizes));
      return true;
    } catch (error) {
      deps.log.warn("intake.settle_failed", { outcomes: ended.length, error: String(error) });
      this.#failures += 1;
      await this.#ways.keep(group, this.#failures).catch((reason: unknown) => {
        for (const { kept } of group) kept.reject(reason);
      });
      return false;
    }
  }
}

/** An outcome that the journal has kept. */
export function lateOf({ id, kept: { receipt, size, outcome } }: { id: string; kept: KeptOutcome }): Late {
  const kept = Promise.withResolvers<void>();
  kept.promise.catch(() => {});
  return { id, receipt, size, outcomes: [outcome], kept, isKept: true };
}

function namesOf({ id, outcomes }: Late): { id: string; destination: string }[] {
  return outcomes.map(({ destination }) => ({ id, destination }));
}

/** As watchers hear of it. */
export function settledOf(ended: EndedFirst, sizes: ReadonlyMap<string, number>): Settled {
  return { ...ended, event: 0, attempt: 1, size: sizes.get(ended.id) ?? 0 };
}
