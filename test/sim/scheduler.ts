// Who runs next: one queue of moments in virtual time. Between two of them every promise that can go on has gone on.
import { Fingerprint, roll } from "./dice.ts";
import { NONE, type Fault, type Faults, type Kind, type Point } from "./faults.ts";

/** The world begins here: 1 November 2026, UTC. */
export const EPOCH = 1_793_491_200_000;

/** Usual time of one way, in ms: shortest and longest. */
const LATENCY: Readonly<Record<Kind, readonly [number, number]>> = {
  ingress: [2, 30],
  flood: [0, 1],
  rpc: [1, 6],
  sync: [1, 5],
  d1: [2, 14],
  ring: [2, 10],
  consume: [2, 12],
  fetch: [5, 60],
  alarm: [0, 5],
  cron: [0, 5],
  socket: [1, 20],
};

/** Far more than any world needs that comes to an end. */
const MOST_MOMENTS = 60_000;

interface Moment {
  readonly at: number;
  readonly order: number;
  readonly run: () => void;
  cancelled: boolean;
}

export interface Violation {
  readonly invariant: string;
  readonly says: string;
  readonly at: number;
}

/** One line of the story. */
export interface Line {
  readonly at: number;
  readonly who: string;
  readonly text: string;
  readonly weight: "detail" | "event" | "fault" | "end";
}

// Kept before the simulation replaces it: the one real timer, which lets promises run out.
const immediate = setImmediate;

export class Scheduler {
  readonly seed: number;
  /** Milliseconds since the world began. */
  now = 0;
  faults: Faults = NONE;
  readonly trace = new Fingerprint();
  /** Faults that did hit, in order. */
  readonly hits: { point: Point; fault: Fault; at: number }[] = [];
  /** Every yield point that was passed. */
  readonly points: Point[] = [];
  readonly violations: Violation[] = [];
  readonly lines: Line[] = [];
  readonly #listening: boolean;
  readonly #heap: Moment[] = [];
  readonly #counts = new Map<string, number>();
  #order = 0;
  #moments = 0;

  /** @param listening keep the story; costs time, so only for runs that somebody will read */
  constructor(seed: number, listening: boolean) {
    this.seed = seed;
    this.#listening = listening;
  }

  /** Runs something in `ms`; the returned function calls it off. */
  after(ms: number, run: () => void): () => void {
    const moment: Moment = { at: this.now + Math.max(0, ms), order: (this.#order += 1), run, cancelled: false };
    this.#push(moment);
    return () => {
      moment.cancelled = true;
    };
  }

  /** Lives until `until` (ms since the beginning), until `over` says so in a quiet moment, or until an invariant breaks. */
  async run(until: number, over: () => boolean = () => false): Promise<void> {
    for (;;) {
      const moment = this.#heap[0];
      if (moment === undefined || moment.at > until || this.violations.length > 0) break;
      // A lull: whoever wanted to do something at once has done it.
      if (moment.at > this.now + 500 && over()) return;
      this.#pop();
      if (moment.cancelled) continue;
      this.#moments += 1;
      if (this.#moments > MOST_MOMENTS)
        this.violate("I-11", `${MOST_MOMENTS} moments have not brought this world to its end`);
      this.now = moment.at;
      moment.run();
      await new Promise((resolve) => {
        immediate(resolve);
      });
    }
    if (this.violations.length === 0 && Number.isFinite(until)) this.now = Math.max(this.now, until);
  }

  /** Passes a yield point: names it, and says what goes wrong there. */
  pass(kind: Kind, what: string): { point: Point; fault: Fault | null } {
    const name = `${kind} ${what}`;
    const count = (this.#counts.get(name) ?? 0) + 1;
    this.#counts.set(name, count);
    const point: Point = { kind, name: `${name} #${count}` };
    this.points.push(point);
    const fault = this.faults(point, this.now);
    this.trace.add(`${this.now.toFixed(3)} ${point.name} ${fault}`);
    if (fault !== null) {
      this.hits.push({ point, fault, at: this.now });
      this.tell("fault", point.name, fault);
    }
    return { point, fault };
  }

  /** How long one way takes here, in ms. */
  latency({ kind, name }: Point, way: string): number {
    const [shortest, longest] = LATENCY[kind];
    return shortest + this.roll(`${way} ${name}`) * (longest - shortest);
  }

  roll(what: string): number {
    return roll(this.seed, what);
  }

  violate(invariant: string, says: string): void {
    this.violations.push({ invariant, says, at: this.now });
    this.tell("end", invariant, says);
  }

  tell(weight: Line["weight"], who: string, text: string): void {
    if (this.#listening) this.lines.push({ at: this.now, who, text, weight });
  }

  #push(moment: Moment): void {
    const heap = this.#heap;
    let at = heap.push(moment) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!before(moment, heap[parent])) break;
      heap[at] = heap[parent] ?? moment;
      at = parent;
    }
    heap[at] = moment;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let at = 0;
    for (;;) {
      let child = at * 2 + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && before(heap[child + 1], heap[child])) child += 1;
      if (!before(heap[child], last)) break;
      heap[at] = heap[child] ?? last;
      at = child;
    }
    heap[at] = last;
  }
}

function before(a: Moment | undefined, b: Moment | undefined): boolean {
  if (a === undefined || b === undefined) return a !== undefined;
  return a.at === b.at ? a.order < b.order : a.at < b.at;
}
