// What an isolate may do with the places that it was given: it counts them, and tells what has become of them.
import { sleep } from "../patience.ts";
import type { Places, Told } from "./limiter.ts";

/** What happens in so short a time is told together, in ms. */
const TOGETHER_MS = 20;

/** Tells the object. Never rejects: what it does not hear of it holds until the time is over. */
export type Tell = (told: Told) => Promise<void>;

/** The places of one question. */
export class Turn implements Places {
  readonly go: number;
  readonly lanes: number | null;
  readonly waits: readonly number[];
  readonly #by: string;
  readonly #tell: Tell;
  readonly #over: { readonly isOver: boolean };
  #left: number;
  #lanes: number;
  /** Taken by attempts that have not begun: what cannot be sent after all never does. */
  #pending = 0;
  #isClosed = false;
  #news = { begun: 0, unused: 0, freed: 0 };
  #telling: Promise<void> | null = null;

  /** @param over says whether the time to begin has passed */
  constructor(by: string, { go, lanes, waits }: Places, over: { readonly isOver: boolean }, tell: Tell) {
    this.go = this.#left = go;
    this.lanes = lanes;
    this.waits = waits;
    this.#lanes = lanes ?? 0;
    this.#by = by;
    this.#over = over;
    this.#tell = tell;
  }

  /** Whether another attempt may be under way beside those that are. */
  get hasLane(): boolean {
    return this.lanes === null || this.#lanes > 0;
  }

  /** No more than so many will begin: the other places are for others. */
  expect(n: number): void {
    const unused = Math.max(0, this.#left - n);
    const freed = this.lanes === null ? 0 : Math.max(0, this.#lanes - n);
    this.#left -= unused;
    this.#lanes -= freed;
    if (unused + freed > 0) this.#note({ unused, freed });
  }

  /** Takes a lane; `leave` gives it back. */
  enter(): void {
    this.#lanes -= 1;
  }

  /** @param isLast whether nobody else wants the lane: others may have it then */
  leave(isLast: boolean): void {
    if (this.lanes === null) return;
    if (isLast) this.#note({ freed: 1 });
    else this.#lanes += 1;
  }

  /** Whether there is a place for an attempt that begins now, and time to begin it. Takes the place. */
  takes(): boolean {
    if (this.#left === 0 || this.#isClosed || this.#over.isOver) return false;
    this.#left -= 1;
    this.#pending += 1;
    return true;
  }

  /** It has begun. */
  begun(): void {
    this.#pending -= 1;
    this.#note({ begun: 1 });
  }

  /** All attempts have ended, and no more will begin. Resolves once everything is told. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const lanes = this.lanes === null ? 0 : this.#lanes;
    const unused = this.#left + this.#pending;
    if (unused > 0 || lanes > 0) this.#note({ unused, freed: lanes });
    this.#left = this.#lanes = this.#pending = 0;
    await this.#telling;
  }

  #note({ begun = 0, unused = 0, freed = 0 }: Partial<Omit<Told, "by">>): void {
    const news = this.#news;
    this.#news = { begun: news.begun + begun, unused: news.unused + unused, freed: news.freed + freed };
    this.#telling ??= this.#tellSoon();
  }

  async #tellSoon(): Promise<void> {
    await sleep(TOGETHER_MS);
    const news = this.#news;
    this.#news = { begun: 0, unused: 0, freed: 0 };
    this.#telling = null;
    await this.#tell({ by: this.#by, ...news });
  }
}
