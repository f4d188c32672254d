// Which ids came lately, and, more coarsely, which others wait for D1.
/** What is remembered of an id: under which receipt it came, and whether that was a repeat. */
export interface Came {
  readonly receipt: string;
  readonly repeat: boolean;
}

/** What came lately, and in which journal row it is. */
export interface Recent extends Came {
  readonly seq: number;
}

/** Ids that are remembered: D1 is asked about a repeat of them, and such a repeat spends nothing of a rate. */
const REMEMBERED = 10_000;

/** What was accepted last, oldest first. */
export class Recents extends Map<string, Recent> {
  #forgotten: { readonly ids: Forgotten; upTo: number } | null = null;

  /**
   * Called once the ids are durable: a repeat of an event that is not durable is new. An id that must be dropped
   * before D1 has its event is remembered more coarsely.
   */
  remember(came: Iterable<readonly [id: string, came: Came]>, seq: number, drainedUpTo: number): void {
    for (const [id, { receipt, repeat }] of came) {
      this.delete(id);
      this.set(id, { receipt, repeat, seq });
    }
    for (const [id, recent] of this) {
      if (this.size <= REMEMBERED) break;
      if (recent.seq > drainedUpTo) this.#forget(id, recent.seq);
      this.delete(id);
    }
  }

  /** Whether the event of this id waits for D1, or may do so. */
  waits(id: string, drainedUpTo: number): boolean {
    return (this.get(id)?.seq ?? -Infinity) > drainedUpTo || this.forgets(id);
  }

  /** Whether this id may be one that waits for D1 and is not remembered any more. */
  forgets(id: string): boolean {
    return this.#forgotten?.ids.has(id) ?? false;
  }

  /** D1 has every journal row up to this one. */
  drained(upTo: number): void {
    if (this.#forgotten !== null && this.#forgotten.upTo <= upTo) this.#forgotten = null;
  }

  #forget(id: string, seq: number): void {
    this.#forgotten ??= { ids: new Forgotten(), upTo: seq };
    this.#forgotten.ids.add(id);
    this.#forgotten.upTo = Math.max(this.#forgotten.upTo, seq);
  }
}

/**
 * Bits of a Bloom filter, 4 MB of them. With two million ids in it, one in 500 other ids is mistaken for one of them.
 */
const BITS = 2 ** 25;

/** A set of event ids that never denies one it has. Ids are digests or random, so slices of them serve as hashes. */
class Forgotten {
  readonly #bits = new Uint32Array(BITS / 32);

  add(id: string): void {
    for (const bit of bitsOf(id)) this.#bits[bit >>> 5] = (this.#bits[bit >>> 5] ?? 0) | (1 << (bit & 31));
  }

  has(id: string): boolean {
    return bitsOf(id).every((bit) => ((this.#bits[bit >>> 5] ?? 0) & (1 << (bit & 31))) !== 0);
  }
}

/** Four times 25 bits of the 128 that an id has. */
function bitsOf(id: string): number[] {
  return [0, 8, 16, 24].map((at) => parseInt(id.slice(at + 4, at + 12), 16) % BITS);
}
