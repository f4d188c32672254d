// From the journal to D1 until nothing is left or D1 fails: what is ready, in the order in which it came, with the
// outcomes that there are.
import { backoff, LONGEST_BACKOFF_MS, sleep } from "../patience.ts";
import type { EndedFirst } from "../d1/settle.ts";
import type { FirstOutcome, Settled } from "../d1/settlement.ts";
import type { Bell } from "../types.ts";
import { bellsOf, sizesOf } from "./bells.ts";
import { commitGroup, type CommitDeps } from "./commit.ts";
import type { Firsts, Snapshot } from "./firsts.ts";
import { journaled, LATE_AT_ONCE, LateSettler, settledOf } from "./late.ts";
import type { BellSeed, Found, Group, Journal, Stuck } from "./journal.ts";
import { nameOf, type Outcomes } from "./outcomes.ts";

/** Characters of JSON in a group: a D1 parameter holds 2 MB, and a character of UTF-8 may take three bytes. */
export const GROUP = 500_000;
/** Under load a commit waits until this long after the one before began, so that groups are worth their transaction. */
const PACE_MS = 100;
/**
 * How often what D1 has refused is tried again, and how many events at a time: whoever fixes D1 need not restart
 * anything.
 */
const STUCK_MS = 60_000;
const STUCK_AT_ONCE = 10;
/** How soon the next of many outcomes of an earlier life are settled, in ms. */
const LEFT_MS = 1_000;
/** A commit that takes longer is not waited for by those who have told an outcome: the journal keeps it. */
const OUTCOME_PATIENCE_MS = 1_000;

export interface DrainDeps extends CommitDeps {
  ring(bells: readonly Bell[]): Promise<void>;
  /** Settles first attempts whose events are in D1 already. Returns those that counted. */
  settleFirsts(ended: readonly EndedFirst[], now: number): Promise<{ id: string; destination: string }[]>;
  /** Hears of events that are in D1 now, and how their first attempts ended. Must not throw, and is not waited for. */
  tell(seeds: readonly BellSeed[], settled: readonly Settled[]): void;
  now(): number;
}

/** What the drain asks of its object. */
export interface Ways {
  /** Makes the alarm ring at this time at the latest. */
  arm(at: number): void;
  /** Resolves once what was written into the object's storage is durable. */
  sync(): Promise<void>;
  /** Whether the event of this id may still wait for D1. */
  waits(id: string): boolean;
  /** D1 has every journal row up to this one. */
  drained(upTo: number): void;
}

/** The way from one object's journal to D1. One at a time. */
export class Drain {
  readonly #journal: Journal;
  readonly #outcomes: Outcomes;
  readonly #firsts: Firsts;
  readonly #deps: DrainDeps;
  readonly #ways: Ways;
  /**
   * Up to which journal row D1 has everything, and up to which it was given what there is, whether or not it has said
   * so.
   */
  drainedUpTo = 0;
  handedUpTo: number;
  /** When what D1 has refused is tried again; `null` while there is nothing of the kind. */
  stuckAt: number | null = null;
  /** Before this nobody asks D1 again. */
  retryAt = 0;
  /** Once D1 has the journal up to this row, whatever outcomes are left belong to events that D1 has. */
  #leftUpTo: number;
  #running: Promise<void> | null = null;
  #isKeeping = false;
  #failures = 0;
  #commitBegan: number | null = null;
  readonly #settler: LateSettler;

