// Whatever comes, and however the object and its clock behave: never more than the rate in any window, never more than
// `concurrency` at once, and nobody waits for nothing.
import { DatabaseSync, type SQLInputValue } from "node:sqlite";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { BEGIN_MS, PLACE_MS } from "../../../src/deadlines.ts";
import { type Ask, Limiter, type Limits, type Places } from "../../../src/limit/limiter.ts";

const THEN = 1_800_000_000_000;
const ATTEMPT_MS = 1_000;

/** One object, time as it is, and the clock that the object sees. */
class World {
  /** As it is, in ms. */
  time = 0;
  /** How far the object's clock is off. */
  off = 0;
  readonly db = new DatabaseSync(":memory:");
  #due: { at: number; life: number; run: () => void }[] = [];
  #life = 0;
  limiter = this.#open();

  #open(): Limiter {
    this.#life += 1;
    const life = this.#life;
    const exec = (sql: string, ...values: SQLInputValue[]) => {
      const rows = this.db.prepare(sql).all(...values);
      return { toArray: () => rows };
    };
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what the limiter uses of the storage
    return new Limiter({ exec } as unknown as SqlStorage, {
      now: () => THEN + this.time + this.off,
      after: (ms, run) => {
        let isOn = true;
        this.at(ms, () => isOn && life === this.#life && run());
        return () => (isOn = false);
      },
    });
  }

  restart(): void {
    this.limiter = this.#open();
  }

  at(inMs: number, run: () => void): void {
    this.#due.push({ at: this.time + inMs, life: this.#life, run });
  }

  /** Lets time pass, and everything happen that is due. */
  pass(ms: number): void {
    const until = this.time + ms;
    for (;;) {
      const [next] = this.#due.filter(({ at }) => at <= until).toSorted((a, b) => a.at - b.at);
      if (next === undefined) break;
      this.#due = this.#due.filter((one) => one !== next);
      this.time = Math.max(this.time, next.at);
      next.run();
    }
    this.time = until;
  }

  ask(limits: Limits, want: number, back = 0, change: Partial<Ask> = {}): Places & { by: string } {
    const by = crypto.randomUUID();
    return { by, ...this.limiter.ask({ by, want, back, limits, attemptMs: ATTEMPT_MS, ...change }) };
  }

  tell(by: string, news: { begun?: number; unused?: number; freed?: number }): void {
    this.limiter.tell({ by, begun: 0, unused: 0, freed: 0, ...news });
  }
}

/** The most that begin in any window of this length. */
function densest(begins: readonly number[], windowMs: number): number {
  const sorted = begins.toSorted((a, b) => a - b);
  return Math.max(0, ...sorted.map((from) => sorted.filter((at) => at >= from && at < from + windowMs).length));
}

const rate = { burst: 3, periodMs: 1_000 };
const PERIODS = [1_000, 60_000, 3_600_000];

const step = fc.record({
  after: fc.oneof(fc.nat(400), fc.nat(30_000)),
  want: fc.integer({ min: 1, max: 6 }),
  back: fc.nat(6),
  // How late each begins; beyond the time it does not, and what it has begun is heard, late or never.
  begins: fc.array(fc.nat(PLACE_MS + 5_000), { minLength: 6, maxLength: 6 }),
  heard: fc.option(fc.nat(3_000)),
  lasts: fc.nat(ATTEMPT_MS),
  fault: fc.constantFrom("none", "none", "none", "back", "forth", "restart"),
});

test("never more than the rate in any window, over clocks that jump and objects that start anew", () => {
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 60 }),
      fc.constantFrom(...PERIODS),
      fc.boolean(),
      (steps, periodMs, dies) => {
        const world = new World();
        const begins: number[] = [];
        for (const { after, want, back, begins: delays, heard, fault } of steps) {
          world.pass(after);
          if (fault === "back") world.off -= 3_600_000;
          // A restart has nothing but the clock, so that one that has jumped on would be believed.
          if (fault === "forth" && !dies && periodMs < 60_000) world.off += 3_600_000;
          if (fault === "restart" && dies) world.restart();
          const { by, go } = world.ask({ rate: { burst: 3, periodMs } }, want, Math.min(back, want));
          for (const delay of delays.slice(0, go).filter((one) => one <= PLACE_MS))
            world.at(delay, () => {
              begins.push(world.time);
              if (heard !== null) world.at(heard, () => world.tell(by, { begun: 1 }));
            });
          if (heard !== null) {
            const unused = delays.slice(0, go).filter((one) => one > PLACE_MS).length;
            world.at(PLACE_MS + heard, () => world.tell(by, { unused }));
          }
        }
        world.pass(2 * BEGIN_MS);
        return densest(begins, periodMs) <= 3;
      },
    ),
    { numRuns: 300 },
  );
});

test("never more at once than there are lanes, over clocks that jump and objects that start anew", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), fc.boolean(), (steps, dies) => {
      const world = new World();
      let now = 0;
      let most = 0;
      for (const { after, want, back, begins, heard, lasts, fault } of steps) {
        world.pass(after);
        if (fault === "back") world.off -= 3_600_000;
        if (fault === "forth" && !dies) world.off += 3_600_000;
        if (fault === "restart" && dies) world.restart();
        const { by, go, lanes } = world.ask({ concurrency: 2 }, want, Math.min(back, want));
        expect(lanes).toBeLessThanOrEqual(go);
        for (const delay of begins.slice(0, lanes ?? 0))
          world.at(Math.min(delay, PLACE_MS), () => {
            now += 1;
            most = Math.max(most, now);
            world.at(lasts, () => {
              now -= 1;
              if (heard !== null) world.at(heard, () => world.tell(by, { freed: 1 }));
            });
          });
      }
      world.pass(2 * BEGIN_MS);
      return most <= 2;
    }),
    { numRuns: 300 },
  );
});

