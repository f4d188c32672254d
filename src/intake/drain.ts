// From the journal to D1 until nothing is left or D1 fails: what is ready, in the order in which it came, with the outcomes that there are.
import { sleep } from "../patience.ts";
import type { EndedFirst } from "../d1/settle.ts";
import type { FirstOutcome, Settled } from "../d1/settlement.ts";
import type { Bell } from "../types.ts";
import { bellsOf } from "./bells.ts";
import { commitGroup, type CommitDeps } from "./commit.ts";
import type { Firsts, Late, Snapshot } from "./firsts.ts";
import { LATE_AT_ONCE, lateOf, LateSettler, settledOf } from "./late.ts";
import type { BellSeed, Group, Journal, Stuck } from "./journal.ts";
import type { Outcomes } from "./outcomes.ts";

/** Characters of JSON in a group: a D1 parameter holds 2 MB, and a character of UTF-8 may take three bytes. */
export const GROUP = 500_000;
/** Under load a commit waits until this long after the one before began, so that groups are worth their transaction. */
const PACE_MS = 100;
/** Longest pause between two tries to reach D1. */
const LONGEST_BACKOFF_MS = 30_000;
/** How often what D1 has refused is tried again, and how many events at a time: whoever mends D1 need not restart anything. */
const STUCK_MS = 60_000;
const STUCK_AT_ONCE = 10;
/** How soon the next of many kept outcomes are settled, in ms. */
const LATE_MS = 1_000;
/** A commit that takes longer is not waited for by those who have told an outcome: the journal keeps it. */
const OUTCOME_PATIENCE_MS = 1_000;

export interface DrainDeps extends CommitDeps {
  ring(bells: readonly Bell[]): Promise<void>;
  /** Settles first attempts whose events are in D1 already. Returns those that counted. */
  settleFirsts(ended: readonly EndedFirst[], now: number): Promise<{ id: string; destination: string }[]>;
  /** Hears of events that are in D1 now. Must not throw, and is not waited for. */
  tell(seeds: readonly BellSeed[]): void;
  /** Hears how first attempts ended that D1 has. Must not throw, and is not waited for. */
  tellSettled(settled: readonly Settled[]): void;
  now(): number;
}

/** The way from one object's journal to D1. One at a time. */
export class Drain {
  readonly #journal: Journal;
  readonly #outcomes: Outcomes;
  readonly #firsts: Firsts;
  readonly #deps: DrainDeps;
  readonly #arm: (at: number) => void;
  readonly #sync: () => Promise<void>;
  /** Up to which journal row D1 has everything, and up to which it was given what there is, whether or not it has said so. */
  drainedUpTo = 0;
  handedUpTo = 0;
  /** When what D1 has refused is tried again; `null` while there is nothing of the kind. */
  stuckAt: number | null = null;
  /** Before this nobody asks D1 again. */
  retryAt = 0;
  #running: Promise<void> | null = null;
  #failures = 0;
  #commitBegan: number | null = null;
  readonly #settler: LateSettler;

