// Looks into D1 for repeats, and the rates that they give back to.
import { expect, test } from "vitest";
import type { AskRepeats, KnownEvent } from "../../../src/d1/known.ts";
import { Rates } from "../../../src/intake/rates.ts";
import { type Known, repeatOf, Repeats } from "../../../src/intake/repeats.ts";

/** A D1 in which nothing is paused, at a standing clock. */
const looks = (ask: AskRepeats) =>
  new Repeats(
    async (ids) => ({ events: await ask(ids), paused: [] }),
    () => 0,
  );
const known = (id: string, receipt = "first", opens = 0): KnownEvent => ({ id, receipt, opens });
const settled = async () => await new Promise((resolve) => setTimeout(resolve, 0));

test("looks are gathered: what is asked while D1 thinks goes together in the next question, each id once", async () => {
  const questions: (readonly string[])[] = [];
  const answers: PromiseWithResolvers<KnownEvent[]>[] = [];
  const repeats = looks((ids) => {
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
  const repeats = looks((ids) => {
    sizes.push(ids.length);
    return Promise.resolve([]);
  });
  await Promise.all(Array.from({ length: 1_201 }, (_, n) => repeats.look(`evt_${n}`)));
  expect(Math.max(...sizes)).toBeLessThanOrEqual(500);
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(1_201);
});

test("a D1 that fails is silent, and is asked again a second later, then after two and no later than after half a minute", async () => {
  let fails = true;
  let clock = 0;
  let asked = 0;
  const repeats = new Repeats(
    async () => {
      asked += 1;
      return await (fails
        ? Promise.reject(new Error("D1_ERROR"))
        : Promise.resolve({ events: [known("a")], paused: [] }));
    },
    () => clock,
  );
  const questions: number[] = [];
  for (; clock < 120_000; clock += 500) {
    const before = asked;
    expect(await repeats.look("a")).toBe("silent");
    if (asked > before) questions.push(clock / 1000);
  }
  expect(questions).toEqual([0, 1, 3, 7, 15, 31, 61, 91]);
  fails = false;
  clock = 121_000;
  expect(await repeats.look("a")).toEqual(known("a"));
});

test("pauses: unread they admit nothing; what is told counts at once, and until a question that began after it was told", async () => {
  let clock = 0;
  const answers: PromiseWithResolvers<string[]>[] = [];
  const repeats = new Repeats(
    async () => {
      const answer = Promise.withResolvers<string[]>();
      answers.push(answer);
      return { events: [], paused: await answer.promise };
    },
    () => clock,
  );
  const admitted = () => ["billing", "crm"].filter((destination) => repeats.admits(destination));
  const reading = repeats.pausesRead();
  expect(admitted()).toEqual([]);
  answers[0]?.resolve(["crm"]);
  await reading;
  expect(admitted()).toEqual(["billing"]);

  // A question that is under way has been answered by a D1 that may not have the pause yet.
  clock = 10_000;
  await repeats.pausesRead();
  repeats.pause("billing");
  expect(admitted()).toEqual([]);
  answers[1]?.resolve([]);
  await settled();
  expect(admitted()).toEqual(["crm"]);

  clock = 20_000;
  await repeats.pausesRead();
  answers[2]?.resolve([]);
  await settled();
  expect(admitted()).toEqual(["billing", "crm"]);
  // Read just now, it is not read again.
  await repeats.pausesRead();
  expect(answers).toHaveLength(3);
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
