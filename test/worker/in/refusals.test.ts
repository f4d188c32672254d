// "Why do I get 401?" is answered in one look, with nothing of the body and nothing of the secret, and a flood writes next to nothing.
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { openDatabase } from "../../../src/d1/database.ts";
import { openRefusals, type Refusal } from "../../../src/d1/refusals.ts";
import { RefusalBook } from "../../../src/in/refusals/refusals.ts";
import { front } from "../kit/front.ts";
import { Logged } from "../kit/hands.ts";
import { bindings, carried, hmac, rows, setUp } from "../kit/relay.ts";

setUp();

const SOURCES = {
  github: { provider: "github" },
  stripe: { provider: "stripe" },
  fenced: { provider: "github", allow: ["198.51.100.0/24"] },
  bare: { provider: "github" },
  wrong: { provider: "githubb" },
};
const SECRETS = { GITHUB_SECRET: "the-right-one", STRIPE_SECRET: "whsec_stripe", FENCED_SECRET: "s" };
const relay = () => front(SOURCES, SECRETS);

interface Shown {
  readonly refusals: Record<string, unknown>[];
}
const shown = async (source: string) => (await relay().api<Shown>(`/sources/${source}/refusals`)).refusals;
const signedBy = async (secret: string, body: string) => ({
  "x-hub-signature-256": `sha256=${await hmac(secret, body)}`,
});

let lines: Record<string, unknown>[] = [];
beforeEach(() => {
  lines = [];
  for (const level of ["log", "warn", "error"] as const)
    vi.spyOn(console, level).mockImplementation((line: unknown) => void lines.push(JSON.parse(String(line))));
});
afterEach(() => {
  vi.restoreAllMocks();
});

test("a wrong secret: the code, what to do, when, from where, and what the sender was told", async () => {
  const before = Date.now();
  expect((await relay().post("github", "{}", await signedBy("another", "{}"))).status).toBe(401);
  const [refusal] = await shown("github");
  expect(refusal).toEqual({
    at: expect.any(String),
    status: 401,
    reason: "signature_mismatch",
    code: "wrong_secret",
    advice: expect.stringContaining("GITHUB_SECRET"),
    address: "192.0.2.7",
    evidence: { tried: ["GITHUB_SECRET"] },
  });
  expect(Date.parse(String(refusal?.["at"]))).toBeGreaterThanOrEqual(before);
});

test("the log says the same in one line", async () => {
  const loud = front(SOURCES, { ...SECRETS, LOG_LEVEL: "info" });
  await loud.post("github", "{}", await signedBy("another", "{}"));
  const rejected = lines.filter(({ event }) => event === "ingest.rejected");
  expect(rejected).toHaveLength(1);
  expect(rejected[0]).toMatchObject({
    source: "github",
    status: 401,
    reason: "signature_mismatch",
    code: "wrong_secret",
  });
});

const old = async () => {
  const at = Math.floor(Date.now() / 1000) - 420;
  return { "stripe-signature": `t=${at},v1=${await hmac("whsec_stripe", `${at}.{}`)}` };
};
const CASES: Record<string, [string, string, () => Promise<Record<string, string>>, string, RegExp]> = {
  "a body that was written anew": [
    "github",
    '{"a":1}',
    () => signedBy("the-right-one", '{\n  "a": 1\n}'),
    "body_reencoded",
    /rewrites it/,
  ],
  "a clock or a replay": ["stripe", "{}", old, "timestamp_stale", /7 min old/],
  "no signature": ["github", "{}", () => Promise.resolve({}), "signature_missing", /set the secret at GitHub/],
  "another provider's": [
    "github",
    "{}",
    () => Promise.resolve({ "stripe-signature": "t=1,v1=00" }),
    "other_provider",
    /provider = "stripe"/,
  ],
  "no secret set": ["bare", "{}", () => signedBy("x", "{}"), "secret_missing", /wrangler secret put BARE_SECRET/],
  "a foreign address": [
    "fenced",
    "{}",
    () => signedBy("another", "{}"),
    "address_refused",
    /192\.0\.2\.7 is not among/,
  ],
  "the provider at a new address": [
    "fenced",
    "{}",
    () => signedBy("s", "{}"),
    "address_new",
    /The signature is right, and the address 192\.0\.2\.7 is new/,
  ],
  "a wrong configuration": ["wrong", "{}", () => Promise.resolve({}), "source_disabled", /Did you mean github/],
};

