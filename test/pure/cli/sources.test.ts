// `hookline sources` and `hookline sources NAME`: until when an old secret is taken, and how often it still is.
import { expect, test } from "vitest";
import { FakeRelay } from "../../kit/fake-relay.ts";
import { sources } from "../../kit/fixture-health.ts";

const USE = {
  source: "stripe",
  looked_back_to: null as string | null,
  secrets: [
    { name: "STRIPE_SECRET", set: true, events: 90, last_event_at: "2026-11-29T12:00:00.000Z" },
    {
      name: "STRIPE_SECRET_OLD",
      set: true,
      until: "2026-12-31T00:00:00.000Z",
      ended: false,
      events: 7,
      last_event_at: "2026-11-29T11:00:00.000Z",
    },
    { name: "STRIPE_OLDER", set: true, until: "2026-11-01T12:00:00.000Z", ended: true, events: 0, last_event_at: null },
  ],
};
let use = USE;
const relay = new FakeRelay(({ url }) =>
  url.pathname.endsWith("/secrets") ? use : { sources, events_looked_back_to: null },
);

test("the list has a column for old secrets that end", async () => {
  const { code, out } = await relay.run("sources");
  expect(code).toBe(0);
  expect(out).toMatch(/old secret/);
  expect(out.split("\n").find((line) => line.trim().startsWith("stripe"))).toMatch(
    /STRIPE_SECRET_OLD until \d{4}-\d\d-\d\d \d\d:\d\d/,
  );
});

test("one source has a line for each secret: until when it is taken, and what came with it", async () => {
  use = USE;
  const { code, out } = await relay.run("sources stripe");
  expect(code).toBe(0);
  expect(relay.asked.map(({ url }) => url.pathname)).toEqual(["/api/sources/stripe/secrets"]);
  const [head, first, old, older] = out.split("\n").map((line) => line.trim());
  expect(head).toMatch(/^secret +taken +events in 24 h +last event$/);
  expect(first).toMatch(/^STRIPE_SECRET +without an end +90 +2026-11-29T12:00:00.000Z$/);
  expect(old).toMatch(/^STRIPE_SECRET_OLD +until 2026-12-31 00:00 UTC +7 +2026-11-29T11:00:00.000Z$/);
  expect(older).toMatch(/^STRIPE_OLDER +ended on 2026-11-01 12:00 UTC: delete it +0/);
});

test("where not the whole day was looked at, the line says since when; --json is what the relay says", async () => {
  use = { ...USE, looked_back_to: "2026-11-29T10:00:00.000Z" };
  expect((await relay.run("sources stripe")).out).toContain("events since 2026-11-29T10:00:00.000Z");
  expect(JSON.parse((await relay.run("sources stripe --json")).out)).toEqual(use);
});
