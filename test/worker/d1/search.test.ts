// Looking for a text in bodies: what is found, how far one page looks, and what it costs in a long history.
import { reset } from "cloudflare:test";
import { afterEach, expect, test } from "vitest";
import { openDatabase } from "../../../src/d1/database.ts";
import { migrate } from "../../../src/d1/migrate.ts";
import { openParts } from "../../../src/d1/parts.ts";
import { openRecords } from "../../../src/d1/records.ts";
import { SEARCHED } from "../../../src/d1/search.ts";
import { openStore } from "../../../src/d1/store.ts";
import { encodeBody, encodeParts, INLINE_BYTES } from "../../../src/bytes/body.ts";
import { openHistory } from "../../../src/operate/history.ts";
import { askEvents } from "../../../src/contract/question.ts";
import { fill, metered } from "../kit/fill.ts";
import { candidate, idOf } from "../kit/hands.ts";
import { bindings, bytes } from "../kit/relay.ts";
import type { EventFilter, Place } from "../../../src/contract/filter.ts";
import type { EventRow, Walk } from "../../../src/d1/rows.ts";

afterEach(async () => {
  await reset();
});

const ANY: EventFilter = { source: null, type: null, since: null, until: null, text: null, routing: null };
const records = openRecords(openDatabase(bindings.DB));

/** Puts an event into D1, in parts where it is large. */
async function keep(n: number, body: string | Uint8Array, source = "acme"): Promise<void> {
  const run = openDatabase(bindings.DB);
  const raw = bytes(body);
  const change = { source, size: raw.length, receivedAt: n * 1_000 };
  if (raw.length <= INLINE_BYTES) {
    const { encoding, data } = encodeBody(raw);
    await openStore(run).commit(`[${candidate(n, { ...change, encoding, body: data }).row}]`, 0);
    return;
  }
  const { encoding, parts } = encodeParts(raw);
  for (const [index, part] of parts.entries()) await openParts(run).put(`receipt-${n}`, idOf(n), index, part);
  await openStore(run).commit(`[${candidate(n, { ...change, encoding, body: null, parts: parts.length }).row}]`, 0);
}

/** Everything that a search finds, by its number, and how many pages it took. */
async function find(text: string, change: Partial<EventFilter> = {}, limit = 50) {
  const found: number[] = [];
  let [pages, binary] = [0, 0];
  for (let after: Place | null = null; ;) {
    const page: Walk<EventRow> = await records.events({ ...ANY, ...change, text }, after, limit);
    found.push(...page.rows.map(({ id }) => Number(id.slice(4))));
    pages += 1;
    binary += page.binary ?? 0;
    if (page.next === null) return { found, pages, binary };
    after = page.next;
  }
}

test("a text is found in bodies, newest first, ASCII letters in either case", async () => {
  await keep(1, '{"customer":"Zoë Ångström","order":"AB-17"}');
  await keep(2, '{"order":"ab-17"}');
  await keep(3, '{"order":"AB-18"}');
  await keep(4, "100 % of it_ 'and' \"more\" \\ ?1");
  expect((await find("Ab-17")).found).toEqual([2, 1]);
  expect((await find("zoë")).found).toEqual([1]);
  expect((await find("zoë ÅNG")).found).toEqual([1]);
  // Beyond ASCII, letters are as they are.
  expect((await find("ångström")).found).toEqual([]);
  for (const sign of ["100 %", "it_", "'and'", '"more"', "\\", "?1", "%"])
    expect((await find(sign)).found).toEqual([4]);
});

test("a text is found in a large body: in any part, and across the end of one", async () => {
  const part = 1_000_000;
  const large = (at: number, text: string) => `${"x".repeat(at)}${text}${"y".repeat(2 * part + 300_000 - at)}`;
  await keep(1, large(10, "Needle"));
  await keep(2, large(2 * part + 100, "Needle"));
  await keep(3, large(part - 3, "Needle"));
  await keep(4, large(2 * part - 1, "Needle"));
  // Three bytes a character, so that the part ends before its millionth byte.
  await keep(5, `${"€".repeat(333_332)}Nee${"dle€".repeat(1)}${"z".repeat(500_000)}`);
  await keep(6, large(0, "needless"));
  await keep(7, large(0, "nothing"));
  const { found, pages } = await find("needle");
  expect(found).toEqual([6, 5, 4, 3, 2, 1]);
  // 8 MB a page.
  expect(pages).toBe(3);
});

