// A list that has only stopped early: the command goes on by itself, and stops where the page is full or the history has ended.
import { expect, test } from "vitest";
import { FakeRelay } from "../../kit/fake-relay.ts";

const event = (n: number) => ({
  id: `evt_${n}`,
  received_at: "2026-03-01",
  source: "acme",
  type: "ping",
  size: 2,
  deliveries: [],
});
const stopped = (n: number) => ({
  next: `c${n}`,
  complete: false,
  scanned: 500,
  looked_back_to: `2026-03-0${n}T00:00:00.000Z`,
  binary_skipped: 1,
});

// Two stretches in which there is nothing, one in which there is something, and the end.
const relay = new FakeRelay(({ url }) => {
  const cursor = url.searchParams.get("cursor");
  const limit = Number(url.searchParams.get("limit") ?? 50);
  const rows = url.pathname.endsWith("/deliveries") ? "deliveries" : "events";
  if (cursor === null) return { [rows]: [], ...stopped(3) };
  if (cursor === "c3") return { [rows]: [event(1), event(2)].slice(0, limit), ...stopped(2) };
  return { [rows]: [event(3)], next: null, complete: true, binary_skipped: 1 };
});

test("a text search that finds nothing at first goes on to the end", async () => {
  const { code, out, err } = await relay.run("events --text order-77");
  expect(code).toBe(0);
  expect(out.match(/evt_\d/g)).toEqual(["evt_1", "evt_2", "evt_3"]);
  expect(err.match(/still looking: searched back to 2026-03-0\d/g)).toHaveLength(2);
  expect(relay.asked.map(({ url }) => url.searchParams.get("text"))).toEqual(Array(3).fill("order-77"));
  expect(relay.asked.map(({ url }) => url.searchParams.get("cursor"))).toEqual([null, "c3", "c2"]);
});

test("it stops where there are as many as were asked for, and says how to go on", async () => {
  const { out, err } = await relay.run("events --text order-77 --limit 2");
  expect(out.match(/evt_\d/g)).toEqual(["evt_1", "evt_2"]);
  expect(relay.asked.map(({ url }) => url.searchParams.get("limit"))).toEqual(["2", "2"]);
  expect(err).toContain("--cursor c2");
});

test.for(["events", "deliveries"])("%s as JSON are one document, with all that was found", async (name) => {
  const { out } = await relay.run(`${name} --json`);
  expect(JSON.parse(out)).toMatchObject({
    [name]: [{ id: "evt_1" }, { id: "evt_2" }, { id: "evt_3" }],
    next: null,
    complete: true,
    scanned: 1_000,
    binary_skipped: 3,
  });
});
