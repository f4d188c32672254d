// Who may still be listened to: what fails to prove itself is counted by address, and what proves itself costs nothing.
// Memory of one isolate.
import { floodKey } from "../net/cidr.ts";
import { within } from "../patience.ts";

/** How long an address is known to have used up its failures, in ms; then one more failure asks again. */
const KNOWN_MS = 10_000;
/**
 * Addresses, and pairs of a source and an address, that are remembered; the oldest go first, and are asked for again.
 */
const MOST_KNOWN = 1_000;
/** What the count may take to answer, in ms: nobody is let in by it, so nobody waits for it longer. */
const PATIENCE_MS = 1_000;
/**
 * What an address that has used up its failures may still try at one source, in units: one for a request and one for
 * each 64 KiB of it. A unit costs some 0.1 ms, so that an address keeps an isolate busy for 3 % of its time at most.
 */
const MOST_UNITS = 300;
const UNITS_PER_MS = 0.3;
const UNIT_BYTES = 64 * 1024;

/** A request that is listened to. One of the two is called once it is known what it is. */
export interface Entrant {
  /** It has proven itself: it has cost nothing. */
  proven(): void;
  /**
   * It has not, and had so many bytes. Never rejects. False where the address is not to hear why: it has used up its
   * failures elsewhere, and would learn that there is a source of this name.
   */
  failed(bytes: number): Promise<boolean>;
}

/** What an address may still try at one source. */
interface Trials {
  units: number;
  /** When they were last filled up, in ms. */
  at: number;
  /** Whether the address has heard before that there is this source. */
  told: boolean;
}

/** For those who are not counted: an allowlist has admitted them. */
export const UNCOUNTED: Entrant = { proven: () => {}, failed: () => Promise.resolve(true) };

/**
 * Decides before anything is read whether a request is listened to, from memory alone. A sender may share its address
 * with an attacker (whoever has an account at GitHub can have GitHub post to any relay), so an address that has used up
 * its failures is not shut out: it has a budget of trials for each source, which only failures use up. docs/adr/0020.
 */
export class FloodGuard {
  readonly #count: (address: string) => Promise<boolean>;
  readonly #now: () => number;
  /** Until when addresses are known to have used up their failures. */
  readonly #exhausted = new Map<string, number>();
  readonly #trials = new Map<string, Trials>();

  /** @param count counts a failure of this address; false where it has had too many */
  constructor(count: (address: string) => Promise<boolean>, now: () => number) {
    this.#count = count;
    this.#now = now;
  }

  /** `null` for a request that is to be refused unread. */
  enter(source: string, address: string): Entrant | null {
    const key = floodKey(address);
    const name = `${source} ${key}`;
    if (!this.#isExhausted(key))
      return {
        proven: () => {},
        failed: async () => {
          this.#trialsOf(name).told = true;
          await this.#charge(key, address);
          return true;
        },
      };
    const trials = this.#trialsOf(name);
    if (trials.units < 1) return null;
    trials.units -= 1;
    return {
      proven: () => {
        trials.units += 1;
      },
      failed: async (bytes) => {
        trials.units -= bytes / UNIT_BYTES;
        await this.#charge(key, address);
        return trials.told;
      },
    };
  }

  /**
   * Counts a request that is refused by its name, method or address alone. Never rejects. False where the address has
   * used up its failures: it is then told neither this nor, by `failed`, what it did not know before.
   */
  async guess(address: string): Promise<boolean> {
    const key = floodKey(address);
    if (this.#isExhausted(key)) return false;
    await this.#charge(key, address);
    return true;
  }

  #isExhausted(key: string): boolean {
    return (this.#exhausted.get(key) ?? 0) > this.#now();
  }

  #trialsOf(name: string): Trials {
    const now = this.#now();
    const trials = this.#trials.get(name) ?? { units: MOST_UNITS, at: now, told: false };
    trials.units = Math.min(MOST_UNITS, trials.units + Math.max(0, now - trials.at) * UNITS_PER_MS);
    trials.at = now;
    remember(this.#trials, name, trials);
    return trials;
  }

  async #charge(key: string, address: string): Promise<void> {
    let more = false;
    try {
      more = await within(PATIENCE_MS, "the flood guard", this.#count(address));
    } catch {
      // Who cannot be counted is taken for one who has been counted out: its trials are bounded, and the genuine pass.
    }
    if (more) this.#exhausted.delete(key);
    else remember(this.#exhausted, key, this.#now() + KNOWN_MS);
  }
}

function remember<Value>(map: Map<string, Value>, key: string, value: Value): void {
  map.delete(key);
  map.set(key, value);
  const [oldest] = map.keys();
  if (map.size > MOST_KNOWN && oldest !== undefined) map.delete(oldest);
}
