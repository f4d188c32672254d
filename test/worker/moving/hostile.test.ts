// A line that anybody may have written: what is taken of it breaks nothing that reads the history afterwards.
import { expect, test } from "vitest";
import { relayWith, send } from "../kit/archived.ts";
import { emptied, exported, order } from "../kit/moving.ts";
import { carried, rows, setUp, until } from "../kit/relay.ts";

const receiver = setUp();
const LATER = "9999-01-01T00:00:00.000Z";

test("no line is taken that an acceptance would not have written, and each refusal names what is wrong", async () => {
  const relay = relayWith(null);
  await send(relay, "k0", '{"n":1}');
  await carried();
  await until(async () => (await rows("SELECT 1 FROM deliveries WHERE ended_at IS NULL")).length === 0);
  const [line] = await exported(relay);
  const [delivery] = line?.deliveries ?? [];
  if (line === undefined || delivery === undefined) throw new Error("nothing was exported");
  await emptied();
  receiver.arrivals = [];
  const header = (name: string, value: string) => ({ headers: { ...line.headers, [name]: value } });
  const one = (changes: object) => ({ deliveries: [{ ...delivery, ...changes }] });
  const attempt = { attempt: 1, outcome: "failed", status: 500, fault: null, latency_ms: 3, answer: "" };
  const tried = (changes: object) =>
    one({ attempts: [{ ...attempt, started_at: line.received_at, next_attempt_at: null, ...changes }] });

  for (const [change, says] of [
    // Retention goes along the events by their times, and keeps what has only just ended.
    [{ received_at: LATER }, /^422 lines\.0: the event evt_.* has the time 9999-.*, which is still to come/],
    [one({ ended_at: LATER }), /^422 .*still to come/],
    [{ received_at: "2026-11-29T10:00Z" }, /^400 lines\.0\.received_at: must be a time of ISO 8601/],
    // Whoever reads the event makes headers of them, and a receiver gets them with a replay.
    [header("x-a", "b\r\nx-evil: 1"), /^400 lines\.0\.headers: are not such as a relay keeps/],
    [header("x-a", "\0"), /^400 lines\.0\.headers/],
    [header("x a", "b"), /^400 lines\.0\.headers/],
    [header("X-A", "b"), /^400 lines\.0\.headers/],
    [header("content-length", "3"), /^400 lines\.0\.headers/],
    [header("transfer-encoding", "chunked"), /^400 lines\.0\.headers/],
    [header("host", "evil.example"), /^400 lines\.0\.headers/],
    [header("hookline-proof", "no JSON"), /^400 lines\.0\.headers: have no hookline-proof/],
    [header("hookline-proof", '{"transfer-encoding":"chunked"}'), /^400 lines\.0\.headers/],
    [{ type: "a".repeat(201) }, /^400 lines\.0\.type: must not be longer/],
    [{ type: "a\nb" }, /^400 lines\.0\.type/],
    [{ verified_by: "a".repeat(201) }, /^400 lines\.0\.verified_by/],
    [{ deliveries: [delivery, delivery] }, /^400 lines\.0\.deliveries: must not name a destination twice/],
    // Each member of it is a header of what is sent.
    [one({ story: '{"a\\r\\nb":"c"}' }), /^400 lines\.0\.deliveries\.0\.story/],
    [one({ story: "5" }), /^400 lines\.0\.deliveries\.0\.story/],
    [one({ attempt: Number.MAX_SAFE_INTEGER }), /^400 lines\.0\.deliveries\.0\.attempt: must not be more/],
    [tried({ attempt: 1.5 }), /^400 lines\.0\.deliveries\.0\.attempts\.0\.attempt: must be a whole number/],
    [tried({ started_at: "yesterday" }), /^400 lines\.0\.deliveries\.0\.attempts\.0\.started_at/],
    [
      { edited_as: [{ event: "no id'", destination: "first", edited_at: line.received_at }] },
      /^400 lines\.0\.edited_as/,
    ],
    [{ edited_as: [{ event: line.id, destination: "first", edited_at: "yesterday" }] }, /^400 lines\.0\.edited_as/],
    [{ source: "hookline" }, /^422 .*"hookline", which this relay does not have/],
  ] as const) {
    const answer = await order(relay, "/import", { lines: [{ ...line, ...change }] });
    expect(`${answer.status} ${(await answer.json<{ detail: string }>()).detail}`).toMatch(says);
    expect(await rows("SELECT id FROM events")).toEqual([]);
  }
});
