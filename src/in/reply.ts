// A sender that waits for the answer of a destination: it gets that one in time, or is told to wait no longer.
import type { Replied, Unreplied } from "../d1/settlement.ts";
import type { Log } from "../log.ts";
import type { Awaiting, Reply } from "../net/reply.ts";
import type { HandshakeAnswer } from "./handshake.ts";

/** Which answer a sender waits for, and for how long. */
export interface Wanted {
  readonly destination: string;
  readonly withinMs: number;
}

/** Of one request: the first word counts, and it is the answer's, that there is none, or the clock's. */
export class Awaited implements Awaiting {
  readonly destination: string;
  readonly #since: number;
  readonly #until: number;
  readonly #now: () => number;
  readonly #said = Promise.withResolvers<Reply | null>();
  #replied: Replied | null = null;

  /**
   * @param since when the request came: what its acceptance takes counts as well
   * @param offered where the first attempt may be made at once
   */
  constructor({ destination, withinMs }: Wanted, since: number, now: () => number, offered: readonly string[]) {
    this.destination = destination;
    this.#since = since;
    this.#until = since + withinMs;
    this.#now = now;
    if (!offered.includes(destination)) this.take("unsent");
  }

  take(said: Reply | Unreplied): Replied {
    if (this.#replied !== null) return this.#replied;
    const at = this.#now();
    const word = typeof said === "object" && at > this.#until ? "late" : said;
    this.#replied = typeof word === "string" ? { why: word } : { ms: at - this.#since };
    this.#said.resolve(typeof word === "string" ? null : word);
    return this.#replied;
  }

  /**
   * The answer, or `null` where the sender is told plainly that its event is here. Waits no longer than the bound, and
   * writes the line of what the sender gets.
   */
  async answer(id: string, log: Log): Promise<Reply | null> {
    const { destination } = this;
    const timer = setTimeout(() => this.take("late"), Math.max(0, this.#until - this.#now()));
    try {
      const reply = await this.#said.promise;
      const replied = this.take("unsent");
      if ("ms" in replied) log.info("ingest.replied", { id, destination, ...replied });
      else log.warn("ingest.not_replied", { id, destination, ...replied });
      return reply;
    } finally {
      clearTimeout(timer);
    }
  }
}

/**
 * An answer is read by programs. Where a browser is led to it all the same, nothing in it runs or is fetched: XML may
 * hold XHTML with scripts, and the address is that of the relay's own pages.
 */
const INERT = "default-src 'none'; sandbox; frame-ancestors 'none'";

/** A destination's answer in the form of a provider's own words. */
export function wordsOf({ type, text }: Reply): HandshakeAnswer {
  const headers = {
    "content-type": type,
    "x-content-type-options": "nosniff",
    "content-security-policy": INERT,
    "cache-control": "no-store",
  };
  return { status: 200, headers, body: text };
}
