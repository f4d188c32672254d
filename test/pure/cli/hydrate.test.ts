// What the commands say of thin events: from where their objects are fetched, and why one was not.
import { expect, test } from "vitest";
import { FakeRelay } from "../../kit/fake-relay.ts";

const source = {
  name: "stripe",
  state: "ready",
  last_event_at: null,
  last_refusal: null,
  why: null,
  secrets: [],
  url: "https://relay.example.com/in/stripe",
};
const hydrate = {
  from: "https://api.stripe.com",
  path: "related_object.url",
  headers: ["authorization"],
  secrets: [
    { name: "STRIPE_API_KEY", set: true },
    { name: "STRIPE_CONTEXT", set: false },
  ],
};
const attempt = {
  attempt: 1,
  outcome: "retry",
  status: null,
  fault: "unhydrated",
  latency_ms: 0,
  started_at: "2026-03-01T12:00:00.000Z",
  next_attempt_at: null,
  answer: "https://api.stripe.com/v1/customers/cus_1 answered 404",
};
const delivery = {
  id: "evt_1:crm",
  event: "evt_1",
  destination: "crm",
  source: "stripe",
  type: "v1.billing",
  state: "pending",
  reason: null,
  route: "all",
  waits: null,
  answer: null,
  attempt: 1,
  attempts: [attempt],
  status: null,
  fault: "unhydrated",
  latency_ms: 0,
  received_at: "2026-03-01T12:00:00.000Z",
  last_attempt_at: "2026-03-01T12:00:00.000Z",
  next_attempt_at: null,
  ended_at: null,
};
const story = {
  id: "evt_1",
  source: "stripe",
  type: "v1.billing",
  received_at: "2026-03-01T12:00:00.000Z",
  verified_by: "STRIPE_SECRET",
  size: 2,
  headers: {},
  deliveries: [delivery],
  trace_id: null,
  edited_from: null,
  edited_as: [],
  undecided: [],
  encoding: "text",
  body: "{}",
};
let answer: object = {};
const relay = new FakeRelay(() => answer);

test("the sources have a column for it where one of them fetches, and name the secret that is missing", async () => {
  answer = {
    sources: [
      { ...source, hydrate },
      { ...source, name: "plain" },
    ],
    events_looked_back_to: null,
  };
  expect((await relay.run("sources")).out).toMatch(
    /objects from[^]*https:\/\/api\.stripe\.com, not set: STRIPE_CONTEXT/,
  );
  answer = { sources: [source], events_looked_back_to: null };
  expect((await relay.run("sources")).out).not.toContain("objects from");
});

test("an event says why its object was not fetched, or when it was", async () => {
  answer = story;
  expect((await relay.run("event evt_1")).out).toContain(`object: not fetched: ${attempt.answer}`);
  answer = { ...story, object: { fetched_at: "2026-03-01T12:00:05.000Z", path: "/v1/customers/cus_1", body: "{}" } };
  const { out } = await relay.run("event evt_1");
  expect(out).toContain("object: fetched 2026-03-01T12:00:05.000Z from /v1/customers/cus_1");
  expect(out).not.toContain("not fetched");
  answer = { ...story, deliveries: [] };
  expect((await relay.run("event evt_1")).out).not.toContain("object:");
});
