// What one attempt fetches, others of the same event wait for: also where the one that fetches has died.
import { afterEach, expect, test, vi } from "vitest";
import { HYDRATE_MS } from "../../../src/deadlines.ts";
import { openHydrate } from "../../../src/in/hydrated.ts";
import { openResolve } from "../../../src/net/resolve.ts";
import { ssrfUrls } from "../../vectors/ssrf.ts";

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const HOW = { from: "https://api.example.com", path: "object.url", headers: {}, hidden: [], sent: [], unset: [] };
const document = () => ({ object: { url: "/v1/things/7" } });

test("an attempt whose isolate's other invocation has died in the middle of it ends, and the next one fetches anew", async () => {
  vi.useFakeTimers();
  vi.stubGlobal("fetch", () => Promise.resolve(new Response('{"id":7}')));
  let died = true;
  const dying = (_: number, made: string) => (died ? new Promise<string>(() => {}) : Promise.resolve(made));
  const hydrated = openHydrate({ keepObject: dying }, false, () => Date.now());
  const first = hydrated({ seq: 1 }, HOW, document);
  await vi.advanceTimersByTimeAsync(10);
  const second = hydrated({ seq: 1 }, HOW, document);
  await vi.advanceTimersByTimeAsync(HYDRATE_MS + 10);
  const inTime = await Promise.race([second, Promise.resolve("still waits")]);
  expect(inTime).toMatchObject({ ok: false });
  // Nor does the first one go on, should it live: its lease may be over.
  expect(await Promise.race([first, Promise.resolve("still waits")])).toMatchObject({
    ok: false,
    error: expect.stringContaining("could not be kept"),
  });
  died = false;
  expect(await hydrated({ seq: 1 }, HOW, document)).toEqual({ ok: true, object: { id: 7 } });
});

const keepObject = async (_: number, made: string) => await Promise.resolve(made);

/** Who asks through this looks the host up first, and is told this. */
function lookedUp(answer: (type: string) => string | null) {
  const asked: string[] = [];
  vi.stubGlobal("fetch", async (url: string) => {
    asked.push(url);
    return await Promise.resolve(new Response('{"id":7}'));
  });
  const ask = async ({ url }: { url: string }) =>
    await Promise.resolve(answer(new URL(url).searchParams.get("type") ?? ""));
  const resolve = openResolve(
    "https://dns.example.net/q",
    ask,
    () => 0,
    () => false,
  );
  return { asked, hydrated: openHydrate({ keepObject }, false, () => 0, resolve) };
}
const zone = (type: string, data: string) => (asked: string) =>
  JSON.stringify({ Status: 0, ...(asked === type ? { Answer: [{ type: type === "A" ? 1 : 28, TTL: 9, data }] } : {}) });

test("where names are looked up, a host that leads to any inward address of the corpus is not asked, and the attempt says why", async () => {
  const hosts = ssrfUrls().flatMap((one) => {
    const host = URL.parse(one.url)?.hostname.replaceAll(/[[\]]/g, "");
    return host === undefined || !/^[\d.]+$|:/.test(host) ? [] : [{ host, public: one.public }];
  });
  const open = new Set(hosts.flatMap((one) => (one.public ? one.host : [])).concat("1.1.1.1"));
  const inward = new Set(hosts.flatMap(({ host }) => (open.has(host) ? [] : host)));
  expect(inward.size).toBeGreaterThan(50);
  for (const address of inward) {
    const { asked, hydrated } = lookedUp(zone(address.includes(":") ? "AAAA" : "A", address));
    const found = await hydrated({ seq: 1 }, HOW, document);
    expect([address, found]).toEqual([address, { ok: false, error: expect.stringContaining("is not public") }]);
    expect([address, asked]).toEqual([address, []]);
  }
});

test("a resolver that is silent keeps the fetch here; one that knows a public address lets it go", async () => {
  const silent = lookedUp(() => null);
  expect(await silent.hydrated({ seq: 1 }, HOW, document)).toEqual({
    ok: false,
    error: "https://api.example.com/v1/things/7 was not asked: api.example.com: the resolver did not answer",
  });
  expect(silent.asked).toEqual([]);
  const known = lookedUp(zone("A", "93.184.215.14"));
  expect(await known.hydrated({ seq: 1 }, HOW, document)).toEqual({ ok: true, object: { id: 7 } });
  expect(known.asked).toEqual(["https://api.example.com/v1/things/7"]);
});
