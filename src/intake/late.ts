// Outcomes of first attempts whose events are in D1 already: settled in groups, and kept in the journal until D1 takes
// them.
import type { EndedFirst } from "../d1/settle.ts";
import type { Settled } from "../d1/settlement.ts";
import type { Log } from "../log.ts";
import { within } from "../patience.ts";
import type { Bell } from "../types.ts";
import { retries } from "./bells.ts";
import type { BellSeed } from "./journal.ts";
import type { Late } from "./offered.ts";
import { type Ending, nameOf, type Outcomes } from "./outcomes.ts";

/** Outcomes in one statement. */
export const LATE_AT_ONCE = 200;
/**
 * A statement that takes longer, in ms, is repeated, which changes nothing. An attempt may have used 25 s of its lease
 * of 45 s before its end is told: two tries must fit into the rest.
 */
const PATIENCE_MS = 8_000;
/** After this the journal keeps what D1 has not taken, in ms: whoever told it does not wait any longer. */
const KEEP_AFTER_MS = 1_000;

interface LateDeps {
  /** Settles first attempts whose events are in D1 already. Returns those that counted. */
  settleFirsts(ended: readonly EndedFirst[], now: number): Promise<{ id: string; destination: string }[]>;
  tell(seeds: readonly BellSeed[], settled: readonly Settled[]): void;
  now(): number;
  readonly log: Log;
}

/** Where bells go, and what happens after a failure. */
interface Ways {
  /** Never rejects. */
  ring(bells: readonly Bell[]): Promise<void>;
  /** Resolves once what was written into the object's storage is durable. */
  sync(): Promise<void>;
  /**
   * Decides when the next try is made after so many failures, in ms since 1970, and sees to it that `run` is called.
   */
  retryAt(failures: number): number;
}

/** One group after another. */
export class LateSettler {
  readonly #outcomes: Outcomes;
  readonly #deps: LateDeps;
  readonly #ways: Ways;
  readonly #waiting = new Map<string, Late>();
  #running = false;
  #beganAt = 0;
  #failures = 0;
  #retryAt = -Infinity;

  constructor(outcomes: Outcomes, deps: LateDeps, ways: Ways) {
    this.#outcomes = outcomes;
    this.#deps = deps;
    this.#ways = ways;
  }

  /** Whether this outcome waits to be settled. */
  has(ending: Ending): boolean {
    return this.#waiting.has(nameOf(ending));
  }

  /** Those of attempts that were not made are only forgotten: their deliveries are left to their leases. */
  take(late: readonly Late[]): void {
    for (const one of late) this.#waiting.set(nameOf(one), one);
    if (late.length === 0) return;
    void this.run();
    const now = this.#deps.now();
    if (now < this.#retryAt || now - this.#beganAt > KEEP_AFTER_MS) void this.#keep(late);
  }

  /** Settles what waits, unless D1 has failed just now. */
  async run(): Promise<void> {
    if (this.#running || this.#deps.now() < this.#retryAt) return;
    this.#running = true;
    while (this.#waiting.size > 0) {
      const group = [...this.#waiting.values()].slice(0, LATE_AT_ONCE);
      if (!(await this.#settle(group))) break;
    }
    this.#running = false;
  }

  async #settle(group: readonly Late[]): Promise<boolean> {
    const deps = this.#deps;
    const ended: EndedFirst[] = [];
    for (const { id, receipt, outcome } of group)
      if (outcome.state !== "unsent") ended.push({ id, receipt, ...outcome });
    this.#beganAt = deps.now();
    const slow = setTimeout(() => void this.#keep([...this.#waiting.values()]), KEEP_AFTER_MS);
    try {
      const settling = ended.length === 0 ? [] : deps.settleFirsts(ended, deps.now());
      const counted = await within(PATIENCE_MS, "D1", Promise.resolve(settling));
      this.#failures = 0;
      if (this.#outcomes.any()) this.#outcomes.forget(group);
      for (const one of group) {
        this.#waiting.delete(nameOf(one));
        one.kept();
      }
      const names = new Set(counted.map(({ id, destination }) => `${id}:${destination}`));
      const real = ended.filter(({ id, destination }) => names.has(`${id}:${destination}`));
      const sizes = new Map(group.map(({ id, size }) => [id, size]));
      deps.tell(
        [],
        real.map((one) => settledOf(one, sizes)),
      );
      void this.#ways.ring(retries(real, sizes));
      return true;
    } catch (error) {
      deps.log.warn("intake.settle_failed", { outcomes: ended.length, error: String(error) });
      this.#failures += 1;
      this.#retryAt = this.#ways.retryAt(this.#failures);
      await this.#keep([...this.#waiting.values()]);
      return false;
    } finally {
      clearTimeout(slow);
    }
  }

  /** They stay in memory too, and are tried again from there. */
  async #keep(group: readonly Late[]): Promise<void> {
    try {
      this.#outcomes.keep(group);
      await this.#ways.sync();
      for (const one of group) one.kept();
    } catch (error) {
      for (const one of group) one.failed(error);
    }
  }
}

/** An outcome that nobody waits for: the journal has it. */
export function journaled(ending: Ending): Late {
  return { ...ending, kept: () => {}, failed: () => {} };
}

/** As watchers hear of it. */
export function settledOf(ended: EndedFirst, sizes: ReadonlyMap<string, number>): Settled {
  return { ...ended, event: 0, attempt: 1, size: sizes.get(ended.id) ?? 0 };
}
