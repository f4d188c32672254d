// A sender's list of what it has sent, page by page, as its documents show it, and as nobody should send it.
import { expect, test } from "vitest";
import { findProvider } from "../../../src/providers/catalogue.ts";
import { missing as missingOf, readPage as pageOf } from "../../../src/net/delivery-list.ts";
import type { Deliveries } from "../../../src/scheme/deliveries.ts";

function listOf(id: string): Deliveries {
  const found = findProvider(id)?.deliveries;
  if (found === undefined) throw new Error(`${id} has no list`);
  return found;
}
const github = listOf("github");
const stripe = listOf("stripe");
const HOOK = "https://api.github.com/repos/acme/shop/hooks/1/deliveries?per_page=100";
const BASE = "https://api.github.com/repos/acme/shop/hooks/1";
const readPage = (text: string, link: string | null, url: string, list: Deliveries) =>
  pageOf(text, link, url, list, BASE);
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

const wanted = (items: unknown[]) => missingOf(page(items)?.items ?? [], github, NOW, () => NOW).map(({ id }) => id);

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

/** A sender of one's own, of whose list these things are different. */
const own = (more: Partial<Deliveries>): Deliveries => ({
  example: "https://api.example.com",
  list: "/deliveries",
  id: "id",
  time: { at: "at", unit: "s" },
  status: { at: "state", is: "done" },
  again: "/deliveries/{id}/again",
  hours: 72,
  by: "Handbook",
  ...more,
});
const item = (id: string, minutesAgo: number, more: object = {}) => ({
  id,
  at: NOW / 1_000 - minutesAgo * 60,
  ...more,
});
const listed = (list: Deliveries, items: unknown[]) =>
  pageOf(JSON.stringify(items), null, "https://api.example.com/deliveries", list, "https://api.example.com");

test("where nothing tells whether it was asked for, it is as it passes an age: five times at most, whenever a look is", () => {
  const list = own({});
  const asks = (minutesAgo: number, lastLook: number) =>
    missingOf(listed(list, [item("a", minutesAgo)])?.items ?? [], list, NOW, () => NOW - lastLook * MIN).length;
  // A look each quarter of an hour, for a day.
  const looks = Array.from({ length: 96 }, (_, n) => (n + 1) * 15);
  expect(looks.filter((age) => asks(age, 15) === 1)).toEqual([15, 45, 135, 525]);
  expect(asks(1, 15)).toBe(0);
  // The last whole look was before it happened, whenever that was.
  expect(asks(700, 900)).toBe(1);
});

test("what arrived is known by a code, a word or a truth, and what a look may not ask for is left alone", () => {
  const list = own({ only: { origin: "event", "asked.at": null } });
  const items = [
    item("arrived", 10, { state: "done", origin: "event" }),
    item("lost", 20, { state: "failed", origin: "event" }),
    item("asked", 30, { state: "failed", origin: "event", asked: { at: "yesterday" } }),
    item("other", 40, { state: "failed", origin: "replay" }),
    item("old", 900, { origin: "event", asked: {} }),
    item("young", 1, { origin: "event" }),
  ];
  const again = missingOf(listed(list, items)?.items ?? [], list, NOW, () => NOW).map((one) => one.again);
  expect(again).toEqual(["old", "lost"].map((id) => `https://api.example.com/deliveries/${id}/again`));
  const truth = own({ status: { at: "ok", is: true } });
  const states = [item("a", 9, { ok: true }), item("b", 9, { ok: "true" }), item("c", 9)];
  expect(listed(truth, states)?.items.map(({ arrived }) => arrived)).toEqual([true, false, false]);
});

test("without times, each that never arrived is asked for in each look, until it has six attempts", () => {
  const { time: _, ...list } = own({ same: "key" });
  const five = Array.from({ length: 5 }, (_one, n) => item(`b${n}`, 0, { key: "b" }));
  const six = Array.from({ length: 6 }, (_one, n) => item(`c${n}`, 0, { key: "c" }));
  const items = [item("a2", 0, { key: "a" }), item("a1", 0, { key: "a", state: "done" }), ...five, ...six];
  expect(missingOf(listed(list, items)?.items ?? [], list, NOW, () => NOW).map(({ id }) => id)).toEqual(["b0"]);
});

test("no order of a list is taken on trust", () => {
  const list = own({ same: "key" });
  const items = [item("first", 30, { key: "a" }), item("older", 40, { key: "b" }), item("second", 20, { key: "a" })];
  expect(missingOf(listed(list, items)?.items ?? [], list, NOW, () => NOW).map(({ id }) => id)).toEqual([
    "older",
    "second",
  ]);
});

test.each([["../../users/1"], [".."], ["."], ["a/b"], ["a?b"], ["a#b"], [""]])("%j is no id of an address", (id) => {
  expect(listed(own({}), [item(id, 9)])).toBeNull();
  expect(listed(own({ again: "/{other}/again" }), [item("a", 9, { other: id })])).toBeNull();
});

test.each<[Deliveries["next"], object, string | null]>([
  [undefined, {}, null],
  [{ page: "page", more: "more" }, { more: true }, "?page=2"],
  [{ page: "page", more: "more" }, { more: false }, null],
  [{ page: "page", more: "pages" }, { pages: 2 }, "?page=2"],
  [{ page: "page", more: "pages" }, { pages: 1 }, null],
  [{ from: "meta.next", as: "cursor" }, { meta: { next: "a b" } }, "?cursor=a+b"],
  [{ from: "meta.next", as: "cursor" }, { meta: { next: null } }, null],
  [{ from: "meta.next" }, { meta: { next: "/deliveries?after=1" } }, "?after=1"],
  [{ from: "meta.next" }, { meta: { next: "https://api.example.com/users" } }, null],
  [{ from: "meta.next" }, { meta: { next: "https://evil.example.com/deliveries" } }, null],
  [{ from: "meta.next", more: "more" }, { meta: { next: "?after=1" }, more: false }, null],
])("a next page by %j of %j", (next, document, query) => {
  const list = { ...own({ items: "list" }), next };
  const text = JSON.stringify({ ...document, list: [item("a", 9)] });
  const read = pageOf(text, null, "https://api.example.com/deliveries", list, "https://api.example.com");
  expect(read?.next ?? null).toBe(query === null ? null : `https://api.example.com/deliveries${query}`);
});
