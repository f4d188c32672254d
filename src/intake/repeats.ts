// Whether an event is in D1 already, asked for many at a time: a repeat costs a look, and no row unless it opens
// something.
import type { AskKnown, KnownEvent } from "../d1/known.ts";
import { backoff, within } from "../patience.ts";
import type { Entry } from "./journal.ts";

/** D1 has this long to say, in ms: the edge waits 2.5 s for Intake. */
const PATIENCE_MS = 1_000;
/** Ids in one question. */
const AT_ONCE = 500;

/**
 * How old what is known of pauses may be before it is asked for beside what needs it, in ms: each change is also told
 * at once.
 */
const PAUSES_MS = 10_000;

/** `silent`: D1 has not said. */
export type Known = KnownEvent | "unknown" | "silent";

/**
 * Looks of one object, one at a time: whoever asks meanwhile waits for the next, which sees all that happened before
 * they asked.
 */
export class Repeats {
  readonly #ask: AskKnown;
  readonly #now: () => number;
  #waiting = new Map<string, PromiseWithResolvers<Known>>();
  #asking = false;
  #asked = 0;
  #silences = 0;
  #silentUntil = -Infinity;
  #paused: ReadonlySet<string> | null = null;
  #pausesAt = -Infinity;
  /** Destinations that were paused since the last question began, by the number of that question. */
  readonly #held = new Map<string, number>();

  constructor(ask: AskKnown, now: () => number) {
    this.#ask = ask;
    this.#now = now;
  }

  /** Whether nothing says that this destination is paused. An object that has never read the pauses says no. */
  admits(destination: string): boolean {
    return this.#paused !== null && !this.#paused.has(destination) && !this.#held.has(destination);
  }

  /** Resolves once the pauses are known; reads them again beside that where they are old. */
  async pausesRead(): Promise<void> {
    if (this.#paused !== null && this.#now() - this.#pausesAt < PAUSES_MS) return;
    const looked = this.look("");
    if (this.#paused === null) await looked;
  }

  /**
   * A pause that was committed just now: it holds from this moment on, whatever a question that is under way brings
   * back.
   */
  pause(destination: string): void {
    this.#held.set(destination, this.#asked);
  }

  /** Whether D1 does not have this event, or is silent, if that is enough. Never rejects. */
  async isNew(id: string, ifSilent: boolean): Promise<boolean> {
    const found = await this.look(id);
    return found === "unknown" || (found === "silent" && ifSilent);
  }

  /** Never rejects. */
  look(id: string): Promise<Known> {
    if (this.#now() < this.#silentUntil) return Promise.resolve("silent");
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
      this.#asked += 1;
      const question = this.#asked;
      try {
        const { events, paused } = await within(PATIENCE_MS, "D1", this.#ask([...group.keys()].filter(Boolean)));
        found = new Map(events.map((row) => [row.id, row]));
        this.#paused = new Set(paused);
        this.#pausesAt = this.#now();
        for (const [destination, since] of this.#held) if (since < question) this.#held.delete(destination);
        this.#silences = 0;
      } catch {
        // Whoever waits goes the way that needs no answer, and so does, for a while, whoever comes: nobody waits a
        // second for each event.
        this.#silences += 1;
        this.#silentUntil = this.#now() + backoff(this.#silences);
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
