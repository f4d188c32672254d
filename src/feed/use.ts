// What does this isolate use of what its plan meters? Counted here, told to the Feed object along with what is told
// anyway.
import type { Meter } from "../contract/prices.ts";
import type { Log } from "../log.ts";
import { bucketOf, type Histogram } from "./histogram.ts";
import { limitIn } from "./limits.ts";

/**
 * Counts by meter. `over:…` counts calls that were refused because a limit was reached; `d1_bytes` is what was
 * said last. Two more kinds travel with them: `refused:SOURCE:REASON`, and `ack:BUCKET`, how long senders waited for
 * their answer, by the buckets of `histogram.ts`.
 */
export type Told = ReadonlyMap<string, number>;

/** Sizes: the last word counts, where all else adds up. */
const SIZES: ReadonlySet<string> = new Set<Meter>(["d1_bytes"]);
/** A limit that is still in the way is said again after this time, in ms. */
const AGAIN_MS = 60 * 60_000;
/** So long after a limit was seen, in ms, refused events are its consequence and get no line of their own. */
const CONSEQUENCE_MS = 60_000;
/** What the platform stores with each line of a log beside the line, in bytes. An estimate: nobody says. */
const LINE_BYTES = 1_000;

const [REFUSED, ACK] = ["refused:", "ack:"];

/** In an answer about use, how large the database was before: `was:TIME`, in ms since 1970, and bytes. */
export type SizeKey = `was:${number}`;

/** Counts a refusal. Both names are of the configuration and of the relay: a stranger cannot make up more of them. */
export function countRefusal(into: Map<string, number>, source: string, reason: string): void {
  addOne(into, `${REFUSED}${source}:${reason}`, 1);
}

/** The refusals among these counts. */
export function refusalsIn(counts: Told): { readonly source: string; readonly reason: string; readonly n: number }[] {
  return [...counts].flatMap(([key, n]) => {
    const [kind, source, reason] = key.split(":");
    return `${kind}:` === REFUSED && source !== undefined && reason !== undefined ? { source, reason, n } : [];
  });
}

/** How long senders waited, among these counts. */
export function acksIn(counts: Told): Histogram {
  const acks = [...counts].flatMap(([key, n]): [number, number][] =>
    key.startsWith(ACK) ? [[Number(key.slice(ACK.length)), n]] : [],
  );
  return new Map(acks);
}

/** Adds the counts of `from`, which are later. */
export function addUse(into: Map<string, number>, from: Told): void {
  for (const [key, n] of from) addOne(into, key, n);
}

function addOne(into: Map<string, number>, key: string, n: number): void {
  into.set(key, SIZES.has(key) ? n : (into.get(key) ?? 0) + n);
}

/** The counts of one isolate that are still to be told, and which limits it has run into. */
export class Use {
  readonly #now: () => number;
  #counts = new Map<string, number>();
  /** When each limit was last seen, and when it was last said. */
  readonly #seen = new Map<Meter, number>();
  readonly #said = new Map<Meter, number>();

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Counts so many more. What is no number, because a platform says nothing, is nothing. */
  add(meter: Meter, n = 1): void {
    if (n > 0) addOne(this.#counts, meter, n);
  }

  /** Takes over what was told by another isolate, or what could not be told after all. */
  addAll(told: Told): void {
    addUse(this.#counts, told);
  }

  /** What is counted and still to be told. */
  peek(): Told {
    return this.#counts;
  }

  /** Hands over what is counted, and begins anew. */
  take(): Told {
    const told = this.#counts;
    this.#counts = new Map();
    return told;
  }

  /** Of one answer of D1's. */
  result({ rows_read: read, rows_written: written, size_after: size }: D1Meta): void {
    this.add("d1_rows_read", read);
    this.add("d1_rows_written", written);
    this.add("d1_bytes", size);
  }

  /** Notes a limit, where the platform's words say that one was reached. Returns which. */
  failed(error: unknown): Meter | null {
    const meter = limitIn(String(error));
    if (meter === null) return null;
    this.#seen.set(meter, this.#now());
    addOne(this.#counts, `over:${meter}`, 1);
    return meter;
  }

  /** When each limit was last seen by this isolate, in ms since 1970. */
  seen(): ReadonlyMap<Meter, number> {
    return this.#seen;
  }

  /** A sender has waited so long for its 2xx, in ms. */
  acked(ms: number): void {
    addOne(this.#counts, `${ACK}${bucketOf(ms)}`, 1);
  }

  /** One line of the log, of so many characters. */
  logged(characters: number): void {
    this.add("log_lines");
    this.add("log_bytes", characters + LINE_BYTES);
  }

  /**
   * A log that says a limit once an hour, and not with each event: a line about what failed because of a limit becomes
   * the line about the limit, or none.
   */
  quiet(log: Log): Log {
    const folded =
      (level: "warn" | "error"): Log["warn"] =>
      (event, fields) => {
        const meter = typeof fields["error"] === "string" ? limitIn(fields["error"]) : null;
        if (meter === null) {
          if (fields["reason"] === "busy" && this.#isConsequence()) return;
          log[level](event, fields);
          return;
        }
        this.#seen.set(meter, this.#now());
        if (this.#now() - (this.#said.get(meter) ?? -Infinity) < AGAIN_MS) return;
        this.#said.set(meter, this.#now());
        log.error("limit.reached", { limit: meter, during: event, error: fields["error"] });
      };
    return { info: (event, fields) => log.info(event, fields), warn: folded("warn"), error: folded("error") };
  }

  #isConsequence(): boolean {
    return [...this.#seen].some(([meter, at]) => meter.startsWith("object_") && this.#now() - at < CONSEQUENCE_MS);
  }
}
