// What one Intake object and the others tell each other: how events are spread, and when it is time for the sweep.
import type { Log } from "../log.ts";
import { earlier } from "../patience.ts";
import type { IntakeRpc } from "./door.ts";
import type { Candidate } from "./gathering.ts";
import { waitingIn } from "./journal.ts";
import { Moved, type Spreads } from "./moved.ts";
import { Roster } from "./roster.ts";
import { LEADER, nameOf } from "./spread.ts";

export interface PeersDeps {
  /** Whether this is `intake-0`, which sweeps for all. */
  readonly leads: boolean;
  readonly storage: DurableObjectStorage;
  /** Opens another object. */
  stub(name: string): Pick<IntakeRpc, "enlist" | "heed" | "release" | "remind">;
  /** Has this object's own alarm ring. */
  arm(at: number): Promise<void>;
  /** Looks after what is due in D1; returns when to look again. Only the leader does. */
  sweep(): Promise<number | null>;
  now(): number;
  readonly log: Log;
}

/** One object among the others. */
export class Peers {
  readonly #deps: PeersDeps;
  readonly #moved: Moved;
  readonly #roster: Roster | null;

  constructor(deps: PeersDeps) {
    this.#deps = deps;
    const { storage, log } = deps;
    const now = () => deps.now();
    this.#moved = new Moved((spread) => this.enlist(spread), now, log);
    this.#roster = !deps.leads
      ? null
      : new Roster(storage.sql, {
          heed: async (shard, spreads) => {
            if (shard === 0) this.heed(spreads);
            else await deps.stub(nameOf(shard)).heed(spreads);
          },
          release: async (shard, spread) =>
            shard === 0 ? this.release(spread) : await deps.stub(nameOf(shard)).release(spread),
          sync: () => storage.sync(),
          arm: (at) => deps.arm(at),
          now,
          log,
        });
  }

  /** How many objects there may be, as far as this one knows. */
  get shards(): number {
    return this.#roster?.shards ?? 0;
  }

  /**
   * To be called before an acceptance. Gives the candidate with the first attempts that may be granted as far as other
   * objects are concerned.
   *
   * @param spread how its isolate spreads events; one of an earlier release does not say
   */
  async meet(candidate: Candidate, spread = ""): Promise<Candidate> {
    await this.#moved.know(spread);
    const may = this.#moved.may(candidate, spread);
    if (may === "granted") return candidate;
    return may === "asked" ? { ...candidate, hasMoved: true } : { ...candidate, first: [] };
  }

  /** @see Roster.enlist */
  async enlist(spread: string): Promise<Spreads> {
    return await (this.#roster ?? this.#deps.stub(LEADER)).enlist(spread);
  }

  /** @see Moved.heed */
  heed(spreads: Spreads): void {
    this.#moved.heed(spreads);
  }

  /** @see Moved.release */
  release(spread: string): boolean {
    return this.#moved.release(spread, waitingIn(this.#deps.storage.sql));
  }

  /** At the alarm: one object sweeps for all, and the others wake it, because what they have accepted may be due. */
  async sweep(): Promise<number | null> {
    const deps = this.#deps;
    if (this.#roster === null) {
      await deps.stub(LEADER).remind(deps.now());
      return null;
    }
    return earlier(await this.#roster.review(), await deps.sweep());
  }
}
