// Does the command that replays many at once ask first, and what does it do where nobody can answer?
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { hookline } from "../../../src/cli/hookline.ts";

interface Asked {
  readonly line: string;
  readonly body: string;
}

let asked: Asked[] = [];
const server = createServer((request, response) => {
  let body = "";
  request.on("data", (piece: Buffer) => (body += piece.toString()));
  request.on("end", () => {
    asked.push({ line: `${request.method} ${request.url}`, body });
    response.setHeader("content-type", "application/json");
    const filter = { state: "failed" };
    response.end(
      JSON.stringify(
        request.method === "GET"
          ? { filter, matching: 3, complete: true, looked_back_to: null }
          : { id: "rpl_1", state: "done", replayed: 3, expected: 3, expected_complete: true },
      ),
    );
  });
});

beforeEach(async () => {
  asked = [];
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it listens on a port, not on a pipe
  vi.stubEnv("HOOKLINE_URL", `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  vi.stubEnv("HOOKLINE_KEY", "hlk_key_of_the_night_shift_0123456789");
});
afterEach(async () => {
  vi.unstubAllEnvs();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

async function run(line: string, answer?: string) {
  const [out, err, questions]: [string[], string[], string[]] = [[], [], []];
  const code = await hookline(line.split(" "), {
    out: (text) => out.push(text),
    err: (text) => err.push(text),
    ...(answer === undefined
      ? {}
      : {
          ask: async (question: string) => {
            questions.push(question);
            return await Promise.resolve(answer);
          },
        }),
  });
  return {
    code,
    out: out.join("\n"),
    err: err.join("\n"),
    questions,
    started: asked.some(({ line: at }) => at.startsWith("POST")),
  };
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
  expect(asked.map(({ body }) => body)).toEqual([JSON.stringify({ filter: {}, rate: 600 })]);
});
