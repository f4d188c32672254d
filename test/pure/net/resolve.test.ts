// Names that are looked up before anything is sent: what an answer must be, that everything else keeps the request here,
// and how long an answer is believed.
import { expect, test } from "vitest";
import { openResolve, type Unfit } from "../../../src/net/resolve.ts";
import { ssrfUrls } from "../../vectors/ssrf.ts";

type Answer = object | string | null;
const A = (data: string, ttl = 300) => ({ name: "x.example.com", type: 1, TTL: ttl, data });
const AAAA = (data: string, ttl = 300) => ({ ...A(data, ttl), type: 28 });
const CNAME = { name: "x.example.com", type: 5, TTL: 300, data: "y.example.com." };
const ok = (...Answer: object[]) => ({ Status: 0, TC: false, Answer });
const EMPTY = { Status: 0, TC: false };

/** A resolver with these answers, and what it was asked. */
function resolver(a: Answer, aaaa: Answer = EMPTY, url: string | null = "https://dns.example.net/dns-query") {
  const asked: string[] = [];
  const clock = { now: 0 };
  const resolve = openResolve(
    url,
    async ({ url: question, headers }) => {
      asked.push(`${question} ${headers["accept"]}`);
      const answer = new URL(question).searchParams.get("type") === "A" ? a : aaaa;
      return await Promise.resolve(answer === null || typeof answer === "string" ? answer : JSON.stringify(answer));
    },
    () => clock.now,
    (host) => host === "localhost",
  );
  return { resolve, asked, clock };
}
const URL_OF_ONE = "https://x.example.com/hook";
const judged = async (a: Answer, aaaa?: Answer): Promise<Unfit | null> => await resolver(a, aaaa).resolve(URL_OF_ONE);

test("a name with public addresses alone is admitted, through aliases and beside signatures", async () => {
  expect(await judged(ok(A("93.184.215.14")))).toBe(null);
  expect(
    await judged(
      ok(CNAME, A("93.184.215.14"), { type: 46, TTL: 1, data: "A 13 …" }),
      ok(CNAME, AAAA("2606:2800:21f::1")),
    ),
  ).toBe(null);
  expect(await judged(EMPTY, ok(AAAA("2606:2800:21f::1")))).toBe(null);
});

test("one inward address among public ones is enough", async () => {
  expect(await judged(ok(A("93.184.215.14"), A("127.0.0.1")))).toEqual({
    fault: "inward",
    why: "x.example.com leads to 127.0.0.1, which is not public",
  });
  expect(await judged(ok(A("93.184.215.14")), ok(AAAA("::1")))).toMatchObject({ fault: "inward" });
  // Whatever else is wrong: where a name leads inwards, it does not help to ask again.
  expect(await judged(null, ok(AAAA("fd00::1")))).toMatchObject({ fault: "inward" });
});

const hostsOf = (isPublic: boolean) =>
  ssrfUrls().flatMap((one) =>
    one.public === isPublic ? (URL.parse(one.url)?.hostname.replaceAll(/[[\]]/g, "") ?? []) : [],
  );

test("no address of the corpus is admitted, in any spelling that a resolver may have", async () => {
  // Some are refused for what stands around a public address.
  const open = new Set([...hostsOf(true), "1.1.1.1"]);
  const inward = new Set(hostsOf(false).filter((host) => /^[\d.]+$|:/.test(host) && !open.has(host)));
  expect(inward.size).toBeGreaterThan(50);
  for (const address of inward) {
    const own = address.includes(":") ? await judged(EMPTY, ok(AAAA(address))) : await judged(ok(A(address)));
    expect([address, own?.fault]).toEqual([address, "inward"]);
    if (address.includes(":")) continue;
    for (const embedded of [`::ffff:${address}`, `64:ff9b::${address}`, `::${address}`])
      expect([embedded, (await judged(EMPTY, ok(AAAA(embedded))))?.fault]).toEqual([embedded, "inward"]);
  }
});

test.each<[string, Answer, Answer?]>([
  ["the resolver is silent, or answers anything but 200", null],
  ["the answer is no JSON", "<html>"],
  ["the answer is no object", "[]"],
  ["the answer says nothing of a status", {}],
  ["there is no such name", { Status: 3 }],
  ["SERVFAIL", { Status: 2 }],
  ["REFUSED", { Status: 5 }],
  ["the answer was cut", { ...ok(A("93.184.215.14")), TC: true }],
  ["there is no address at all", EMPTY],
  ["aliases lead nowhere", ok(CNAME)],
  ["an address is none", ok(A("93.184.215.14"), A("example.com"))],
  ["an address is a number", ok({ type: 1, TTL: 1, data: 1 })],
  ["records are no list", { Status: 0, Answer: "93.184.215.14" }],
  ["records are without end", ok(...Array.from({ length: 101 }, () => A("93.184.215.14")))],
  ["another question is answered", ok(AAAA("2606:2800:21f::1"))],
  ["one of the two questions has no answer", ok(A("93.184.215.14")), null],
  ["one of the two questions fails", ok(A("93.184.215.14")), { Status: 2 }],
])("where %s, nothing is sent", async (_, a, aaaa) => {
  expect(await judged(a, aaaa)).toMatchObject({ fault: "unresolved", why: expect.stringMatching(/\S/) });
});

test("an answer is believed for its TTL, a minute at most, and a refusal is not believed at all", async () => {
  const one = resolver(ok(A("93.184.215.14", 30)), ok(AAAA("2606:2800:21f::1", 20)));
  for (const [at, questions] of [
    [0, 2],
    [19_999, 2],
    [20_000, 4],
  ] as const) {
    one.clock.now = at;
    expect(await one.resolve(URL_OF_ONE)).toBe(null);
    expect(one.asked).toHaveLength(questions);
  }
  expect(one.asked[0]).toBe("https://dns.example.net/dns-query?name=x.example.com&type=A application/dns-json");
  const long = resolver(ok(A("93.184.215.14", 86_400)));
  await long.resolve(URL_OF_ONE);
  long.clock.now = 59_999;
  await long.resolve(URL_OF_ONE);
  expect(long.asked).toHaveLength(2);
  long.clock.now = 60_000;
  await long.resolve("https://X.example.com./other");
  expect(long.asked).toHaveLength(4);
  for (const other of [resolver(ok(A("93.184.215.14", 0))), resolver({ Status: 2 }), resolver(ok(A("10.0.0.1")))]) {
    for (let n = 0; n < 2; n += 1) await other.resolve(URL_OF_ONE);
    expect(other.asked).toHaveLength(4);
  }
});

test("addresses and exempt names are not asked for, and a resolver that is wrong knows no name", async () => {
  const one = resolver(null);
  for (const url of ["https://93.184.215.14/", "https://[2606:2800:21f::1]/", "http://localhost:9/"])
    expect(await one.resolve(url)).toBe(null);
  expect(one.asked).toEqual([]);
  const wrong = resolver(ok(A("93.184.215.14")), EMPTY, null);
  expect(await wrong.resolve(URL_OF_ONE)).toMatchObject({ fault: "unresolved" });
  expect(wrong.asked).toEqual([]);
});
