// The rates of sources, each with its bucket. What turns out to be a repeat gets its token back.
import type { Acceptance, Rate } from "../types.ts";
import { type Bucket, giveBack, take } from "./bucket.ts";
import type { Repeats } from "./repeats.ts";

/** What spends. */
interface Spender {
  readonly id: string;
  readonly receipt: string;
  readonly source: string;
  readonly rate: Rate | null;
}

/** Buckets in the memory of one object. */
export class Rates {
  readonly #repeats: Pick<Repeats, "look">;
  readonly #buckets = new Map<string, Bucket>();

  constructor(repeats: Pick<Repeats, "look">) {
    this.#repeats = repeats;
  }

  /**
   * Takes a token, and gives it back where D1 then knows the event by another receipt: a repeat that this life has not
   * seen before.
   */
  spend({ id, receipt, source, rate }: Spender, now: number): Acceptance | null {
    if (rate === null) return null;
    const taken = take(this.#buckets.get(source) ?? null, rate, now);
    this.#buckets.set(source, taken.state);
    if (!taken.ok) return { kind: "limited", retryAfterMs: taken.retryAfterMs };
    void this.#refund(id, receipt, source);
    return null;
  }

  async #refund(id: string, receipt: string, source: string): Promise<void> {
    const found = await this.#repeats.look(id);
    const bucket = this.#buckets.get(source);
    if (typeof found === "object" && found.receipt !== receipt && bucket !== undefined)
      this.#buckets.set(source, giveBack(bucket));
  }
}
