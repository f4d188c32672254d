// The Intake object: decides what is accepted, makes it durable before it says so, and carries it on to D1.
import type { Acceptance, Bell, Rate } from "../types.ts";
import { type Bucket, take } from "./bucket.ts";
import { deliveryId } from "../ids.ts";
import { sleep, within } from "../patience.ts";
import { commitGroup, type CommitDeps } from "./commit.ts";
import { type BellSeed, type Entry, openJournal } from "./journal.ts";

/** Characters of JSON in a group: a D1 parameter holds 2 MB, and a character of UTF-8 may take three bytes. */
const GROUP = 500_000;
/** Under load a commit waits until this long after the one before began, so that groups are worth their transaction. */
const PACE_MS = 100;
/** How soon after an acceptance the alarm looks whether a crash left something. */
const RECOVERY_MS = 30_000;
/** Longest pause between two tries to reach D1. */
const LONGEST_BACKOFF_MS = 30_000;
/** How often what D1 has refused is tried again, and how many events at a time: whoever mends D1 need not restart anything. */
const STUCK_MS = 60_000;
const STUCK_AT_ONCE = 10;
/** A sweep that takes longer is left to itself: a call that is never answered must not keep the next alarm from ringing. */
const SWEEP_MS = 60_000;
/** Memory that may wait to be written, and storage that may wait for D1, in characters and bytes. Past either: 503. */
const MOST_GATHERED = 32_000_000;
const MOST_JOURNALED = 8_000_000_000;
/** Ids that are remembered to answer "duplicate". The answer's id is right without it. */
const REMEMBERED = 10_000;

/** A verified event that asks to be accepted. */
export interface Candidate extends Entry {
  readonly id: string;
  readonly receipt: string;
  readonly source: string;
  readonly rate: Rate | null;
}

/** What the object needs from outside; `index.ts` gives the real ones. */
export interface IntakeDeps extends CommitDeps {
  ring(bells: readonly Bell[]): Promise<void>;
  /** Rescues what is overdue; returns when it must look again, or `null` while nothing is open. */
  sweep(): Promise<number | null>;
  /** Hears of events that are in D1 now. Must not throw, and is not waited for. */
  tell(seeds: readonly BellSeed[]): void;
  now(): number;
}

interface Gathering {
  readonly entries: Entry[];
  readonly ids: Map<string, string>;
  size: number;
  readonly written: Promise<number>;
  readonly settle: { resolve(seq: number): void; reject(error: unknown): void };
}

export class IntakeCore {
  readonly #storage: DurableObjectStorage;
  readonly #deps: IntakeDeps;
  readonly #journal;
  readonly #buckets = new Map<string, Bucket>();
  /** What was accepted last, oldest first: under which receipt, and in which journal row. */
  readonly #recent = new Map<string, { receipt: string; seq: number }>();
  #drainedUpTo = 0;
  /** Asked once a group, not once an event. */
  #full = false;
  readonly #groups: Gathering[] = [];
  #writing = false;
  #draining: Promise<void> | null = null;
  #failures = 0;
  #retryAt = 0;
  #alarmAt: number | null = null;
  /** When what D1 has refused is tried again; `null` while there is nothing of the kind. */
  #stuckAt: number | null = null;
  /** How far the platform's clock is ahead of ours, in ms, by the last alarm: an object that is slow would ring itself without end. */
  #ahead = 0;
  #recovering = false;

  constructor(storage: DurableObjectStorage, deps: IntakeDeps) {
    this.#storage = storage;
    this.#deps = deps;
    this.#journal = openJournal(storage.sql);
  }

  /** Called before anything else reaches the object: finds what a crash left. */
  async recover(): Promise<void> {
    // Without the stored alarm, an object that is restarted every few seconds would put its alarm off for ever.
    this.#alarmAt = await this.#storage.getAlarm();
    this.#retryStuck();
    if (this.#journal.oldest(0) !== null) {
      // The alarm that is ringing now is not in storage any more, and must not be judged by this one.
      this.#recovering = this.#alarmAt === null;
      this.#arm(this.#deps.now() + RECOVERY_MS);
      void this.drain();
    }
  }