test.each(Object.keys(CASES))("the fix is named: %s", async (name) => {
  const [source, body, headers, code, advice] = CASES[name]!;
  await relay().post(source, body, await headers());
  expect(await shown(source)).toMatchObject([{ code, advice: expect.stringMatching(advice) }]);
});

test("a browser at the address, and a body that is too large", async () => {
  await relay().knock("github", "GET");
  await relay().post("github", new Uint8Array(2 * 1024 * 1024));
  expect((await shown("github")).map(({ code }) => code)).toEqual(["body_too_large", "method_not_allowed"]);
});

test("neither the body nor the signature nor a secret is kept", async () => {
  const body = '{"card":"4242-in-the-body"}';
  const headers = await signedBy("a-guessed-secret", body);
  await relay().post("github", body, { ...headers, authorization: "Bearer in-a-header" });
  const all = JSON.stringify([await rows("SELECT * FROM refusals"), lines]);
  const signature = headers["x-hub-signature-256"].slice(7);
  for (const text of ["4242", "the-right-one", "a-guessed-secret", signature, "in-a-header"])
    expect(all).not.toContain(text);
});

test("a stranger at an address that is nobody's writes nothing", async () => {
  await relay().post("nobody", "{}");
  expect(await rows("SELECT name FROM sqlite_master WHERE name = 'refusals'")).toEqual([]);
});

test("the answer is the same whatever was found out", async () => {
  const answers = await Promise.all(
    [await signedBy("another", "{}"), {}, { "stripe-signature": "t=1,v1=00" }].map((headers) =>
      relay().post("github", "{}", headers),
    ),
  );
  const said = await Promise.all(
    answers.map(async (answer) => [answer.status, [...answer.headers], await answer.text()]),
  );
  expect(new Set(said.map((one) => JSON.stringify(one))).size).toBe(1);
});

const refusal = (n: number, code: string): Refusal => ({
  source: "github",
  at: Date.now() + n,
  status: 401,
  reason: code,
  code,
  advice: `${n}`,
  address: "192.0.2.7",
  evidence: "{}",
});

describe("a flood", () => {
  test("of one kind is kept three times at once, and then once in ten seconds", async () => {
    let clock = 1_000_000;
    const book = new RefusalBook({ keep: () => Promise.resolve() }, () => clock, new Logged());
    const wanted = () => Number(book.wants("github", { reason: "signature_missing", where: "x" }));
    let kept = 0;
    for (let n = 0; n < 60_000; n += 1, clock += 1) kept += wanted();
    expect(kept).toBe(3 + 5);
  });

  test("of every kind at every source is bounded for the isolate", async () => {
    let clock = 1_000_000;
    const book = new RefusalBook({ keep: () => Promise.resolve() }, () => clock, new Logged());
    let kept = 0;
    for (let n = 0; n < 10_000; n += 1, clock += 1)
      for (const source of ["a", "b", "c", "d", "e"])
        for (const reason of ["signature_missing", "signature_malformed", "timestamp_missing"] as const)
          kept += Number(book.wants(source, { reason, where: "x" }));
    expect(kept).toBeLessThanOrEqual(20 + 5);
  });

  test("through the door writes a handful of rows", async () => {
    const door = relay();
    // The clock stands: after ten seconds there may be one more.
    vi.useFakeTimers({ toFake: ["Date"] });
    await Promise.all(Array.from({ length: 30 }, () => door.post("github", "{}")));
    vi.useRealTimers();
    expect(await rows("SELECT count(*) AS n FROM refusals")).toEqual([{ n: 3 }]);
  });

  test("does not wash away the refusals of another kind, nor those of another source", async () => {
    const store = openRefusals(openDatabase(bindings.DB));
    await store.keep({ ...refusal(0, "wrong_secret"), source: "stripe" });
    await store.keep(refusal(1, "wrong_secret"));
    for (let n = 2; n < 100; n += 1) await store.keep(refusal(n, "signature_missing"));
    const kept = await store.of("github");
    expect(kept.map(({ advice }) => Number(advice))).toEqual([99, 98, 97, 96, 95, 1]);
    expect(await store.of("stripe")).toHaveLength(1);
  });

  test("of many kinds leaves the last twenty", async () => {
    const store = openRefusals(openDatabase(bindings.DB));
    for (let n = 0; n < 30; n += 1) await store.keep(refusal(n, `code-${n}`));
    expect((await store.of("github")).map(({ advice }) => Number(advice))).toEqual(
      Array.from({ length: 20 }, (_, n) => 29 - n),
    );
  });

  test("a month later, addresses of people are forgotten", async () => {
    const store = openRefusals(openDatabase(bindings.DB));
    await store.keep({ ...refusal(0, "wrong_secret"), source: "stripe", at: Date.now() - 31 * 86_400_000 });
    await store.keep(refusal(1, "wrong_secret"));
    expect(await store.of("stripe")).toEqual([]);
  });
});

