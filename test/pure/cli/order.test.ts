// What commands and pages say of events in order: behind which event a delivery waits, and how many do.
import { expect, test } from "vitest";
import { DeliverySection } from "../../../src/dashboard/parts/delivery.tsx";
import { scaleOf } from "../../../src/dashboard/parts/timeline.tsx";
import { headline } from "../../../src/dashboard/words/headline.ts";
import { FakeRelay } from "../../kit/fake-relay.ts";

const AT = "2026-03-01T12:00:00.000Z";
const FIRST = `evt_${"1".repeat(32)}`;
const waiting = {
  id: "evt_2:crm",
  event: "evt_2",
  destination: "crm",
  source: "acme",
  type: "order.paid",
  state: "pending",
  reason: null,
  route: "all",
  waits: "order",
  waits_behind: FIRST,
  answer: null,
  attempt: 0,
  attempts: [],
  status: null,
  fault: null,
  latency_ms: null,
  received_at: AT,
  last_attempt_at: null,
  next_attempt_at: null,
  ended_at: null,
} as const;
const story = {
  id: "evt_2",
  source: "acme",
  type: "order.paid",
  received_at: AT,
  verified_by: "ACME_SECRET",
  size: 2,
  headers: {},
  deliveries: [waiting],
  trace_id: null,
  edited_from: null,
  edited_as: [],
  undecided: [],
  encoding: "text",
  body: "{}",
};
let answer: object = {};
const relay = new FakeRelay(() => answer);

test("the command line names the event that has to end first, of one event and in the list", async () => {
  answer = story;
  expect((await relay.run("event evt_2")).out).toContain(`crm: pending (waits behind ${FIRST})`);
  answer = { deliveries: [waiting], next: null, stopped: null };
  expect((await relay.run("deliveries")).out).toContain(`behind ${FIRST}`);
});

test("the page of an event links to it, names no next attempt, and its first line says so", () => {
  const now = Date.parse(AT) + 60_000;
  const deliveries = [{ ...waiting, attempts: [] }];
  const scale = scaleOf(deliveries, Date.parse(AT), now);
  const section = DeliverySection({ delivery: deliveries[0]!, receivedAt: Date.parse(AT), scale, now, once: null });
  // oxlint-disable-next-line typescript/no-base-to-string -- a node of hono's makes its HTML so
  const page = String(section);
  expect(page).toContain(`it waits behind <a href="/events/${FIRST}">${FIRST}</a>`);
  expect(page).not.toContain("Next attempt");
  expect(headline(deliveries, now)).toBe("crm gets an earlier event first, so its delivery waits.");
});
