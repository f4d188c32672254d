// The Intake object: decides what is accepted, makes it durable before it says so, and carries it on to D1.
import { hasHung } from "../deadlines.ts";
import type { FirstOutcome } from "../d1/settlement.ts";
import { earlier, within } from "../patience.ts";
import type { AskKnown } from "../d1/known.ts";
import type { Acceptance, Grant } from "../types.ts";
import { Alarm } from "./alarm.ts";
import { Company } from "./company.ts";
import { Drain, type DrainDeps } from "./drain.ts";
import { Firsts } from "./firsts.ts";
import { type Candidate, Groups } from "./gathering.ts";
import { Grants } from "./grants.ts";
import { type Entry, type Found, type Journal, openJournal } from "./journal.ts";
import { attemptName, openOutcomes, type Outcomes } from "./outcomes.ts";
import { Names } from "./names.ts";
import { type Recent, Recents } from "./recents.ts";
import { Rates } from "./rates.ts";
import { Repeats, repeatOf } from "./repeats.ts";

/** How soon after an acceptance the alarm looks whether a crash left something. */
const RECOVERY_MS = 30_000;
/**
 * A sweep that takes longer is left to itself: a call that is never answered must not keep the next alarm from ringing.
 */
const SWEEP_MS = 60_000;
/** Characters that may wait in memory to be written. Past that, and where the journal is full: 503. */
const MOST_GATHERED = 32_000_000;
/**
 * Journal rows that an object which has just been started reads, to know which events are on their way. With more it
 * grants nothing until D1 has them.
 */
const MOST_FOUND = 2_000;

/** What the object needs from outside; `index.ts` gives the real ones. */
export interface IntakeDeps extends DrainDeps {
  /** Which of these events D1 has, whether a repeat opens anything of them, and what is paused. */
  readonly known: AskKnown;
  /** How many objects share what may be under way at once. */
  readonly shards: number;
  /** Rescues what is overdue; returns when it must look again, or `null` while nothing is open. */
  sweep(): Promise<number | null>;
}

export class IntakeCore {
  readonly #storage: DurableObjectStorage;
  readonly #deps: IntakeDeps;
  readonly #journal: Journal;
  readonly #outcomes: Outcomes;
  readonly #grants: Grants;
  readonly #firsts: Firsts;
  readonly #drain: Drain;
  readonly #rates;
  readonly #recent = new Recents();
  readonly #names = new Names();
  readonly #repeats: Repeats;
  /** The last journal row that was found and not read: until D1 has it, any event may wait, and nothing is granted. */
  #unreadUpTo = 0;
  readonly #groups: Groups;
  readonly #alarm: Alarm;

