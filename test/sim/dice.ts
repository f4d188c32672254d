// Chance with a memory: every roll is a function of the seed and of what it is for, so that leaving one fault out changes no other roll.

/** FNV-1a over the text, mixed with the seed, finished as in murmur3: one number of [0, 1). */
export function roll(seed: number, what: string): number {
  let hash = (0x811c9dc5 ^ seed) >>> 0;
  for (let at = 0; at < what.length; at += 1) hash = Math.imul(hash ^ what.charCodeAt(at), 0x01000193) >>> 0;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b) >>> 0;
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35) >>> 0;
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
}

/** A stream of rolls for one purpose. */
export class Dice {
  readonly #seed: number;
  readonly #what: string;
  #count = 0;

  constructor(seed: number, what: string) {
    this.#seed = seed;
    this.#what = what;
  }

  /** A number of [0, 1). */
  next(): number {
    this.#count += 1;
    return roll(this.#seed, `${this.#what} ${this.#count}`);
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  /** A whole number from `from` to `to`, both included. */
  whole(from: number, to: number): number {
    return from + Math.floor(this.next() * (to - from + 1));
  }

  pick<T>(choices: readonly T[]): T {
    const choice = choices[Math.floor(this.next() * choices.length)];
    if (choice === undefined) throw new Error("nothing to choose from");
    return choice;
  }
}

/** Sixteen hexadecimal digits that stand for a long text: the trace of a run. */
export class Fingerprint {
  #a = 0x811c9dc5;
  #b = 0x1b873593;

  add(text: string): void {
    for (let at = 0; at < text.length; at += 1) {
      const code = text.charCodeAt(at);
      this.#a = Math.imul(this.#a ^ code, 0x01000193) >>> 0;
      this.#b = Math.imul(this.#b + code, 0xcc9e2d51) >>> 0;
      this.#b = ((this.#b << 15) | (this.#b >>> 17)) >>> 0;
    }
  }

  toString(): string {
    return this.#a.toString(16).padStart(8, "0") + this.#b.toString(16).padStart(8, "0");
  }
}
