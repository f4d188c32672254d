// A sender's list of what it has sent, page by page, as its documents show it, and as nobody should send it.
import { expect, test } from "vitest";
import { findProvider } from "../../../src/providers/catalogue.ts";
import { missing, readPage } from "../../../src/net/delivery-list.ts";
import type { Deliveries } from "../../../src/scheme/deliveries.ts";

function listOf(id: string): Deliveries {
  const found = findProvider(id)?.deliveries;
  if (found === undefined) throw new Error(`${id} has no list`);
  return found;
}
const github = listOf("github");
const stripe = listOf("stripe");
const HOOK = "https://api.github.com/repos/acme/shop/hooks/1/deliveries?per_page=100";
const NOW = Date.parse("2026-11-30T12:00:00Z");
const MIN = 60_000;

/** As GitHub's documents show it. */
const delivery = (id: number | string, guid: string, minutesAgo: number, status: number) => ({
  id,
  guid,
  delivered_at: new Date(NOW - minutesAgo * MIN).toISOString(),
  redelivery: false,
  duration: 0.03,
  status: status < 300 ? "OK" : "failed to connect",
  status_code: status,
  event: "issues",
  action: "opened",
});
const page = (items: unknown, link: string | null = null, url = HOOK) =>
  readPage(JSON.stringify(items), link, url, github);

test("a page of GitHub's is read with its ids to the last digit, and the next page is the one of its header", () => {
  const text = `[{"id":12345678901234567890,"guid":"g","delivered_at":"2026-11-30T11:00:00Z","status_code":502}]`;
  const read = readPage(text, `<${HOOK}&cursor=v1_2>; rel="next", <${HOOK}&cursor=v1_0>; rel="prev"`, HOOK, github);
  expect(read?.next).toBe(`${HOOK}&cursor=v1_2`);
  expect(read?.items).toMatchObject([{ id: "12345678901234567890", same: "g", arrived: false, at: NOW - 60 * MIN }]);
});

test("an event of a list is written again with every digit that it came with", () => {
  const event = '{"id":"evt_1","created":1796040000,"amount":12345678901234567890,"share":0.1}';
  const read = readPage(`{"data":[${event}],"has_more":false}`, null, "https://api.stripe.com/v1/events", stripe);
  expect(read?.items.map(({ value }) => JSON.stringify(value))).toEqual([event]);
});

test.each([
  ["https://evil.example.com/repos/acme/shop/hooks/1/deliveries?cursor=1"],
  ["http://api.github.com/repos/acme/shop/hooks/1/deliveries?cursor=1"],
  ["https://api.github.com/user"],
  ["https://name:password@api.github.com/repos/acme/shop/hooks/1/deliveries"],
  ["//evil.example.com/repos/acme/shop/hooks/1/deliveries"],
])("our credential does not go to %s", (elsewhere) => {
  expect(page([], `<${elsewhere}>; rel="next"`)?.next).toBeNull();
});

test("Stripe's next page is behind the last id, while there is more", () => {
  const url = "https://api.stripe.com/v1/events?delivery_success=false&limit=100&created%5Bgte%5D=1";
  const event = { id: "evt_1", created: NOW / 1000, type: "invoice.paid" };
  const more = readPage(JSON.stringify({ object: "list", data: [event], has_more: true }), null, url, stripe);
  expect(more).toMatchObject({ items: [{ id: "evt_1", at: NOW, value: event }], next: `${url}&starting_after=evt_1` });
  expect(readPage(JSON.stringify({ data: [event], has_more: false }), null, url, stripe)?.next).toBeNull();
});

test.each([
  ["null"],
  ["{}"],
  ["<html>"],
  ['[{"id":"../../user","guid":"g","delivered_at":"2026-11-30T11:00:00Z","status_code":502}]'],
  ['[{"id":1,"guid":"g","delivered_at":"yesterday","status_code":502}]'],
  ["[7]"],
])("%s is no list", (text) => {
  expect(readPage(text, null, HOOK, github)).toBeNull();
});

const wanted = (items: unknown[]) => missing(page(items)?.items ?? [], github, NOW).map(({ id }) => id);

test("what has never arrived is asked for by its newest attempt, the oldest delivery first", () => {
  const list = [
    delivery(9, "young", 1, 502),
    delivery(8, "lost", 30, 502),
    delivery(7, "came", 40, 200),
    delivery(6, "came again", 50, 202),
    delivery(5, "came again", 90, 502),
    delivery(4, "refused", 95, 503),
    delivery(3, "lost", 100, 0),
  ];
  expect(wanted(list)).toEqual(["4", "8"]);
});

/** So many attempts of one delivery, all of which have failed. */
const tries = (n: number, minutesAgo: number) => [
  delivery(n, "lost", minutesAgo, 500),
  ...Array.from({ length: n - 1 }, (_, k) => delivery(n - 1 - k, "lost", 1_000 + k, 500)),
];

test("a delivery that fails again is asked for ever more rarely, and five times at most", () => {
  const waits = [2, 8, 32, 128, 512].map((minutes, n) => [
    wanted(tries(n + 1, minutes - 1)).length,
    wanted(tries(n + 1, minutes + 1)).length,
  ]);
  expect(waits).toEqual(waits.map(() => [0, 1]));
  expect(wanted(tries(6, 999))).toEqual([]);
});
