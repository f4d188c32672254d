// What waits to be written to the journal, in groups: one waits for company or is on its way to the disk, and what
// arrives meanwhile gathers in the next.
import type { Rate } from "../types.ts";
import { FIRST_LEASE_MS } from "../deadlines.ts";
import type { Company } from "./company.ts";
import { GROUP } from "./drain.ts";
import type { Entry } from "./journal.ts";
import type { Came } from "./recents.ts";

/** A verified event that asks to be accepted. */
export interface Candidate extends Entry {
  readonly id: string;
  readonly receipt: string;
  readonly source: string;
  readonly rate: Rate | null;
  /** By which name it has come to this object, where a destination wants it in order. */
  readonly together?: string;
  /** Whether the edge has found the event in D1: then `row` is not looked at. */
  readonly repeat?: boolean;
  /** Whether its body is in parts, which are dropped where the answer is `duplicate`. */
  readonly inParts?: boolean;
  /** Whether its id may come again: an id that the relay has made up does not. */
  readonly keyed?: boolean;
  /** Whether its name stands for one content (`soleEventId`). */
  readonly sole?: boolean;
  /** Destinations whose first attempt the isolate can make itself. An isolate of an earlier release offers none. */
  readonly first?: readonly string[];
  /** Whether another object may have had it before: then a silent D1 does not make it new. */
  readonly hasMoved?: boolean;
}

/** One group on its way into the journal. */
export interface Gathering {
  readonly entries: Entry[];
  readonly ids: Map<string, Came>;
  size: number;
  readonly written: Promise<number>;
  readonly settle: { resolve(seq: number): void; reject(error: unknown): void };
}

/** An empty group. */
function newGathering(): Gathering {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  // Every acceptance of the group awaits this promise; one that nobody awaits any more must not end the object.
  promise.catch(() => {});
  return { entries: [], ids: new Map(), size: 0, written: promise, settle: { resolve, reject } };
}

/** What becomes of groups. */
interface Ways {
  /** Resolves once what was appended is durable. */
  sync(): Promise<void>;
  written(group: Gathering, seq: number): void;
  /** It may be durable all the same. */
  failed(group: Gathering): void;
  after(): void;
}

/** The groups of one object. */
export class Groups {
  readonly #append: (entries: readonly Entry[]) => number;
  readonly #ways: Ways;
  readonly #company: Company;
  readonly #groups: Gathering[] = [];
  #writing = false;
  /** Whether the first group waits for company. */
  #isOpen = false;

  /** @param append writes entries as one row and returns its key */
  constructor(append: (entries: readonly Entry[]) => number, company: Company, ways: Ways) {
    this.#append = append;
    this.#company = company;
    this.#ways = ways;
  }

  /** The group in which this id waits. */
  of(id: string): Gathering | undefined {
    return this.#groups.find((group) => group.ids.has(id));
  }

  /** Characters that wait. */
  get size(): number {
    return this.#groups.reduce((sum, group) => sum + group.size, 0);
  }

  /**
   * Resolves once the entry is durable, or the one of the same id that waits already.
   *
   * @param offered destinations whose first attempt may be granted from then on
   */
  async add(entry: Entry, id: string, came: Came, offered: readonly string[], now: number): Promise<void> {
    const group = this.of(id) ?? this.#gather(entry, id, came, offered, now);
    this.#company.came(group.entries.length);
    void this.#write();
    await group.written;
  }

  #gather({ row, bells: seed }: Entry, id: string, came: Came, offered: readonly string[], now: number): Gathering {
    const last = this.#groups.at(-1);
    // The first group may be on its way to the disk already.
    const isWritten = this.#groups.length === 1 && this.#writing && !this.#isOpen;
    const open = last !== undefined && !isWritten && last.size + row.length <= GROUP;
    const group = open ? last : newGathering();
    if (!open) this.#groups.push(group);
    const [eventId, size, destinations, told] = seed;
    const first = offered.length === 0 ? {} : { first: { to: offered, until: now + FIRST_LEASE_MS } };
    // A repeat is no news.
    const news = came.repeat ? null : (told ?? null);
    group.entries.push({ row, bells: [eventId, size, destinations, news, { receipt: came.receipt, ...first }] });
    group.ids.set(id, came);
    group.size += row.length;
    return group;
  }

  async #write(): Promise<void> {
    if (this.#writing) return;
    this.#writing = true;
    for (let group = this.#groups[0]; group !== undefined; group = this.#groups[0]) {
      if (this.#company.isExpected) await this.#gathered(group);
      try {
        const seq = this.#append(group.entries);
        await this.#ways.sync();
        this.#ways.written(group, seq);
        group.settle.resolve(seq);
      } catch (error) {
        this.#ways.failed(group);
        group.settle.reject(error);
      }
      this.#groups.shift();
      this.#ways.after();
    }
    this.#writing = false;
  }

  /** Holds the first group open while others are likely to join it. */
  async #gathered({ entries }: Gathering): Promise<void> {
    this.#isOpen = true;
    await this.#company.wait(() => (this.#groups.length > 1 ? Infinity : entries.length));
    this.#isOpen = false;
  }
}
