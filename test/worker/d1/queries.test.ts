// The questions that the documentation asks of the views, asked of a small history.
import { expect, test } from "vitest";
import operations from "../../../docs/operations.md?raw";
import { FAILED, ID, NOON, Operator } from "../kit/operator.ts";
import { rows } from "../kit/relay.ts";

const operator = new Operator();

/** The statements in the text, by the line above each. */
function queries(text: string): Map<string, string> {
  const blocks = text.matchAll(
    /^(.+):\n\n```sh\nnpx wrangler d1 execute hookline --remote --command "\n([^"]+)"\n```$/gm,
  );
  return new Map([...blocks].map(([, title = "", sql = ""]) => [title, sql.replace("evt_…", ID)]));
}

test("the five questions of docs/operations.md are answered from the views", async () => {
  await operator.accept({ matched: ["billing", "crm", "mail"].map((destination) => ({ destination, route: "all" })) });
  await operator.attempt(1, { state: "pending", dueAt: NOON + 5_000, status: 503, latencyMs: 30, excerpt: "no" });
  await operator.attempt(1, { latencyMs: 10 }, "crm");
  await operator.attempt(1, FAILED, "mail");

  const asked = queries(operations);
  const answers = await Promise.all([...asked.values()].map((sql) => rows(sql)));
  const at = "2026-03-01T12:00:00.000Z";
  const due = "2026-03-01T12:00:05.000Z";
  expect(Object.fromEntries([...asked.keys()].map((title, index) => [title, answers[index]]))).toEqual({
    "What is failing, and why": expect.arrayContaining([
      { destination: "mail", state: "failed", reason: "gone", status: 410, fault: null, deliveries: 1, latest: at },
      { destination: "billing", state: "pending", reason: null, status: 503, fault: null, deliveries: 1, latest: at },
    ]),
    "What waits for its next attempt, the next one first": [
      { delivery: `${ID}:billing`, attempts: 1, status: 503, fault: null, next_attempt_at: due },
    ],
    "The whole story of one event": [
      {
        destination: "billing",
        attempt: 1,
        outcome: "retry",
        status: 503,
        fault: null,
        latency_ms: 30,
        started_at: at,
        answer: "no",
      },
      {
        destination: "crm",
        attempt: 1,
        outcome: "delivered",
        status: 200,
        fault: null,
        latency_ms: 10,
        started_at: at,
        answer: "ok",
      },
      {
        destination: "mail",
        attempt: 1,
        outcome: "failed",
        status: 410,
        fault: null,
        latency_ms: 12,
        started_at: at,
        answer: "gone",
      },
    ],
    "What came in last, by source and type, and what became of it": [
      { source: "github", type: "push", state: "delivered", deliveries: 1, latest: at },
      { source: "github", type: "push", state: "failed", deliveries: 1, latest: at },
      { source: "github", type: "push", state: "pending", deliveries: 1, latest: at },
    ],
    "How fast each destination answers, and how often it takes an event": [
      { destination: "billing", attempts: 1, taken: 0, mean_ms: 30, slowest_ms: 30 },
      { destination: "mail", attempts: 1, taken: 0, mean_ms: 12, slowest_ms: 12 },
      { destination: "crm", attempts: 1, taken: 1, mean_ms: 10, slowest_ms: 10 },
    ],
  });
});
