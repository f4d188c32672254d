// Is this address on its provider's published list? Lists are read from D1 and cached for a minute in the isolate.
import { parseNetworks } from "./lists.ts";
import { admits } from "./cidr.ts";
import type { Lists } from "../d1/lists.ts";
import type { Rejection } from "../errors.ts";
import type { Log } from "../log.ts";
import { within } from "../patience.ts";
import type { Network } from "../types.ts";

/** How long an isolate believes what it has read, in ms: what a provider has changed counts that much later. */
const KEPT_MS = 60_000;
/** D1 has this long, in ms: a sender is waiting. */
const PATIENCE_MS = 2_000;

export interface PublishedDeps {
  readonly lists: Pick<Lists, "all">;
  /** Has the sweep look at once: where no cron runs, it alone asks providers. */
  readonly remind: (at: number) => Promise<void>;
  readonly now: () => number;
  readonly log: Log;
}

/** The lists of one isolate. */
export class Published {
  readonly #deps: PublishedDeps;
  #lists: ReadonlyMap<string, readonly Network[]> | null = null;
  #readAt = 0;

  constructor(deps: PublishedDeps) {
    this.#deps = deps;
  }

  /**
   * `null` where the address is on the provider's list, else why it is refused.
   * A list that was never had admits nobody.
   */
  async bar(provider: string, address: string): Promise<Rejection | null> {
    const { now, log } = this.#deps;
    if (this.#lists === null || now() - this.#readAt >= KEPT_MS) {
      // Noted before the answer, so that those who come meanwhile do not all ask.
      this.#readAt = now();
      try {
        this.#lists = await this.#read(provider);
      } catch (error) {
        log.warn("addresses.not_read", { error: String(error) });
      }
    }
    if (this.#lists === null)
      return { reason: "busy", why: "the address lists could not be read from D1", retryAfterMs: 5_000 };
    const networks = this.#lists.get(provider);
    if (networks === undefined) return { reason: "addresses_unknown", address };
    return admits(networks, address) ? null : { reason: "address_refused", address };
  }

  async #read(provider: string): Promise<ReadonlyMap<string, readonly Network[]>> {
    const { lists, remind, now } = this.#deps;
    const kept = await within(PATIENCE_MS, "D1", lists.all());
    const found = new Map<string, readonly Network[]>();
    let due = true;
    for (const { provider: name, networks, nextAt } of kept) {
      if (name === provider) due = nextAt <= now();
      if (networks === null) continue;
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- written by refresh.ts, from a list of strings
      found.set(name, parseNetworks(JSON.parse(networks) as string[]));
    }
    if (due) await remind(now());
    return found;
  }
}