  constructor(
    { journal, outcomes }: { journal: Journal; outcomes: Outcomes },
    firsts: Firsts,
    deps: DrainDeps,
    ways: Ways,
  ) {
    this.#journal = journal;
    this.#outcomes = outcomes;
    this.#firsts = firsts;
    this.#deps = deps;
    this.#ways = ways;
    // An earlier life may have handed it all to D1, and may have left outcomes behind.
    this.handedUpTo = this.#leftUpTo = journal.last();
    this.#settler = new LateSettler(outcomes, deps, {
      ring: (bells) => this.#ring(bells),
      sync: () => ways.sync(),
      retryAt: (failures) => {
        const at = deps.now() + backoff(failures);
        ways.arm(at);
        return at;
      },
    });
  }

  /** Resolves when nothing is left, or D1 has failed. */
  run(): Promise<void> {
    void this.#settler.run();
    this.#running ??= this.#carryOn()
      .catch((error: unknown) => {
        // The object's own storage: everything that it has acknowledged is there, and the alarm tries again.
        this.#deps.log.error("intake.drain_failed", { error: String(error) });
        this.#ways.arm(this.#deps.now() + LONGEST_BACKOFF_MS);
      })
      .finally(() => {
        this.#running = null;
      });
    return this.#running;
  }

  /** Those that are refused once more wait behind the others. Returns the journal rows that are tried again. */
  retryStuck(): readonly Found[] {
    const { moved, left } = this.#journal.retryStuck(STUCK_AT_ONCE, GROUP);
    this.stuckAt = left > 0 ? this.#deps.now() + STUCK_MS : null;
    return moved;
  }

  /** Whether the first attempt of an acceptance that is not in D1 yet has used up its schedule. */
  exhausted(id: string, receipt: string): boolean {
    return this.#firsts.exhausted(id, receipt, this.#outcomes.of(id, receipt));
  }

  /** Takes outcomes of first attempts. Resolves once they are in D1 or in the journal. */
  async ended(id: string, receipt: string, size: number, outcomes: readonly FirstOutcome[]): Promise<void> {
    const waiting = this.#firsts.ended(id, receipt, outcomes);
    if (waiting !== null) {
      if (this.#isSilent() || this.#journal.isStuck(id)) void this.#keep();
      await waiting;
      return;
    }
    const endings = outcomes.map((outcome) => ({ id, receipt, size, outcome }));
    if (this.#ways.waits(id)) {
      // Not remembered any more, or not for sure: it goes to D1 with its event if that is here, and alone otherwise.
      this.#outcomes.keep(endings);
      this.#leftUpTo = this.#journal.last();
      await this.#ways.sync();
      void this.run();
      return;
    }
    // What was not sent after all is left to its lease: D1 has it as under way.
    const sent = endings.filter(({ outcome }) => outcome.state !== "unsent");
    const late = sent.map((ending) => ({ ending, kept: Promise.withResolvers<void>() }));
    this.#settler.take(late.map(({ ending, kept }) => ({ ...ending, kept: kept.resolve, failed: kept.reject })));
    await Promise.all(late.map(({ kept }) => kept.promise));
  }

  #isSilent(): boolean {
    const now = this.#deps.now();
    return now < this.retryAt || (this.#commitBegan !== null && now - this.#commitBegan > OUTCOME_PATIENCE_MS);
  }

  /** Has the journal keep what D1 does not take at present. One group at a time. */
  async #keep(): Promise<void> {
    if (this.#isKeeping) return;
    this.#isKeeping = true;
    for (let all = this.#firsts.unkept(); all.length > 0; all = this.#firsts.unkept()) {
      try {
        this.#outcomes.keep(all);
        await this.#ways.sync();
      } catch (error) {
        for (const one of all) one.failed(error);
        break;
      }
      this.#firsts.journaled(all);
    }
    this.#isKeeping = false;
  }

  async #carryOn(): Promise<void> {
    for (;;) {
      const now = this.#deps.now();
      const group = this.#journal.oldest(GROUP, (seeds) => this.#firsts.readyAt(seeds) <= now);
      if (group !== null) {
        if (!(await this.#carry(group, now))) return;
        continue;
      }
      const left = this.#journal.first();
      if (left.length === 0) break;
      const wait = Math.min(1_000, this.#firsts.readyAt(left) - now);
      await Promise.race([this.#firsts.changed(), sleep(wait)]);
    }
    this.#settleLeft();
  }

  /** Outcomes whose events D1 has, and which nobody remembers. */
  #settleLeft(): void {
    if (this.drainedUpTo < this.#leftUpTo && !this.#journal.isEmpty()) return;
    if (!this.#outcomes.any()) {
      this.#leftUpTo = Infinity;
      return;
    }
    const left = this.#outcomes.late(
      LATE_AT_ONCE,
      (ending) => !this.#settler.has(ending) && !this.#ways.waits(ending.id),
    );
    this.#settler.take(left.map(journaled));
    if (left.length < LATE_AT_ONCE) this.#leftUpTo = Infinity;
    else this.#ways.arm(this.#deps.now() + LEFT_MS);
  }

  /** Whether D1 has taken the group. */
  async #carry(group: Group, began: number): Promise<boolean> {
    const again = this.#failures > 0 || group.seqs.some((seq) => seq <= this.handedUpTo);
    const kept = this.#outcomes.any();
    const snapshot = this.#firsts.snapshot(group.bells, (...of) => (kept ? this.#outcomes.of(...of) : []));
    const slow = setTimeout(() => void this.#keep(), OUTCOME_PATIENCE_MS);
    try {
      this.handedUpTo = Math.max(this.handedUpTo, ...group.seqs);
      this.#commitBegan = began;
      const { reopened, refused } = await commitGroup({ ...group, opened: snapshot.opened, again }, began, this.#deps);
      const taken = this.#taken(group, snapshot, refused);
      void this.#ring([...bellsOf(taken, snapshot, began), ...reopened]);
      const pause = began + PACE_MS - this.#deps.now();
      if (pause > 0 && group.rows.length < GROUP / 2 && !this.#journal.isEmpty()) await sleep(pause);
      return true;
    } catch (error) {
      this.#failures += 1;
      this.retryAt = this.#deps.now() + backoff(this.#failures);
      this.#ways.arm(this.retryAt);
      const [failures, { retryAt }] = [this.#failures, this];
      this.#deps.log.error("intake.commit_failed", { error: String(error), failures, retryAt });
      void this.#keep();
      return false;
    } finally {
      clearTimeout(slow);
      this.#commitBegan = null;
    }
  }

  /** D1 has the group, except what it refuses. Returns the seeds of what it has. */
  #taken(group: Group, snapshot: Snapshot, refused: readonly Stuck[]): readonly BellSeed[] {
    const lost = new Set(refused.map(({ bells: [id] }) => id));
    const seeds = group.bells.filter(([id]) => !lost.has(id));
    const upTo = Math.max(...group.seqs);
    this.#journal.remove(group.seqs);
    if (refused.length > 0) {
      this.#journal.setAside(refused);
      this.#ways.arm((this.stuckAt ??= this.#deps.now() + STUCK_MS));
      // What D1 refuses is tried again with its outcomes.
      void this.#keep();
    }
    this.drainedUpTo = upTo;
    this.#failures = 0;
    this.retryAt = 0;
    const late = this.#firsts.committed(seeds, snapshot);
    if (this.#outcomes.any()) {
      this.#outcomes.forget(snapshot.told.filter(({ id }) => !lost.has(id)));
      // The journal may have got some since the snapshot, and the memory may have dropped them then.
      const names = new Set(late.map(nameOf));
      for (const [id, , , , opening] of seeds)
        for (const ending of this.#outcomes.of(id, opening?.receipt ?? ""))
          if (!names.has(nameOf(ending))) late.push(journaled(ending));
    }
    this.#settler.take(late);
    this.#ways.drained(this.drainedUpTo);
    this.#firsts.drained(this.drainedUpTo);
    const sizes = sizesOf(seeds);
    const ended = snapshot.opened.filter((one) => one.state !== "delivering").filter(({ id }) => !lost.has(id));
    this.#deps.tell(
      seeds,
      ended.map((one) => settledOf(one, sizes)),
    );
    if (this.drainedUpTo >= this.#leftUpTo) this.#settleLeft();
    return seeds;
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
