// allow = ["provider"]: who the provider says it is, kept through every bad answer, asked for by the cron and never by a request.
import { beforeEach, expect, test, vi } from "vitest";
import { Published } from "../../../src/net/published.ts";
import { openFetchText } from "../../../src/net/send.ts";
import { front } from "../kit/front.ts";
import { bytes, hmac, ringAlarm, rows, setUp, until } from "../kit/relay.ts";

const receiver = setUp();

const SOURCES = {
  github: { provider: "github", allow: ["provider", "198.51.100.0/24"] },
  open: { provider: "github" },
};
const SECRETS = { GITHUB_SECRET: "s", OPEN_SECRET: "s" };
let relay = front(SOURCES, SECRETS);

/** What api.github.com/meta answers. */
let meta: () => Response;

beforeEach(() => {
  relay = front(SOURCES, SECRETS);
  meta = () => Response.json({ hooks: ["192.0.2.0/24", "2001:db8::/32"] });
  receiver.behaviour = ({ url }) => (url === "https://api.github.com/meta" ? meta() : new Response("ok"));
});

const push = async (address: string, door = relay) =>
  await door.post("github", "{}", {
    "cf-connecting-ip": address,
    "x-github-event": "push",
    "x-github-delivery": crypto.randomUUID(),
    "x-hub-signature-256": `sha256=${await hmac("s", bytes("{}"))}`,
  });
const asked = () => receiver.arrivals.filter(({ url }) => url.startsWith("https://api.github.com/"));
/** Makes every list due. */
const due = () => rows("UPDATE address_lists SET next_at = 0");
const kept = async () => (await rows("SELECT networks, failures, fault FROM address_lists"))[0];
const GOOD = '["192.0.2.0/24","2001:db8::/32"]';

test("after the cron has asked, the provider's addresses come in, the source's own too, and nobody else", async () => {
  await relay.minute();
  expect(asked()).toHaveLength(1);
  expect(asked()[0]?.headers.get("user-agent")).toBe("hookline");
  expect((await push("192.0.2.7")).status).toBe(200);
  expect((await push("2001:db8::1")).status).toBe(200);
  expect((await push("::ffff:192.0.2.7")).status).toBe(200);
  expect((await push("198.51.100.1")).status).toBe(200);
  expect((await push("203.0.113.1")).status).toBe(403);
});

test("before the list was ever had, only the source's own networks come in, and the operator reads why", async () => {
  meta = () => new Response("down", { status: 500 });
  await relay.minute();
  expect((await push("192.0.2.7")).status).toBe(403);
  expect((await push("198.51.100.1")).status).toBe(200);
  const { refusals } = await relay.api<{ refusals: object[] }>("/sources/github/refusals");
  expect(refusals[0]).toMatchObject({
    code: "addresses_unknown",
    advice: expect.stringMatching(/has not been fetched yet/),
  });
  const { sources } = await relay.api<{ sources: object[] }>("/sources");
  expect(sources[0]).toMatchObject({ addresses: { networks: [], fault: "no answer from api.github.com" } });
});

test("where no cron runs, a request that finds no list has the sweep ask for it", async () => {
  expect((await push("192.0.2.7")).status).toBe(403);
  expect(asked()).toHaveLength(0);
  // The object's own configuration has no such source; that its alarm is set is what counts here.
  expect(await until(async () => (await ringAlarm()) && true)).toBe(true);
});

const BAD: Record<string, () => Response> = {
  "an error": () => new Response("no", { status: 503 }),
  "no list": () => Response.json({}),
  "an empty list": () => Response.json({ hooks: [] }),
  everybody: () => Response.json({ hooks: ["0.0.0.0/0"] }),
  "one bad entry": () => Response.json({ hooks: ["192.0.2.0/24", "no-network"] }),
  "a page": () => new Response("<html>", { headers: { "content-type": "text/html" } }),
  "a redirect": () => Response.redirect("https://evil.example/meta", 302),
  "no end": () =>
    new Response(
      new ReadableStream({
        pull: (controller) => controller.enqueue(new Uint8Array(1024 * 1024).fill(0x20)),
      }),
    ),
  "a dead line": () => {
    throw new Error("connection lost");
  },
};

test.each(Object.keys(BAD))("a refresh that gets %s leaves the last good list in force, and says so", async (name) => {
  await relay.minute();
  await due();
  meta = BAD[name] ?? meta;
  await relay.minute();
  expect(asked()).toHaveLength(2);
  expect(receiver.arrivals.every(({ url }) => !url.includes("evil"))).toBe(true);
  expect(await kept()).toMatchObject({ networks: GOOD, failures: 1, fault: expect.any(String) });
  const fresh = front(SOURCES, SECRETS);
  expect((await push("192.0.2.7", fresh)).status).toBe(200);
  expect((await push("203.0.113.1", fresh)).status).toBe(403);
  expect(await rows("SELECT count(*) AS n FROM audit")).toEqual([{ n: 1 }]);
});

