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

/** Ids that are remembered: what repeats them is asked for in D1, and spends nothing. The answer's id is right without it. */
const REMEMBERED = 10_000;

/** What was accepted last, oldest first. */
export class Recents extends Map<string, Recent> {
  #forgotten: Forgotten | null = null;

  /** Called once the group is durable: a repeat of what was not is new. What has to go before D1 has it is remembered more coarsely. */
  remember(group: { readonly ids: ReadonlyMap<string, Came> }, seq: number, drainedUpTo: number): void {
    for (const [id, came] of group.ids) {
      this.delete(id);
      this.set(id, { ...came, seq });
    }
    for (const id of this.keys()) {
      if (this.size <= REMEMBERED) break;
      if ((this.get(id)?.seq ?? 0) > drainedUpTo) (this.#forgotten ??= new Forgotten()).add(id);
      this.delete(id);
    }
  }

  /** Whether this id may be one that waits for D1 and is not remembered any more. */
  forgets(id: string): boolean {
    return this.#forgotten?.has(id) ?? false;
  }

  /** Nothing waits for D1 any more. */
  drained(): void {
    this.#forgotten = null;
  }
}

/** Bits of a Bloom filter, 4 MB of them: of two million ids it takes one in 500 that it has not seen for one that it has. */
const BITS = 2 ** 25;

/** A set of event ids that never denies one it has. Ids are digests or random, so that slices of them serve as hashes. */
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
