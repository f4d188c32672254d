// The Intake object: decides what is accepted, makes it durable before it says so, and carries it on to D1.
import type { Acceptance, AskRepeats, Bell, Rate } from "../types.ts";
import { sleep, within } from "../patience.ts";
import { commitGroup, type CommitDeps } from "./commit.ts";
import { type Came, firstBells, type Gathering, newGathering, type Recent, Recents } from "./gathering.ts";
import { type BellSeed, type Entry, openJournal } from "./journal.ts";
import { Rates } from "./rates.ts";
import { Repeats, repeatOf } from "./repeats.ts";

/** Characters of JSON in a group: a D1 parameter holds 2 MB, and a character of UTF-8 may take three bytes. */
const GROUP = 500_000;
/** Under load a commit waits until this long after the one before began, so that groups are worth their transaction. */
const PACE_MS = 100;
/** How soon after an acceptance the alarm looks whether a crash left something. */
const RECOVERY_MS = 30_000;
/** Longest pause between two tries to reach D1. */
const LONGEST_BACKOFF_MS = 30_000;
/**
 * How often what D1 has refused is tried again, and how many events at a time: whoever fixes D1 need not restart
 * anything.
 */
const STUCK_MS = 60_000;
const STUCK_AT_ONCE = 10;
/**
 * A sweep that takes longer is left to itself: a call that is never answered must not keep the next alarm from ringing.
 */
const SWEEP_MS = 60_000;
/** Memory that may wait to be written, and storage that may wait for D1, in characters and bytes. Past either: 503. */
const MOST_GATHERED = 32_000_000;
const MOST_JOURNALED = 8_000_000_000;
/** A verified event that asks to be accepted. */
export interface Candidate extends Entry {
  readonly id: string;
  readonly receipt: string;
  readonly source: string;
  readonly rate: Rate | null;
  /** Whether the edge has found the event in D1: then `row` is not looked at. */
  readonly repeat?: boolean;
  /** Whether its body is in parts, which are dropped where the answer is `duplicate`. */
  readonly inParts?: boolean;
}

/** What the object needs from outside; `index.ts` gives the real ones. */
export interface IntakeDeps extends CommitDeps {
  ring(bells: readonly Bell[]): Promise<void>;
  /** Which of these events D1 has, and whether a repeat opens anything of them. */
  readonly repeats: AskRepeats;
  /** Rescues what is overdue; returns when it must look again, or `null` while nothing is open. */
  sweep(): Promise<number | null>;
  /** Hears of events that are in D1 now. Must not throw, and is not waited for. */
  tell(seeds: readonly BellSeed[]): void;
  now(): number;
}

export class IntakeCore {
  readonly #storage: DurableObjectStorage;
  readonly #deps: IntakeDeps;
  readonly #journal;
  readonly #rates;
  readonly #recent = new Recents();
  readonly #repeats: Repeats;
  #drainedUpTo = 0;
  /** Up to which journal row D1 has been given what there is, whether or not it has said so. */
  #handedUpTo = 0;
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
  /**
   * How far the platform's clock is ahead of ours, in ms, by the last alarm: an object that is slow would ring itself
   * without end.
   */
  #ahead = 0;
  #recovering = false;

  constructor(storage: DurableObjectStorage, deps: IntakeDeps) {
    this.#storage = storage;
    this.#deps = deps;
    this.#repeats = new Repeats(deps.repeats);
    this.#rates = new Rates(this.#repeats);
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
    if ((twin?.ids.get(id)?.receipt ?? known?.receipt) === receipt) {
      // Our own second try, after an answer that was lost on its way. It has paid for itself already.
      await twin?.written;
      return { kind: "accepted", id };
    }
    const full = this.#isFull(candidate.row.length);
    if (full !== null) return { kind: "busy", why: full };
    if (twin !== undefined) {
      await twin.written;
      return { kind: "duplicate", id };
    }
    // Repeats spend nothing of their source's rate: whoever has captured a request would starve those that are new.
    if (candidate.repeat === true) return await this.#carry(repeatOf(candidate), candidate, true);
    if (known !== undefined) return await this.#again(candidate, known);

    const limited = this.#rates.spend(candidate, this.#deps.now());
    return limited ?? (await this.#carry(candidate, candidate, false));
  }

  /** A repeat of what came lately. It goes to D1 only where it opens something, or where nobody can say. */
  async #again(candidate: Candidate, known: Recent): Promise<Acceptance> {
    const { id } = candidate;
    const waits = known.seq > this.#drainedUpTo;
    const handed = known.seq <= this.#handedUpTo;
    // What D1 has not been given cannot have failed.
    if (!handed && !known.repeat) return { kind: "duplicate", id };
    const found = await this.#repeats.look(id);
    if (found === "unknown" && !waits && !this.#journal.isStuck(id)) {
      // Its retention is over, so it is new.
      if (this.#recent.get(id) === known) this.#recent.delete(id);
      return await this.accept(candidate);
    }
    // While D1 is silent, one repeat that waits for it stands for all that follow.
    const opens = found === "silent" ? handed : found !== "unknown" && found.opens === 1;
    if (!opens) return { kind: "duplicate", id };
    // Parts of what is answered as a duplicate are dropped, and here they might be needed.
    if (found === "silent" && candidate.inParts === true)
      return { kind: "busy", why: "D1 does not say whether it is a repeat" };
    return await this.#carry(found === "silent" ? candidate : repeatOf(candidate), candidate, true);
  }

  /** Into the journal, and from there to D1. */
  async #carry(entry: Entry, { id, receipt }: Candidate, repeat: boolean): Promise<Acceptance> {
    const twin = this.#groups.find((group) => group.ids.has(id));
    const group = twin ?? this.#gather(entry, id, { receipt, repeat });
    void this.#write();
    await group.written;
    return { kind: repeat ? "duplicate" : "accepted", id };
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
    this.#draining ??= this.#carryOn().finally(() => {
      this.#draining = null;
    });
    return this.#draining;
  }

  #isFull(more: number): string | null {
    const waiting = this.#groups.reduce((sum, group) => sum + group.size, 0);
    if (waiting + more > MOST_GATHERED) return "too much is waiting to be written";
    return this.#full ? "the journal is full: D1 has been gone for too long" : null;
  }

  #gather({ row, bells: seed }: Entry, id: string, came: Came): Gathering {
    const last = this.#groups.at(-1);
    // The first group may be on its way to the disk already.
    const open = last !== undefined && (this.#groups.length > 1 || !this.#writing) && last.size + row.length <= GROUP;
    const group = open ? last : newGathering();
    if (!open) this.#groups.push(group);
    const [eventId, size, destinations, told] = seed;
    // A repeat is no news.
    group.entries.push({ row, bells: told === undefined || came.repeat ? [eventId, size, destinations] : seed });
    group.ids.set(id, came);
    group.size += row.length;
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
        this.#recent.remember(group, seq);
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

  async #carryOn(): Promise<void> {
    for (;;) {
      const began = this.#deps.now();
      try {
        const group = this.#journal.oldest(GROUP);
        if (group === null) return;
        this.#handedUpTo = Math.max(this.#handedUpTo, ...group.seqs);
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