  constructor(
    { journal, outcomes }: { journal: Journal; outcomes: Outcomes },
    firsts: Firsts,
    deps: DrainDeps,
    { arm, sync }: { arm: (at: number) => void; sync: () => Promise<void> },
  ) {
    this.#journal = journal;
    this.#outcomes = outcomes;
    this.#firsts = firsts;
    this.#deps = deps;
    this.#arm = arm;
    this.#sync = sync;
    this.#settler = new LateSettler(outcomes, deps, {
      ring: (bells) => this.#ring(bells),
      keep: async (all, failures) => {
        arm(deps.now() + backoff(failures));
        await this.#keepOutcomes(all);
      },
    });
  }

  /** Resolves when nothing is left, or D1 has failed. */
  run(): Promise<void> {
    this.#running ??= this.#carryOn().finally(() => {
      this.#running = null;
    });
    return this.#running;
  }

  /** Those that are refused once more wait behind the others. Tells whether there were any. */
  retryStuck(): boolean {
    const before = this.#journal.status().stuck;
    const left = this.#journal.retryStuck(STUCK_AT_ONCE, GROUP);
    this.stuckAt = left > 0 ? this.#deps.now() + STUCK_MS : null;
    return left < before;
  }

  /** Whether the first attempt of an event that is not in D1 yet has used up its schedule. */
  exhausted(id: string): boolean {
    return this.#firsts.exhausted(id, this.#outcomes.of(id));
  }

  /** Takes outcomes of first attempts. Resolves once they are in D1 or in the journal. */
  async ended(id: string, receipt: string, size: number, outcomes: readonly FirstOutcome[]): Promise<void> {
    const waiting = this.#firsts.ended(id, receipt, outcomes);
    if (waiting === null) {
      const kept = Promise.withResolvers<void>();
      this.#settler.take([{ id, receipt, size, outcomes: outcomes.filter(({ state }) => state !== "unsent"), kept }]);
      await kept.promise;
      return;
    }
    if (this.#isSilent()) await this.#keepOutcomes(this.#firsts.unkept());
    await waiting;
  }

  #isSilent(): boolean {
    const now = this.#deps.now();
    return now < this.retryAt || (this.#commitBegan !== null && now - this.#commitBegan > OUTCOME_PATIENCE_MS);
  }

  async #keepOutcomes(all: readonly Late[]): Promise<void> {
    if (all.length === 0) return;
    for (const { id, receipt, size, outcomes } of all) this.#outcomes.keep(id, receipt, size, outcomes);
    await this.#sync();
    this.#firsts.journaled(all);
    for (const { kept } of all) kept.resolve();
  }

  async #carryOn(): Promise<void> {
    for (;;) {
      const now = this.#deps.now();
      const group = this.#journal.oldest(GROUP, (seeds) => this.#firsts.readyAt(seeds) <= now);
      if (group === null) {
        const left = this.#journal.first();
        if (left.length === 0) break;
        const wait = Math.min(1_000, this.#firsts.readyAt(left) - now);
        await Promise.race([this.#firsts.changed(), sleep(wait)]);
      } else if (!(await this.#carry(group, now))) return;
    }
    if (!this.#settler.isIdle || !this.#outcomes.any()) return;
    this.#settler.take(this.#outcomes.late(LATE_AT_ONCE).map(lateOf));
    this.#arm(this.#deps.now() + LATE_MS);
  }

  /** Whether D1 has taken the group. */
  async #carry(group: Group, began: number): Promise<boolean> {
    const again = this.#failures > 0 || group.seqs.some((seq) => seq <= this.handedUpTo);
    const kept = this.#outcomes.any();
    const snapshot = this.#firsts.snapshot(group.bells, (id) => (kept ? this.#outcomes.of(id) : []));
    const slow = setTimeout(() => void this.#keepOutcomes(this.#firsts.unkept()).catch(() => {}), OUTCOME_PATIENCE_MS);
    try {
      this.handedUpTo = Math.max(this.handedUpTo, ...group.seqs);
      this.#commitBegan = began;
      const { reopened, refused } = await commitGroup({ ...group, opened: snapshot.opened, again }, began, this.#deps);
      this.#taken(group, snapshot, refused, kept);
      const lost = new Set(refused.map(({ bells: [id] }) => id));
      const seeds = group.bells.filter(([id]) => !lost.has(id));
      void this.#ring([...bellsOf(seeds, snapshot, began), ...reopened]);
      const pause = began + PACE_MS - this.#deps.now();
      if (pause > 0 && group.rows.length < GROUP / 2 && !this.#journal.isEmpty()) await sleep(pause);
      return true;
    } catch (error) {
      this.#failures += 1;
      this.retryAt = this.#deps.now() + backoff(this.#failures);
      this.#arm(this.retryAt);
      const [failures, { retryAt }] = [this.#failures, this];
      this.#deps.log.error("intake.commit_failed", { error: String(error), failures, retryAt });
      await this.#keepOutcomes(this.#firsts.unkept()).catch(() => {});
      return false;
    } finally {
      clearTimeout(slow);
      this.#commitBegan = null;
    }
  }

  #taken(group: Group, snapshot: Snapshot, refused: readonly Stuck[], kept: boolean): void {
    const lost = new Set(refused.map(({ bells: [id] }) => id));
    const seeds = group.bells.filter(([id]) => !lost.has(id));
    // What D1 refuses keeps its outcomes: it is tried again with them. They are written in the turn that sets their event aside.
    void this.#keepOutcomes(this.#firsts.unkept().filter(({ id }) => lost.has(id))).catch(() => {});
    this.#journal.remove(group.seqs, refused);
    // One that was kept while D1 was taking these is not among them.
    if (kept) this.#outcomes.forget(snapshot.told.filter(({ id }) => !lost.has(id)));
    if (refused.length > 0) this.#arm((this.stuckAt ??= this.#deps.now() + STUCK_MS));
    this.drainedUpTo = Math.max(this.drainedUpTo, ...group.seqs);
    this.#failures = 0;
    this.retryAt = 0;
    this.#settler.take(this.#firsts.committed(seeds, snapshot));
    this.#deps.tell(seeds);
    const sizes = new Map(seeds.map(([id, size]) => [id, size]));
    const ended = snapshot.opened.filter((one) => one.state !== "delivering").filter(({ id }) => sizes.has(id));
    this.#deps.tellSettled(ended.map((one) => settledOf(one, sizes)));
  }

  async #ring(bells: readonly Bell[]): Promise<void> {
    if (bells.length === 0) return;
    try {
      await this.#deps.ring(bells);
    } catch (error) {
      // The rows are due: the sweep rings them.
      this.#deps.log.warn("queue.ring_failed", { bells: bells.length, error: String(error) });
    }
  }
}

/** The pause after so many failures, in ms. */
function backoff(failures: number): number {
  return Math.min(1000 * 2 ** (failures - 1), LONGEST_BACKOFF_MS);
}
