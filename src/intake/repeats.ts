// Whether an event is in D1 already, asked for many at a time: a repeat costs a look, and no row unless it opens
// something.
import type { AskRepeats, KnownEvent } from "../types.ts";
import { within } from "../patience.ts";
import type { Entry } from "./journal.ts";

/** D1 has this long to say, in ms: the edge waits 2.5 s for Intake. */
const PATIENCE_MS = 1_000;
/** Ids in one question. */
const AT_ONCE = 500;

/** `silent`: D1 has not said. */
export type Known = KnownEvent | "unknown" | "silent";

/**
 * Looks of one object, one at a time: whoever asks meanwhile waits for the next, which sees all that happened before
 * they asked.
 */
export class Repeats {
  readonly #ask: AskRepeats;
  #waiting = new Map<string, PromiseWithResolvers<Known>>();
  #asking = false;

  constructor(ask: AskRepeats) {
    this.#ask = ask;
  }

  /** Never rejects. */
  look(id: string): Promise<Known> {
    const one = this.#waiting.get(id) ?? Promise.withResolvers<Known>();
    this.#waiting.set(id, one);
    void this.#run();
    return one.promise;
  }

  async #run(): Promise<void> {
    if (this.#asking) return;
    this.#asking = true;
    while (this.#waiting.size > 0) {
      const group = new Map([...this.#waiting].slice(0, AT_ONCE));
      for (const id of group.keys()) this.#waiting.delete(id);
      let found: Map<string, KnownEvent> | null = null;
      try {
        const rows = await within(PATIENCE_MS, "D1", this.#ask([...group.keys()]));
        found = new Map(rows.map((row) => [row.id, row]));
      } catch {
        // Whoever waits goes the way that needs no answer.
      }
      for (const [id, one] of group) one.resolve(found === null ? "silent" : (found.get(id) ?? "unknown"));
    }
    this.#asking = false;
  }
}

/**
 * A repeat on its way to D1, where its event is: it may open what is exhausted, and is never an event itself. Every
 * column has a value, for an older relay that takes it for one.
 */
export function repeatOf({ id, receipt, source }: { id: string; receipt: string; source: string }): Entry {
  const empty = {
    type: "",
    receivedAt: 0,
    verifiedBy: null,
    headers: {},
    encoding: "text",
    size: 0,
    body: null,
    parts: 0,
  };
  return { row: JSON.stringify({ id, receipt, source, ...empty, matched: [], repeat: true }), bells: [id, 0, []] };
}