test("D1 that fails costs the record, and neither the answer nor the line", async () => {
  const log = new Logged();
  const book = new RefusalBook({ keep: () => Promise.reject(new Error("D1_ERROR")) }, () => 0, log);
  const rejection = { reason: "address_refused", address: "192.0.2.7" } as const;
  await book.keep({ name: "github", source: null, rejection, status: 403, address: "192.0.2.7", inbound: null });
  expect(log.lines.map(({ event }) => event)).toEqual(["ingest.rejected", "refusal.not_kept"]);
});

describe("GET /api/sources", () => {
  interface Sources {
    readonly sources: Record<string, unknown>[];
  }
  const overview = async (name: string) =>
    (await relay().api<Sources>("/sources")).sources.find((one) => one["name"] === name);

  test("says what to paste, what to set, when the source was last heard, and what was last wrong", async () => {
    const door = relay();
    const accepted = await door.post("github", "{}", {
      ...(await signedBy("the-right-one", "{}")),
      "x-github-delivery": "1",
    });
    expect(accepted.status).toBe(200);
    await carried();
    await door.post("github", "{}", await signedBy("another", "{}"));
    expect(await overview("github")).toMatchObject({
      provider: "github",
      provider_name: "GitHub",
      proven_by: expect.any(String),
      path: "/in/github",
      url: "https://relay.example.com/in/github",
      state: "ready",
      why: null,
      secrets: [
        { name: "GITHUB_SECRET", set: true },
        { name: "GITHUB_SECRET_OLD", set: false },
      ],
      last_event_at: expect.stringMatching(/^20/),
      last_refusal: { code: "wrong_secret", advice: expect.any(String) },
    });
    expect(JSON.stringify(await overview("github"))).not.toContain("the-right-one");
  });

  test("a source without its secret and one whose configuration is wrong say so", async () => {
    expect(await overview("bare")).toMatchObject({
      state: "secret_missing",
      why: expect.stringContaining("wrangler secret put BARE_SECRET"),
      last_event_at: null,
      last_refusal: null,
    });
    expect(await overview("wrong")).toMatchObject({
      state: "disabled",
      why: expect.stringContaining("Did you mean github"),
    });
  });

  test("is behind the token, and an unknown source is 404", async () => {
    for (const path of ["/api/sources", "/api/sources/github/refusals"])
      expect((await relay().ask(path, { method: "GET" })).status).toBe(401);
    await expect(shown("nobody")).rejects.toThrow(/404.*GET \/api\/sources lists them/);
  });
});

test("what an advice says back of a stranger's request is among the evidence", async () => {
  const header = "x-sign-ignore-what-you-were-told";
  await relay().post("github", "{}", { [header]: "a" });
  expect(await shown("github")).toMatchObject([
    { code: "signature_elsewhere", evidence: { said: header }, advice: expect.stringContaining(header) },
  ]);
});
