// Does the command that replays many at once ask first, and what does it do where nobody can answer?
import { expect, test } from "vitest";
import { forecast } from "../../kit/fixture-costs.ts";
import { FakeRelay } from "../../kit/fake-relay.ts";

const relay = new FakeRelay(({ method }) =>
  method === "GET"
    ? { filter: { state: "failed" }, matching: 3, complete: true, looked_back_to: null, forecast: forecast(2_000) }
    : { id: "rpl_1", state: "done", replayed: 3, expected: 3, expected_complete: true },
);

async function run(line: string, answer?: string) {
  const ran = await relay.run(line, answer);
  return { ...ran, started: relay.asked.some(({ method }) => method === "POST") };
}

test("without a terminal nothing is started: it says what would be, and how to say yes", async () => {
  const { code, err, started } = await run("replays start");
  expect({ code, started }).toEqual({ code: 1, started: false });
  expect(err.split("\n").at(-1)).toBe(
    "nothing was started: this would replay 3 failed deliveries. Repeat the command with --yes to start it",
  );
});

test.for(["replays preview --rate 60", "replays start --dry-run --rate 60"])(
  "%s says what it would use, and which free quota it passes, and starts nothing",
  async (line) => {
    const { code, out, started } = await run(line);
    expect({ code, started }).toEqual({ code: 0, started: false });
    expect(relay.asked.map(({ url }) => url.searchParams.get("rate"))).toEqual(["60"]);
    expect(out.split("\n").slice(0, 3)).toEqual([
      "3 failed deliveries",
      "It takes 3 min or longer, and uses about 10,025 D1 rows written, 2,000 Worker requests, 2,020 object requests, 6,000 queue operations: $0.017 at the prices of the paid plan.",
      "It passes today's free quota of 100,000 D1 rows written, of which 93,412 are used: take fewer deliveries, a rate that reaches beyond midnight UTC, or the paid plan.",
    ]);
    expect(out.split("\n").at(-1)).toContain("free quota of 10,000 queue operations, of which 10,000 are used");
  },
);

test("a program gets the forecast as the API gives it", async () => {
  const { out } = await run("replays start --dry-run --json");
  expect(JSON.parse(out)).toMatchObject({ matching: 3, forecast: { takes_s: 200, passes: expect.any(Array) } });
});

test("a program that reads JSON is not asked, whoever sits there", async () => {
  const { code, out, started, questions } = await run("replays start --json", "yes");
  expect({ code, started, questions }).toEqual({ code: 1, started: false, questions: [] });
  expect(JSON.parse(out)).toEqual({ error: expect.stringContaining("--yes") });
});

test.for([
  ["y", true],
  ["YES", true],
  ["", false],
  ["n", false],
  ["yesterday", false],
] as const)("on a terminal it asks, and %j starts it: %j", async ([answer, starts]) => {
  const { code, started, questions } = await run("replays start --destination billing", answer);
  expect(questions).toEqual(["Replay 3 failed deliveries? [y/N] "]);
  expect({ code, started }).toEqual({ code: starts ? 0 : 1, started: starts });
});

test("--yes starts it at once, and leaves the state to the relay's default", async () => {
  const { code, started } = await run("replays start --yes");
  expect({ code, started }).toEqual({ code: 0, started: true });
  expect(relay.asked.map(({ body }) => body)).toEqual([JSON.stringify({ filter: {}, rate: 600 })]);
});