  constructor(storage: DurableObjectStorage, deps: IntakeDeps) {
    this.#storage = storage;
    this.#deps = deps;
    const now = () => deps.now();
    this.#alarm = new Alarm(storage, now);
    this.#repeats = new Repeats(deps.known, now);
    this.#rates = new Rates(this.#repeats);
    this.#journal = openJournal(storage.sql);
    this.#grants = new Grants(deps.shards, now);
    this.#firsts = new Firsts(this.#grants, now);
    this.#groups = new Groups((entries) => this.#journal.append(entries), new Company(now), {
      // The row and the alarm are written in one turn, so that either both survive or neither.
      sync: async () => {
        this.#alarm.arm(now() + RECOVERY_MS);
        await storage.sync();
      },
      written: (group, seq) => {
        this.#recent.remember(group.ids, seq, this.#drain.drainedUpTo);
        for (const id of group.ids.keys()) this.#firsts.written(id);
      },
      failed: (group) => {
        const last = this.#journal.last();
        for (const id of group.ids.keys()) {
          this.#firsts.drop(id, last);
          this.#names.drop(id);
        }
      },
      after: () => {
        if (now() >= this.#drain.retryAt) void this.#drain.run();
      },
    });
    this.#outcomes = openOutcomes(storage.sql);
    const kept = { journal: this.#journal, outcomes: this.#outcomes };
    this.#drain = new Drain(kept, this.#firsts, deps, {
      arm: (at) => this.#alarm.arm(at),
      sync: () => storage.sync(),
      waits: (id) => this.#waits(id),
      drained: (upTo) => this.#recent.drained(upTo),
    });
  }

  /** Called before anything else reaches the object: finds what a crash left. */
  async recover(): Promise<void> {
    await this.#alarm.recover();
    // What is moved must not be lost by an object that dies again: repeats of it are answered.
    if (this.#drain.retryStuck().length > 0) await this.#storage.sync();
    this.#find();
    if (!this.#journal.isEmpty()) {
      this.#alarm.arm(this.#deps.now() + RECOVERY_MS);
      void this.#drain.run();
    }
  }

  /** What an earlier life has journaled: its repeats are repeats, and its first attempts may be under way. */
  #find(): void {
    const found = this.#journal.seeds(MOST_FOUND);
    if (found === null) this.#unreadUpTo = this.#journal.last();
    else this.#remember(found);
    for (const { seeds } of found ?? [])
      for (const [id, size, , , opening] of seeds) {
        if (opening?.first === undefined) continue;
        const { receipt, first } = opening;
        this.#firsts.found(id, receipt, size, first.to, this.#outcomes.of(id, receipt));
      }
  }

  #remember(found: readonly Found[]): void {
    for (const { seq, seeds } of found) {
      for (const [id] of seeds) this.#names.take(id);
      const came = seeds.flatMap(([id, , , told, opening]) =>
        opening === undefined ? [] : [[id, { receipt: opening.receipt, repeat: (told ?? null) === null }] as const],
      );
      this.#recent.remember(came, seq, this.#drain.drainedUpTo);
    }
  }

  /** Whether the event of this id may wait for D1, as far as this object knows. */
  #waits(id: string): boolean {
    const { drainedUpTo } = this.#drain;
    const unsure = drainedUpTo < this.#unreadUpTo || this.#recent.waits(id, drainedUpTo);
    return unsure || this.#journal.isStuck(id);
  }

  /** Resolves once the event is durable. Rejects if it may not be; the caller then must not answer 2xx. */
  async accept(candidate: Candidate): Promise<Acceptance> {
    const { id, receipt } = candidate;
    const twin = this.#groups.of(id);
    const known = this.#recent.get(id);
    if ((twin?.ids.get(id)?.receipt ?? known?.receipt) === receipt) {
      // Our own second try, after an answer that was lost on its way. It has paid for itself already.
      await twin?.written;
      return { kind: "accepted", id };
    }
    if (candidate.sole === true && this.#names.areTaken(id)) return { kind: "reused" };
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
    if (limited !== null) return limited;
    if (candidate.sole === true) this.#names.take(id);
    const offered = this.#offered(candidate);
    if (offered.length === 0) return await this.#carry(candidate, candidate, false);
    this.#firsts.offer(id, receipt, candidate.bells[1], offered);
    // D1 is asked beside the journal, and the sender does not wait for it.
    let isNew: boolean | null = null;
    const asking = this.#isNew(candidate).then((answer) => (isNew = answer));
    const answer = await this.#carry(candidate, candidate, false, offered);
    const begin = (yes: boolean) => this.#firsts.begin(id, yes, (destination) => this.#repeats.admits(destination));
    if (isNew === null) void asking.then(begin);
    else begin(isNew);
    return { kind: "accepted", id: answer.id, first: this.#firsts.granted(id) };
  }

  /**
   * Whether D1 does not have this event; a D1 that is silent does not know it either. An id that was made up needs no
   * question.
   */
  async #isNew({ id, keyed = true, hasMoved = false }: Candidate): Promise<boolean> {
    if (keyed) return await this.#repeats.isNew(id, !hasMoved);
    await this.#repeats.pausesRead();
    return true;
  }

  /** Destinations whose first attempt may be granted as things stand. */
  #offered({ id, first = [] }: Candidate): string[] {
    if (first.length === 0 || this.#firsts.isUnsure(id) || this.#waits(id)) return [];
    return first.filter((destination) => this.#grants.offers(destination));
  }

  /**
   * For an isolate whose first attempts were not all granted with the answer: waits for the decision on one of them.
   */
  async grant(id: string, receipt: string, destination: string): Promise<Grant | "unknown" | null> {
    return await this.#firsts.ask(id, receipt, destination);
  }

  /** How first attempts ended. Resolves once that is in D1 or in the journal. */
  async ended(id: string, receipt: string, size: number, outcomes: readonly FirstOutcome[]): Promise<void> {
    for (const outcome of outcomes) {
      const timedOut = outcome.state === "unsent" ? null : hasHung(outcome);
      this.#grants.leave(outcome.destination, attemptName(id, receipt, outcome.destination), timedOut);
    }
    await this.#drain.ended(id, receipt, size, outcomes);
  }

  /** From now on nothing is granted for this destination, until D1 says that it is not paused. */
  pause(destination: string): void {
    this.#repeats.pause(destination);
    this.#grants.refuse(destination);
  }

  /** A repeat of what came lately. It goes to D1 only where it opens something, or where nobody can say. */
  async #again(candidate: Candidate, known: Recent): Promise<Acceptance> {
    const { id } = candidate;
    const waits = known.seq > this.#drain.drainedUpTo;
    const handed = known.seq <= this.#drain.handedUpTo;
    // Its first attempt has used up its schedule before D1 has heard of it.
    if (waits && !known.repeat && this.#drain.exhausted(id, known.receipt))
      return await this.#carry(repeatOf(candidate), candidate, true);
    // What D1 has not been given cannot have failed otherwise.
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
    // Where its event is here, D1 will have that one first.
    const isNew = found === "silent" && !waits && !this.#journal.isStuck(id);
    return await this.#carry(isNew ? candidate : repeatOf(candidate), candidate, true);
  }

  /** Into the journal, and from there to D1. */
  async #carry(
    entry: Entry,
    { id, receipt }: Candidate,
    repeat: boolean,
    offered: readonly string[] = [],
  ): Promise<Extract<Acceptance, { id: string }>> {
    await this.#groups.add(entry, id, { receipt, repeat }, offered, this.#deps.now());
    return { kind: repeat ? "duplicate" : "accepted", id };
  }

  #isFull(more: number): string | null {
    if (this.#groups.size + more > MOST_GATHERED) return "too much is waiting to be written";
    return this.#journal.isFull(this.#deps.now()) ? "the journal is full: D1 has been gone for too long" : null;
  }

  /** The alarm: carries on what is left, rescues what is overdue, and sets itself again while anything is open. */
  async alarm(): Promise<void> {
    this.#alarm.rang();
    const isDue = (this.#drain.stuckAt ?? Infinity) <= this.#deps.now();
    if (isDue) {
      this.#remember(this.#drain.retryStuck());
      await this.#storage.sync();
    }
    // Not waited for: under steady traffic it does not end, and the sweep must have its turn.
    const left = !this.#journal.isEmpty();
    void this.#drain.run();
    let next: number | null = this.#deps.now() + RECOVERY_MS;
    try {
      next = await within(SWEEP_MS, "the sweep", this.#deps.sweep());
    } catch (error) {
      this.#deps.log.error("sweep.failed", { error: String(error) });
    }
    // The sweep may have looked before they were in D1. When D1 fails, the drain itself comes back sooner.
    if (left || !this.#journal.isEmpty()) next = Math.min(next ?? Infinity, this.#deps.now() + RECOVERY_MS);
    next = earlier(next, this.#drain.stuckAt);
    if (next !== null) this.#alarm.arm(Math.max(next, this.#deps.now() + 1000));
  }

  /** Makes the alarm ring at `at` at the latest: somebody has opened deliveries without an acceptance. */
  async remind(at: number): Promise<void> {
    this.#alarm.arm(at);
    await this.#storage.sync();
  }

  /** For /health. */
  status(): { waiting: number; stuck: number; bytes: number } {
    return this.#journal.status();
  }
}
