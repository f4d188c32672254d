// What may be called of an Intake object over RPC, and by its alarm. `index.ts` gives it its bindings.
import { DurableObject, RpcTarget } from "cloudflare:workers";
import { receiptFloor } from "../ids.ts";
import type { Acceptance, Desk } from "../types.ts";
import { LATER, type Told as Answer } from "./calls.ts";
import type { IntakeRpc } from "./door.ts";
import type { Candidate } from "./gathering.ts";
import { IntakeCore, type IntakeDeps } from "./intake.ts";
import { holdsBelow } from "./journal.ts";
import type { Spreads } from "./moved.ts";
import { Peers, type PeersDeps } from "./peers.ts";
import type { Ended } from "./tellings.ts";
import { together } from "./together.ts";

/** Notes what the object uses of what is billed; `Told` is what a caller has used. */
interface Metered<Told> {
  hears(told: Told): void;
  during<T>(work: Promise<T>): Promise<T>;
  alarm(work: Promise<void>): Promise<void>;
}

/** What the object needs from outside; its own alarm and storage are the platform's. */
export interface ObjectDeps<Told> extends IntakeDeps, Omit<PeersDeps, "storage" | "arm"> {
  readonly metered: Metered<Told>;
  /** Makes one step of D1's schema, and says whether it was the last. */
  schema(): Promise<boolean>;
}

/** @see Desk */
class GrantDesk extends RpcTarget implements Desk {
  readonly #ask: Desk["ask"];

  constructor(ask: Desk["ask"]) {
    super();
    this.#ask = ask;
  }

  async ask(destination: string) {
    return await this.#ask(destination);
  }
}

/** One of the objects that hold the journal. */
export class IntakeObject<Env, Told> extends DurableObject<Env> implements IntakeRpc {
  readonly #core: IntakeCore;
  readonly #peers: Peers;
  readonly #metered: Metered<Told>;
  readonly #schema: () => Promise<boolean>;
  /** Answers that were not there when those beside them were, by receipt. */
  readonly #later = new Map<string, Promise<Acceptance>>();

  constructor(ctx: DurableObjectState, env: Env, deps: ObjectDeps<Told>) {
    super(ctx, env);
    this.#metered = deps.metered;
    this.#schema = () => deps.schema();
    this.#peers = new Peers({ ...deps, storage: ctx.storage, arm: (at) => this.#core.remind(at) });
    this.#core = new IntakeCore(ctx.storage, { ...deps, sweep: () => this.#peers.sweep() });
    void ctx.blockConcurrencyWhile(() => this.#core.recover());
  }

  /**
   * @param told what the caller has used: it has no way of its own to the feed
   * @see Peers.meet
   * @see IntakeCore.accept
   */
  async accept(candidate: Candidate, spread?: string, told?: Told): Promise<Acceptance> {
    if (told !== undefined) this.#metered.hears(told);
    const answering = this.#later.get(candidate.receipt) ?? this.#accept(candidate, spread);
    const answer = await this.#metered.during(answering);
    if (answer.kind !== "accepted" || (answer.first?.wait.length ?? 0) === 0) return answer;
    const { id, receipt } = candidate;
    const desk = new GrantDesk((destination) => this.#core.grant(id, receipt, destination));
    return { ...answer, first: { go: [], wait: [], ...answer.first, desk } };
  }

  /**
   * Several candidates of one isolate. No desk comes with the answers: it would belong to the invocation that makes the
   * call, and the answers belong to others, too.
   *
   * @see accept
   * @see together
   */
  async acceptAll(candidates: readonly Candidate[], spread?: string, told?: Told): Promise<readonly Answer[]> {
    if (told !== undefined) this.#metered.hears(told);
    const each = candidates.map((candidate) => this.#accept(candidate, spread));
    const answers = await this.#metered.during(together(each));
    for (const [n, { receipt }] of candidates.entries()) {
      const answering = each[n];
      if (answers[n] !== LATER || answering === undefined) continue;
      this.#later.set(receipt, answering);
      void answering.catch(() => {}).finally(() => this.#later.delete(receipt));
    }
    return answers;
  }

  async #accept(candidate: Candidate, spread?: string): Promise<Acceptance> {
    return await this.#core.accept(await this.#peers.meet(candidate, spread));
  }

  /** Makes one step of D1's schema in an invocation of its own, and says whether it was the last. */
  async schema(): Promise<boolean> {
    return await this.#schema();
  }

  /** @see IntakeCore.grant */
  async grant(id: string, receipt: string, destination: string) {
    return await this.#core.grant(id, receipt, destination);
  }

  /** @see IntakeCore.ended */
  async ended(all: readonly Ended[]): Promise<void> {
    const each = ({ id, receipt, size, outcomes }: Ended) => this.#core.ended(id, receipt, size, outcomes);
    await this.#metered.during(Promise.all(all.map(each)));
  }

  /** @see IntakeCore.pause */
  async pause(destination: string): Promise<void> {
    await Promise.resolve(this.#core.pause(destination));
  }

  /** @see IntakeCore.status */
  async status() {
    return await Promise.resolve({ ...this.#core.status(), shards: this.#peers.shards });
  }

  /** Whether an event that was accepted before this time, in ms, is not in D1 yet. */
  async holds(before: number): Promise<boolean> {
    return await Promise.resolve(holdsBelow(this.ctx.storage.sql, receiptFloor(before)));
  }

  /** @see IntakeCore.remind */
  async remind(at: number): Promise<void> {
    await this.#core.remind(at);
  }

  /** @see Peers.enlist */
  async enlist(spread: string): Promise<Spreads> {
    return await this.#peers.enlist(spread);
  }

  /** @see Peers.heed */
  async heed(spreads: Spreads): Promise<void> {
    await Promise.resolve(this.#peers.heed(spreads));
  }

  /** @see Peers.release */
  async release(spread: string): Promise<boolean> {
    return await Promise.resolve(this.#peers.release(spread));
  }

  override async alarm(): Promise<void> {
    await this.#metered.alarm(this.#core.alarm());
  }
}