test("what is free is given away at once, and all of it", () => {
  const world = new World();
  expect(world.ask({ rate }, 5)).toMatchObject({ go: 3, lanes: null });
  const other = new World();
  expect(other.ask({ concurrency: 2 }, 25)).toMatchObject({ go: 20, lanes: 2 });
});

test("a window slides: what has begun a period ago makes place for as many, and not sooner", () => {
  const world = new World();
  const first = world.ask({ rate }, 2);
  world.tell(first.by, { begun: 2 });
  world.pass(600);
  const second = world.ask({ rate }, 2, 0, { leaves: true });
  expect(second.go).toBe(1);
  world.tell(second.by, { begun: 1 });
  world.pass(399);
  expect(world.ask({ rate }, 2, 0, { leaves: true }).go).toBe(0);
  world.pass(1);
  // Two of the first, and the third not before another 600 ms.
  const third = world.ask({ rate }, 3, 0, { leaves: true });
  expect(third.go).toBe(2);
  world.tell(third.by, { begun: 2 });
  world.pass(600);
  expect(world.ask({ rate }, 3, 0, { leaves: true }).go).toBe(1);
});

test("places of an isolate that has died come back by themselves, and those that nobody uses at once", () => {
  const world = new World();
  world.ask({ rate, concurrency: 1 }, 3);
  world.pass(BEGIN_MS + 999);
  expect(world.ask({ rate }, 1, 0, { leaves: true }).go).toBe(0);
  world.pass(1);
  const back = world.ask({ rate }, 3, 0, { leaves: true });
  expect(back.go).toBe(3);
  world.tell(back.by, { unused: 3 });
  expect(world.ask({ rate }, 3, 0, { leaves: true }).go).toBe(3);
  // Begun as late as possible, attempted as long as possible, and five seconds to say so.
  expect(world.ask({ concurrency: 1 }, 1, 0, { leaves: true }).go).toBe(0);
  world.pass(ATTEMPT_MS + 5_000);
  expect(world.ask({ concurrency: 1 }, 1, 0, { leaves: true }).go).toBe(1);
});

test("an object that starts anew knows what is taken, and writes one row for each question, over an old one", () => {
  const world = new World();
  for (let n = 0; n < 20; n += 1) {
    const { by, go } = world.ask({ rate }, 2, 2);
    world.tell(by, { begun: go });
    world.restart();
    expect(world.ask({ rate }, 1, 1).go).toBe(1);
    expect(world.ask({ rate }, 1, 1).go).toBe(0);
    world.pass(BEGIN_MS + 1_000);
  }
  expect(world.db.prepare("SELECT count(*) AS n FROM places").all()).toEqual([{ n: 2 }]);
});

test("a rate that nobody has asked of for a while gives all of its places after a start", () => {
  const world = new World();
  const { by } = world.ask({ rate }, 3);
  world.tell(by, { begun: 3 });
  world.pass(BEGIN_MS + 1_000);
  world.restart();
  expect(world.ask({ rate }, 3).go).toBe(3);
});

test("each that waits is told when its place comes, one period after another", () => {
  const world = new World();
  const { by, go, waits } = world.ask({ rate }, 10);
  world.tell(by, { begun: go });
  expect(waits).toEqual([1_000, 1_000, 1_000, 2_000, 2_000, 2_000, 3_000]);
  // Whoever comes now comes behind them, though a place is free.
  world.pass(1_000);
  expect(world.ask({ rate }, 1)).toMatchObject({ go: 0, waits: [2_000] });
  expect(world.ask({ rate }, 3, 3).go).toBe(3);
});

test("nobody starves: with more coming than may go, everybody who comes back when told is sent", () => {
  const world = new World();
  const waited: number[] = [];
  const come = (since: number, back: number): void => {
    const { by, go, waits } = world.ask({ rate }, 1, back);
    if (go === 1) {
      world.tell(by, { begun: 1 });
      waited.push(world.time - since);
      // A queue counts in seconds.
    } else world.at(Math.ceil((waits[0] ?? 0) / 1_000) * 1_000 + 7, () => come(since, 1));
  };
  // Five a second for a minute, of which three may go.
  for (let n = 0; n < 300; n += 1) world.at(n * 200, () => come(n * 200, 0));
  world.pass(60_000);
  const sent = waited.length;
  expect(sent).toBeGreaterThan(150);
  world.pass(120_000);
  expect(waited).toHaveLength(300);
  expect(Math.max(...waited)).toBeLessThan(60_000);
});

test("those who were told to come back and do not are waited for a few seconds, and no longer", () => {
  const world = new World();
  const { by, go } = world.ask({ rate }, 6);
  world.tell(by, { begun: go });
  world.pass(6_000);
  expect(world.ask({ rate }, 3, 0, { leaves: true }).go).toBe(0);
  world.pass(1);
  expect(world.ask({ rate }, 3, 0, { leaves: true }).go).toBe(3);
});
