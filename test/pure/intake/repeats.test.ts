// Looks into D1 for repeats, and the rates that they give back to.
import { expect, test } from "vitest";
import type { KnownEvent } from "../../../src/types.ts";
import { Rates } from "../../../src/intake/rates.ts";
import { type Known, repeatOf, Repeats } from "../../../src/intake/repeats.ts";

const known = (id: string, receipt = "first", opens = 0): KnownEvent => ({ id, receipt, opens });
const settled = async () => await new Promise((resolve) => setTimeout(resolve, 0));

test("looks are gathered: what is asked while D1 thinks goes together in the next question, each id once", async () => {
  const questions: (readonly string[])[] = [];
  const answers: PromiseWithResolvers<KnownEvent[]>[] = [];
  const repeats = new Repeats((ids) => {
    questions.push(ids);
    const answer = Promise.withResolvers<KnownEvent[]>();
    answers.push(answer);
    return answer.promise;
  });
  const first = repeats.look("a");
  const later = ["b", "c", "b"].map((id) => repeats.look(id));
  const again = repeats.look("a");
  expect(questions).toEqual([["a"]]);
  answers[0]?.resolve([]);
  expect(await first).toBe("unknown");
  await settled();
  // Whoever asked for "a" once more hears what is true after they asked.
  expect(questions).toEqual([["a"], ["b", "c", "a"]]);
  answers[1]?.resolve([known("a"), known("c", "other", 1)]);
  expect(await Promise.all([...later, again])).toEqual(["unknown", known("c", "other", 1), "unknown", known("a")]);
});

test("no question has more than 500 ids", async () => {
  const sizes: number[] = [];
  const repeats = new Repeats((ids) => {
    sizes.push(ids.length);
    return Promise.resolve([]);
  });
  await Promise.all(Array.from({ length: 1_201 }, (_, n) => repeats.look(`evt_${n}`)));
  expect(Math.max(...sizes)).toBeLessThanOrEqual(500);
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(1_201);
});

test("a D1 that fails is silent, and is asked again", async () => {
  let fails = true;
  const repeats = new Repeats(() => (fails ? Promise.reject(new Error("D1_ERROR")) : Promise.resolve([known("a")])));
  expect(await repeats.look("a")).toBe("silent");
  fails = false;
  expect(await repeats.look("a")).toEqual(known("a"));
});

test("a repeat on its way to D1 has no body, no destination and no bell of its own", () => {
  const { row, bells } = repeatOf({ id: "evt_1", receipt: "second", source: "acme" });
  expect(JSON.parse(row)).toMatchObject({ id: "evt_1", receipt: "second", repeat: true, body: null, matched: [] });
  expect(bells).toEqual(["evt_1", 0, []]);
});

const TWO = { burst: 2, periodMs: 60_000 };

/** How many of twenty candidates the rate lets in at one moment, by what D1 says of each. */
async function letIn(said: Known): Promise<number> {
  const rates = new Rates({ look: () => Promise.resolve(said) });
  let count = 0;
  for (let n = 0; n < 20; n += 1) {
    if (rates.spend({ id: "evt_1", receipt: "own", source: "acme", rate: TWO }, 0) === null) count += 1;
    await settled();
  }
  return count;
}

test("a token comes back only for what D1 knows by another receipt", async () => {
  expect(await letIn("unknown")).toBe(2);
  expect(await letIn("silent")).toBe(2);
  expect(await letIn(known("evt_1", "own"))).toBe(2);
  expect(await letIn(known("evt_1", "another"))).toBe(20);
});

test("a bucket never holds more than its burst, whatever is given back", async () => {
  const rates = new Rates({ look: () => Promise.resolve(known("evt_1", "another")) });
  const spend = (at: number) => rates.spend({ id: "evt_1", receipt: "own", source: "acme", rate: TWO }, at);
  expect(spend(0)).toBeNull();
  // The rain has filled it before the token comes back.
  expect(spend(60_000)).toBeNull();
  await settled();
  expect([spend(60_000), spend(60_000), spend(60_000)?.kind]).toEqual([null, null, "limited"]);
});

test("a source without a rate asks nobody", () => {
  const rates = new Rates({ look: () => Promise.reject(new Error("unused")) });
  expect(rates.spend({ id: "evt_1", receipt: "own", source: "acme", rate: null }, 0)).toBeNull();
});