  /** Resolves once the event is durable. Rejects if it may not be; the caller then must not answer 2xx. */
  async accept(candidate: Candidate): Promise<Acceptance> {
    const { id, receipt } = candidate;
    const twin = this.#groups.find((group) => group.ids.has(id));
    const known = this.#recent.get(id);
    if ((twin?.ids.get(id) ?? known?.receipt) === receipt) {
      // Our own second try, after an answer that was lost on its way. It has paid for itself already.
      await twin?.written;
      return { kind: "accepted", id };
    }
    const verdict = this.#spend(candidate);
    if (verdict !== null) return verdict;
    if (twin !== undefined) {
      await twin.written;
      return { kind: "duplicate", id };
    }
    // One that is in D1 already goes the whole way once more: it may open a failed delivery again.
    if (known !== undefined && known.seq > this.#drainedUpTo) return { kind: "duplicate", id };

    const group = this.#gather(candidate, known !== undefined);
    void this.#write();
    await group.written;
    return { kind: known === undefined ? "accepted" : "duplicate", id };
  }

  /** The alarm: carries on what is left, rescues what is overdue, and sets itself again while anything is open. */
  async alarm(): Promise<void> {
    if (this.#alarmAt !== null && !this.#recovering) this.#ahead = Math.max(0, this.#alarmAt - this.#deps.now());
    this.#recovering = false;
    this.#alarmAt = null;
    if (this.#stuckAt !== null && this.#stuckAt <= this.#deps.now()) this.#retryStuck();
    // Not waited for: under steady traffic it does not end, and the sweep must have its turn.
    const left = this.#journal.oldest(0) !== null;
    void this.drain();
    let next: number | null = this.#deps.now() + RECOVERY_MS;
    try {
      next = await within(SWEEP_MS, "the sweep", this.#deps.sweep());
    } catch (error) {
      this.#deps.log.error("sweep.failed", { error: String(error) });
    }
    // The sweep may have looked before they were in D1. When D1 fails, the drain itself comes back sooner.
    if (left || this.#journal.oldest(0) !== null) next = Math.min(next ?? Infinity, this.#deps.now() + RECOVERY_MS);
    if (this.#stuckAt !== null) next = Math.min(next ?? Infinity, this.#stuckAt);
    if (next !== null) this.#arm(Math.max(next, this.#deps.now() + 1000));
  }

  /** Makes the alarm ring at `at` at the latest: somebody has opened deliveries without an acceptance. */
  async remind(at: number): Promise<void> {
    this.#arm(at);
    await this.#storage.sync();
  }

  /** For /health. */
  status(): { waiting: number; stuck: number; bytes: number } {
    return this.#journal.status();
  }

  /** Those that are refused once more wait behind the others. */
  #retryStuck(): void {
    const left = this.#journal.retryStuck(STUCK_AT_ONCE, GROUP);
    this.#stuckAt = left > 0 ? this.#deps.now() + STUCK_MS : null;
  }

  /** Carries the journal to D1 until nothing is left or D1 fails. One at a time. */
  drain(): Promise<void> {
    this.#draining ??= this.#carry().finally(() => {
      this.#draining = null;
    });
    return this.#draining;
  }

  #spend({ source, rate, row }: Candidate): Acceptance | null {
    const waiting = this.#groups.reduce((sum, group) => sum + group.size, 0);
    if (waiting + row.length > MOST_GATHERED) return { kind: "busy", why: "too much is waiting to be written" };
    if (this.#full) return { kind: "busy", why: "the journal is full: D1 has been gone for too long" };
    if (rate === null) return null;
    const taken = take(this.#buckets.get(source) ?? null, rate, this.#deps.now());
    this.#buckets.set(source, taken.state);
    return taken.ok ? null : { kind: "limited", retryAfterMs: taken.retryAfterMs };
  }

  #gather(candidate: Candidate, known: boolean): Gathering {
    const last = this.#groups.at(-1);
    // The first group may be on its way to the disk already.
    const open =
      last !== undefined && (this.#groups.length > 1 || !this.#writing) && last.size + candidate.row.length <= GROUP;
    const group = open ? last : newGathering();
    if (!open) this.#groups.push(group);
    const [eventId, size, destinations, told] = candidate.bells;
    // A repeat is no news.
    const bells: BellSeed = told === undefined || known ? [eventId, size, destinations] : candidate.bells;
    group.entries.push({ row: candidate.row, bells });
    group.ids.set(candidate.id, candidate.receipt);
    group.size += candidate.row.length;
    return group;
  }

  /** Writes groups one after another; what arrives meanwhile gathers in the next. */
  async #write(): Promise<void> {
    if (this.#writing) return;
    this.#writing = true;
    for (let group = this.#groups[0]; group !== undefined; group = this.#groups[0]) {
      try {
        // The row and the alarm are written in one turn, so that either both survive or neither.
        const seq = this.#journal.append(group.entries);
        this.#arm(this.#deps.now() + RECOVERY_MS);
        await this.#storage.sync();
        this.#measure();
        this.#remember(group, seq);
        group.settle.resolve(seq);
      } catch (error) {
        group.settle.reject(error);
      }
      this.#groups.shift();
      if (this.#deps.now() >= this.#retryAt) void this.drain();
    }
    this.#writing = false;
  }

  #measure(): void {
    this.#full = this.#journal.bytes() > MOST_JOURNALED;
  }

  #remember(group: Gathering, seq: number): void {
    for (const [id, receipt] of group.ids) {
      this.#recent.delete(id);
      this.#recent.set(id, { receipt, seq });
    }
    for (const id of this.#recent.keys()) {
      if (this.#recent.size <= REMEMBERED) break;
      this.#recent.delete(id);
    }
  }

  async #carry(): Promise<void> {
    for (;;) {
      const began = this.#deps.now();
      try {
        const group = this.#journal.oldest(GROUP);
        if (group === null) return;
        const { reopened, refused } = await commitGroup(group, began, this.#deps);
        this.#journal.remove(group.seqs, refused);
        // While it is full nothing is written, and nobody else would notice that it is so no more.
        this.#measure();
        if (refused.length > 0) this.#arm((this.#stuckAt ??= this.#deps.now() + STUCK_MS));
        this.#drainedUpTo = Math.max(this.#drainedUpTo, ...group.seqs);
        this.#failures = 0;
        this.#retryAt = 0;
        // Not waited for: a queue that hangs must not hold up D1.
        const lost = new Set(refused.map(({ bells: [id] }) => id));
        const seeds = group.bells.filter(([id]) => !lost.has(id));
        void this.#ring([...firstBells(seeds, began), ...reopened]);
        this.#deps.tell(seeds);
        const pause = began + PACE_MS - this.#deps.now();
        if (pause > 0 && group.rows.length < GROUP / 2 && this.#journal.oldest(0) !== null) await sleep(pause);
      } catch (error) {
        this.#failures += 1;
        this.#retryAt = this.#deps.now() + Math.min(1000 * 2 ** (this.#failures - 1), LONGEST_BACKOFF_MS);
        this.#arm(this.#retryAt);
        const [failures, retryAt] = [this.#failures, this.#retryAt];
        this.#deps.log.error("intake.commit_failed", { error: String(error), failures, retryAt });
        return;
      }
    }
  }

  async #ring(bells: readonly Bell[]): Promise<void> {
    try {
      await this.#deps.ring(bells);
    } catch (error) {
      // The rows are due: the sweep rings them.
      this.#deps.log.warn("queue.ring_failed", { bells: bells.length, error: String(error) });
    }
  }

  #arm(at: number): void {
    const ringsAt = at + this.#ahead;
    if (this.#alarmAt !== null && this.#alarmAt <= ringsAt) return;
    this.#alarmAt = ringsAt;
    void this.#storage.setAlarm(ringsAt);
  }
}

function newGathering(): Gathering {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  // Every acceptance of the group awaits this promise; one that nobody awaits any more must not end the object.
  promise.catch(() => {});
  return { entries: [], ids: new Map(), size: 0, written: promise, settle: { resolve, reject } };
}

function firstBells(seeds: readonly BellSeed[], due: number): Bell[] {
  return seeds.flatMap(([id, size, destinations]) =>
    destinations.map((destination) => ({
      v: 1 as const,
      delivery: deliveryId(id, destination),
      attempt: 1,
      due,
      size,
    })),
  );
}
