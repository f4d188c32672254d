// Which published keys does a source keep, and how many fetches may strangers cause? Every quantity is bounded;
// no clock of its own.

/** A key as it was answered. */
export interface Entry {
  readonly text: string;
  /** When it was had, and when it was last asked for, in ms. */
  readonly fetchedAt: number;
  readonly triedAt: number;
}

/**
 * Keys that are kept, and names that are known to lead to none.
 * A sender publishes a handful; strangers can make up any number.
 */
const KEY_LIMIT = 32;
const FAILURE_LIMIT = 256;

/** Keys of one source. One that has proven a request is driven out only by another that has. */
export class Drawer {
  readonly #keys = new Map<string, Entry>();
  readonly #proven = new Set<string>();
  /** When each of these names was asked for in vain, in ms; the oldest first. */
  readonly #failures = new Map<string, number>();
  /** The last key that found no room: it has until the next such key to prove a request. */
  #spare: { readonly name: string; readonly entry: Entry } | null = null;

  get(name: string): Entry | undefined {
    return this.#keys.get(name);
  }

  /** Keeps a key while there is room, or where one is kept that has proven nothing. */
  keep(name: string, entry: Entry): void {
    this.#failures.delete(name);
    if (!this.#keys.has(name) && this.#keys.size >= KEY_LIMIT) {
      const idle = [...this.#keys.keys()].find((one) => !this.#proven.has(one));
      if (idle === undefined) {
        this.#spare = { name, entry };
        return;
      }
      this.#keys.delete(idle);
    }
    this.#keys.set(name, entry);
  }

  /** A signature under this key was right. */
  prove(name: string): void {
    const entry = this.#keys.get(name) ?? (this.#spare?.name === name ? this.#spare.entry : undefined);
    if (entry === undefined) return;
    this.#proven.delete(name);
    if (!this.#keys.has(name)) {
      const [oldest = ""] = this.#proven;
      this.#proven.delete(oldest);
      this.#keys.delete(oldest);
      this.#keys.set(name, entry);
    }
    this.#proven.add(name);
  }

  fail(name: string, now: number): void {
    this.#failures.delete(name);
    if (this.#failures.size >= FAILURE_LIMIT) this.#failures.delete(this.#failures.keys().next().value ?? "");
    this.#failures.set(name, now);
  }

  /** Whether a name has led nowhere since then. */
  hasFailed(name: string, since: number): boolean {
    const at = this.#failures.get(name);
    return at !== undefined && at > since;
  }
}

/** Questions a minute that one client may cause, and all of them together. */
const PER_CLIENT = 40;
const PER_SOURCE = 120;

/** What a source may still ask for in this minute. */
export class Allowance {
  #startedAt = 0;
  #spent = 0;
  readonly #clients = new Map<string, number>();

  /** Whether this client may cause one more question; `now` in milliseconds. */
  spend(client: string, now: number): boolean {
    if (now - this.#startedAt >= 60_000) {
      this.#startedAt = now;
      this.#spent = 0;
      this.#clients.clear();
    }
    const own = this.#clients.get(client) ?? 0;
    if (this.#spent >= PER_SOURCE || own >= PER_CLIENT) return false;
    this.#spent += 1;
    this.#clients.set(client, own + 1);
    return true;
  }
}
