// Was anybody there to hear of an attempt? Where nobody was, it was not made. Touches nothing.
import type { UnheardWhy } from "../d1/tunnels.ts";
import type { Reach } from "../net/send.ts";

export type { UnheardWhy };

/** Thrown by a way to a receiver that has not begun: nobody was there, or nobody knows ("later"). */
export class NobodyListens extends Error {
  readonly why: UnheardWhy | "later";

  constructor(why: UnheardWhy | "later") {
    super("nobody listens");
    this.why = why;
  }
}

/** A way that remembers that nobody was there: to `send` it is a connection that failed. */
export class Unheard {
  readonly #reach: Reach | undefined;
  why: UnheardWhy | "later" | null = null;

  /** @param reach left out for the network */
  constructor(reach: Reach | undefined) {
    this.#reach = reach;
  }

  get way(): { readonly reach?: Reach } {
    const reach = this.#reach;
    if (reach === undefined) return {};
    return {
      reach: async (url, request) => {
        try {
          return await reach(url, request);
        } catch (error) {
          if (error instanceof NobodyListens) this.why = error.why;
          throw error;
        }
      },
    };
  }
}
