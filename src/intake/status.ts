// What do the journals hold? Asks every object that may hold something, those of a larger INTAKE_SHARDS of before, too.
import { within } from "../patience.ts";
import { nameOf } from "./spread.ts";

/** What one object says of its journal. */
export interface ShardStatus {
  /** Journal rows that wait for D1. */
  readonly waiting: number;
  /** Events that D1 refuses. */
  readonly stuck: number;
  readonly bytes: number;
  /** Of the leader: how many objects may hold events. */
  readonly shards?: number;
}

/** The sums over all objects. */
export interface JournalStatus extends Omit<ShardStatus, "shards"> {
  /** Objects that did not answer, which the sums leave out. */
  readonly unreachable: readonly string[];
  /** When they were asked, in ms. */
  readonly seenAt: number;
}

/** How old an answer may be, in ms: whoever watches asks often, and every question is a request to every object. */
const FRESH_MS = 3_000;
/** An object has so long to answer, in ms. */
const PATIENCE_MS = 2_500;

/** What is asked of an object. */
interface Asked {
  status(): Promise<ShardStatus>;
  holds(before: number): Promise<boolean>;
}

/** The journals of all objects, as one isolate sees them. */
export class Journals {
  readonly #stub: (name: string) => Asked;
  readonly #shards: number;
  readonly #now: () => number;
  /** As the leader has last said. */
  #most: number;
  #seen: JournalStatus | null = null;

  /** @param shards how many objects this isolate spreads events over */
  constructor(stub: (name: string) => Asked, shards: number, now: () => number) {
    this.#stub = stub;
    this.#shards = this.#most = shards;
    this.#now = now;
  }

  /**
   * The objects that may hold events or grant first attempts. If the leader does not answer, those of which this
   * isolate knows.
   */
  async names(): Promise<string[]> {
    await this.#ask(0, 1);
    return Array.from({ length: this.#most }, (_, shard) => nameOf(shard));
  }

  /** @throws if no object answers: then nothing can be accepted */
  async status(): Promise<JournalStatus> {
    const seenAt = this.#now();
    // An answer is kept, and not a question: the request that has asked it may be cancelled, and its promise then never
    // settles.
    if (this.#seen !== null && seenAt - this.#seen.seenAt < FRESH_MS) return this.#seen;
    const own = await this.#ask(0, this.#shards);
    if (own.every((one) => one === null)) throw new Error("no Intake object answers");
    const all = [...own, ...(await this.#ask(this.#shards, this.#most))];
    const sum = (key: "waiting" | "stuck" | "bytes") => all.reduce((total, one) => total + (one?.[key] ?? 0), 0);
    const unreachable = all.flatMap((one, shard) => (one === null ? [nameOf(shard)] : []));
    this.#seen = { waiting: sum("waiting"), stuck: sum("stuck"), bytes: sum("bytes"), unreachable, seenAt };
    return this.#seen;
  }

  /** @see IntakeDoor.holds */
  async holds(before: number): Promise<boolean> {
    const [leader] = await this.#ask(0, 1);
    // It alone knows how many there are.
    if (leader === null) return true;
    const ask = async (_: unknown, shard: number) =>
      await within(PATIENCE_MS, nameOf(shard), this.#stub(nameOf(shard)).holds(before));
    const answers = await Promise.all(Array.from({ length: this.#most }, ask).map((one) => one.catch(() => true)));
    return answers.includes(true);
  }

  /** The answers of the objects from `from` up to `to`, `null` for those that do not answer. */
  async #ask(from: number, to: number): Promise<(ShardStatus | null)[]> {
    const shards = Array.from({ length: Math.max(0, to - from) }, (_, n) => from + n);
    const ask = async (name: string) => await within(PATIENCE_MS, name, this.#stub(name).status());
    const answers = await Promise.all(shards.map((shard) => ask(nameOf(shard)).catch(() => null)));
    const [leader] = answers;
    if (from === 0 && leader !== null) this.#most = Math.max(this.#shards, leader?.shards ?? 0);
    return answers;
  }
}
