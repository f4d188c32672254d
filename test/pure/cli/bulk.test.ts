// Does the command that replays many at once ask first, and what does it do where nobody can answer?
import { expect, test } from "vitest";
import { FakeRelay } from "../../kit/fake-relay.ts";

const relay = new FakeRelay(({ method }) =>
  method === "GET"
    ? { filter: { state: "failed" }, matching: 3, complete: true, looked_back_to: null }
    : { id: "rpl_1", state: "done", replayed: 3, expected: 3, expected_complete: true },
);

async function run(line: string, answer?: string) {
  const ran = await relay.run(line, answer);
  return { ...ran, started: relay.asked.some(({ method }) => method === "POST") };
}

test("without a terminal nothing is started: it says what would be, and how to say yes", async () => {
  const { code, err, started } = await run("replays start");
  expect({ code, started }).toEqual({ code: 1, started: false });
  expect(err).toBe(
    "nothing was started: this would replay 3 failed deliveries. Repeat the command with --yes to start it",
  );
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