test("a change is on record with what came and what went, and one that changes nothing is not", async () => {
  await relay.minute();
  await due();
  await relay.minute();
  meta = () => Response.json({ hooks: ["2001:db8::/32", "203.0.113.0/24"] });
  await due();
  await relay.minute();
  const audit = await rows("SELECT actor, action, target, detail FROM audit ORDER BY seq");
  expect(audit.map(({ actor, action, target }) => [actor, action, target])).toEqual([
    ["hookline", "addresses", "github"],
    ["hookline", "addresses", "github"],
  ]);
  expect(JSON.parse(String(audit[1]?.["detail"]))).toEqual({
    added: ["203.0.113.0/24"],
    removed: ["192.0.2.0/24"],
    more: 0,
  });
  const fresh = front(SOURCES, SECRETS);
  expect((await push("203.0.113.1", fresh)).status).toBe(200);
  expect((await push("192.0.2.7", fresh)).status).toBe(403);
});

test("a list is asked for when it is due and not each minute, and after failures less and less often", async () => {
  for (let n = 0; n < 3; n += 1) await relay.minute();
  expect(asked()).toHaveLength(1);
  meta = () => new Response(null, { status: 500 });
  const waits: number[] = [];
  for (let n = 0; n < 9; n += 1) {
    await due();
    const before = Date.now();
    await relay.minute();
    const [row] = await rows<{ next_at: number }>("SELECT next_at FROM address_lists");
    waits.push(Math.round(((row?.next_at ?? 0) - before) / 60_000));
  }
  expect(waits).toEqual([1, 2, 4, 8, 16, 32, 60, 60, 60]);
});

test("of two crons at once, one asks", async () => {
  await rows("SELECT 1");
  await Promise.all([relay.minute(), front(SOURCES, SECRETS).minute()]);
  expect(asked()).toHaveLength(1);
});

test("requests share what the isolate has read: D1 is asked once a minute, not once a request", async () => {
  await relay.minute();
  let reads = 0;
  let clock = 1_000_000;
  const lists = {
    all: () => {
      reads += 1;
      return Promise.resolve([
        { provider: "github", networks: GOOD, refreshedAt: 1, nextAt: Infinity, failures: 0, fault: null },
      ]);
    },
  };
  const log = { info: vi.fn(), warn: vi.fn(), error: vi.fn() };
  const published = new Published({ lists, remind: () => Promise.resolve(), now: () => clock, log });
  for (let n = 0; n < 1000; n += 1) expect(await published.bar("github", "192.0.2.7")).toBeNull();
  expect(reads).toBe(1);
  clock += 60_000;
  // D1 is gone: what was read before still counts.
  lists.all = () => Promise.reject(new Error("D1_ERROR"));
  expect(await published.bar("github", "192.0.2.7")).toBeNull();
  expect(await published.bar("github", "203.0.113.1")).toMatchObject({ reason: "address_refused" });
});

test("an isolate that cannot read the lists refuses for now and does not say that the address is wrong", async () => {
  const log = { info: vi.fn(), warn: vi.fn(), error: vi.fn() };
  const lists = { all: () => Promise.reject(new Error("D1_ERROR")) };
  const published = new Published({ lists, remind: () => Promise.resolve(), now: () => 0, log });
  expect(await published.bar("github", "192.0.2.7")).toMatchObject({ reason: "busy" });
});

test("a relay without such a source asks nobody", async () => {
  await front({ open: { provider: "github" } }, SECRETS).minute();
  expect(asked()).toHaveLength(0);
  expect(await rows("SELECT name FROM sqlite_master WHERE name = 'address_lists'")).toHaveLength(1);
  expect(await rows("SELECT * FROM address_lists")).toEqual([]);
});

test.each([
  ["never answers", () => new Promise<Response>(() => {})],
  ["begins and never ends", () => new Response(new ReadableStream({ pull: () => new Promise(() => {}) }))],
])("a provider that %s has said nothing once its time is over", async (_, behaviour) => {
  receiver.behaviour = behaviour;
  const inquiry = { url: "https://api.github.com/meta", method: "GET", headers: {}, body: null } as const;
  expect(await openFetchText(1000, 50)(inquiry)).toBeNull();
});
