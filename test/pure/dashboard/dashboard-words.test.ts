// What pages say: numbers, times, strangers' texts, and the one sentence about an event.
import { describe, expect, test } from "vitest";
import type { AttemptAnswer, EventStory } from "../../../src/contract/history.ts";
import { curl } from "../../../src/dashboard/words/curl.ts";
import { headline } from "../../../src/dashboard/words/headline.ts";
import { ago, bytes, number, span, visible } from "../../../src/dashboard/words/words.ts";

const NOW = Date.parse("2026-03-01T12:00:00Z");
const RECEIVED = "2026-03-01T11:00:00.000Z";

type Delivery = EventStory["deliveries"][number];

function attempts(count: number, change: Partial<AttemptAnswer> = {}): AttemptAnswer[] {
  return Array.from({ length: count }, (_, n) => ({
    attempt: n + 1,
    outcome: "retry" as const,
    status: 503,
    fault: null,
    latency_ms: 40,
    started_at: RECEIVED,
    next_attempt_at: null,
    answer: "",
    ...change,
  }));
}

function delivery(destination: string, change: Partial<Delivery>): Delivery {
  return {
    id: `evt_1:${destination}`,
    event: "evt_1",
    destination,
    route: "all",
    source: "acme",
    type: "order.paid",
    state: "delivered",
    reason: null,
    waits: null,
    attempt: 1,
    status: 200,
    fault: null,
    latency_ms: 40,
    answer: "",
    received_at: RECEIVED,
    last_attempt_at: RECEIVED,
    next_attempt_at: null,
    ended_at: "2026-03-01T11:00:02.000Z",
    attempts: attempts(1, { outcome: "delivered", status: 200 }),
    ...change,
  };
}

const soon = "2026-03-01T12:04:00.000Z";

describe("the headline", () => {
  test.each<[string, Delivery[]]>([
    ["Accepted and kept. No route sends it anywhere.", []],
    ["Delivered to billing at the first try, 2 s after it came in.", [delivery("billing", {})]],
    [
      "Delivered to a and b after 2 tries, 2 s after it came in.",
      [delivery("a", {}), delivery("b", { attempts: attempts(2) })],
    ],
    [
      "Delivered to all 4 destinations at the first try, 2 s after it came in.",
      ["a", "b", "c", "d"].map((name) => delivery(name, {})),
    ],
    [
      "Delivered to 2 of 3; crm failed 10 times, last answer 503 Service Unavailable, next try in 4 min.",
      [
        delivery("a", {}),
        delivery("b", {}),
        delivery("crm", { state: "pending", next_attempt_at: soon, attempts: attempts(10) }),
      ],
    ],
    [
      "crm failed once (no answer within the time that the destination has, 15 s by default), and is not tried any more.",
      [
        delivery("crm", {
          state: "failed",
          reason: "exhausted",
          attempts: attempts(1, { status: null, fault: "timeout" }),
        }),
      ],
    ],
    ["crm answered 410 and wants no more of it.", [delivery("crm", { state: "failed", reason: "gone" })]],
    [
      "crm was cancelled before a first try.",
      [delivery("crm", { state: "failed", reason: "cancelled", attempts: [] })],
    ],
    [
      "crm is being sent to now.",
      [delivery("crm", { state: "delivering", attempts: attempts(1, { outcome: "running" }) })],
    ],
    ["crm is paused, so its delivery is held.", [delivery("crm", { state: "held", attempts: [] })]],
    [
      "crm is to be tried any moment.",
      [delivery("crm", { state: "pending", next_attempt_at: RECEIVED, attempts: [] })],
    ],
  ])("is: %s", (expected, deliveries) => {
    expect(headline(deliveries, NOW)).toBe(expected);
  });

  test("names the worst first, and counts what it does not name", () => {
    const held = ["a", "b", "c", "d"].map((name) => delivery(name, { state: "held", attempts: [] }));
    const said = headline([...held, delivery("z", { state: "failed", reason: "gone" })], NOW);
    expect(said).toMatch(/^Delivered to none of 5; z answered 410 .*; a is paused.*; b is paused.*; and 2 more\.$/);
  });
});

test.each([
  [0, "0 s"],
  [42, "42 ms"],
  [1_000, "1 s"],
  [90_000, "1 min 30 s"],
  [150_000, "2 min"],
  [86_400_000, "1 d"],
  [90_000_000, "1 d 1 h"],
  [1e10, "115 d"],
])("%d ms are %s", (ms, expected) => {
  expect(span(ms)).toBe(expected);
});

test("the past is ago, and the future is in", () => {
  expect([ago(-240_000), ago(240_000), ago(-5)]).toEqual(["4 min ago", "in 4 min", "just now"]);
});

test("sizes and numbers are written for people", () => {
  expect([bytes(812), bytes(1_434), bytes(26_214_400), number(1_234_567), number(999)]).toEqual([
    "812 B",
    "1.4 KB",
    "25.0 MB",
    "1,234,567",
    "999",
  ]);
});

test("what cannot be seen can be seen, and all else stays as it is", () => {
  expect(visible("a\u0000b\u001b[31m\u007f")).toBe("a␀b␛[31m␡");
  expect(visible("\u202egnp\u2066\u200b\ufeff\u0085")).toBe("⟨U+202E⟩gnp⟨U+2066⟩⟨U+200B⟩⟨U+FEFF⟩⟨U+0085⟩");
  expect(visible("línea\n\tعربي 漢字 👩‍💻")).toBe("línea\n\tعربي 漢字 👩⟨U+200D⟩💻");
});

test("a command for the shell holds what came in, and a place for the signature", () => {
  const story = { id: "evt_1", headers: { "content-type": "text/plain", "x-note": "it's; $(rm -rf /)" } };
  expect(curl("https://relay.example.com/in/acme", story, ["x-signature"], "it's `id`")).toBe(
    [
      "curl 'https://relay.example.com/in/acme'",
      "-H 'content-type: text/plain'",
      "-H 'x-note: it'\\''s; $(rm -rf /)'",
      "-H 'x-signature: <signature>'",
      "--data-binary 'it'\\''s `id`'",
    ].join(" \\\n  "),
  );
  expect(curl("https://relay.example.com/in/acme", story, [], null)).toContain("--data-binary '@evt_1.body'");
  // curl would read a file of that name.
  expect(curl("https://relay.example.com/in/acme", story, [], "@/etc/passwd")).not.toContain("passwd");
});

test("a command for the shell has no character that a terminal would obey or hide", () => {
  const hostile = ["\u001b]0;x\u0007", "\r", "\u009b2J", "\u202e", "\u200b", "\u2066", "\u0000", "\u007f"];
  for (const one of hostile) {
    const story = { id: "evt_1", headers: { "x-bad": `a${one}b`, "x-good": "c" } };
    const command = curl("https://relay.example.com/in/acme", story, [], `{"a":"${one}"}`);
    expect(command).toContain("--data-binary '@evt_1.body'");
    expect(command).toContain("x-good");
    expect(command).not.toContain("x-bad");
    expect(visible(command)).toBe(command);
  }
  const story = { id: "evt_1", headers: {} };
  expect(curl("https://relay.example.com/in/acme", story, [], "a\n\tb")).toContain("--data-binary 'a\n\tb'");
});