test("what is not text is passed over, and the page says how often", async () => {
  await keep(1, "needle");
  await keep(2, new Uint8Array([...bytes("needle"), 0xff]));
  await keep(3, new Uint8Array(400_000).fill(0xff));
  // "needle" in base64.
  expect(await find("bmVlZGxl")).toMatchObject({ found: [], binary: 2 });
  expect(await find("needle")).toMatchObject({ found: [1], binary: 2 });
  const page = await openHistory(records).events(askedFor("?text=needle"));
  expect(page).toMatchObject({ complete: true, next: null, binary_skipped: 2, events: [{ id: idOf(1) }] });
});

function askedFor(query: string) {
  const asked = askEvents(new URLSearchParams(query));
  if (!asked.ok) throw new Error(asked.detail);
  return asked.value;
}

test("a search goes with every other filter, and pages hand out each hit once", async () => {
  for (let n = 1; n <= 40; n += 1) await keep(n, n % 2 === 0 ? "even" : "odd", n % 3 === 0 ? "github" : "acme");
  const even = Array.from({ length: 20 }, (_, index) => 40 - 2 * index);
  for (const limit of [1, 3, 50]) {
    expect((await find("even", {}, limit)).found).toEqual(even);
    expect((await find("even", { source: "github" }, limit)).found).toEqual(even.filter((n) => n % 3 === 0));
    expect((await find("even", { since: 10_000, until: 30_000 }, limit)).found).toEqual(
      even.filter((n) => n >= 10 && n < 30),
    );
  }
});

test("one page looks at 500 events, says how far it came, and the next goes on from there", async () => {
  await fill(1_200);
  const history = openHistory(records);
  const first = await history.events(askedFor("text=nowhere"));
  expect(first).toMatchObject({ events: [], complete: false, scanned: SEARCHED });
  expect(first.looked_back_to).toBe(new Date(701_000).toISOString());
  const second = await history.events(askedFor(`text=nowhere&cursor=${first.next}`));
  expect(second.looked_back_to).toBe(new Date(201_000).toISOString());
  const last = await history.events(askedFor(`text=nowhere&cursor=${second.next}`));
  expect(last).toMatchObject({ events: [], complete: true, next: null });
});

test("a search among the events of a rare source looks at 5,000 rows, and into the bodies of its own only", async () => {
  await fill(12_000);
  await bindings.DB.exec("UPDATE events SET source = 'rare', body = 'needle' WHERE seq IN (11000, 3000)");
  const first = await records.events({ ...ANY, source: "rare", text: "NEEDLE" }, null, 50);
  expect(first.rows.map(({ event }) => event)).toEqual([11_000]);
  expect(first.stopped).toEqual({ scanned: 5_000, receivedAt: 7_001_000 });
  const second = await records.events({ ...ANY, source: "rare", text: "NEEDLE" }, first.next, 50);
  expect(second.rows.map(({ event }) => event)).toEqual([3_000]);
});

test("a page costs the same in a history of a hundred thousand events as in one of ten thousand", async () => {
  const costs: number[][] = [];
  for (const size of [10_000, 100_000]) {
    await migrate(bindings.DB);
    await fill(size);
    const { run, measure } = metered(bindings.DB);
    const read = openRecords(run);
    const cost: number[] = [];
    for (const filter of [{}, { source: "stripe" }, { until: size * 500 }]) {
      const { read: count } = await measure(() => read.events({ ...ANY, ...filter, text: "nowhere" }, null, 50));
      cost.push(count);
    }
    costs.push(cost);
    await reset();
  }
  const [small = [], large = []] = costs;
  for (const [index, cost] of small.entries()) {
    expect(cost).toBeGreaterThan(0);
    expect((large[index] ?? Infinity) / cost).toBeLessThanOrEqual(1.1);
  }
});

test("an empty text and a text that is too long are refused", () => {
  expect(askEvents(new URLSearchParams("text="))).toMatchObject({ ok: false });
  expect(askEvents(new URLSearchParams(`text=${"x".repeat(201)}`))).toMatchObject({ ok: false });
});
