// Thin events: what they name is fetched once, from where the configuration says, kept beside the event, and read by transforms.
import { expect, test, vi } from "vitest";
import { readConfig } from "../../../src/config/config.ts";
import { MOST_OBJECT, openHydrate } from "../../../src/in/hydrated.ts";
import { openReshape } from "../../../src/in/transformed.ts";
import type { Bell } from "../../../src/types.ts";
import { rows, setUp } from "../kit/relay.ts";
import { Round } from "../kit/round.ts";

setUp();

const TOKEN = "sk_live_0123456789";
const VARS = {
  SIGNING_KEY: "test-signing-key-0123456789abcdef",
  STRIPE_SECRET: "whsec_stripe",
  STRIPE_API_KEY: TOKEN,
};
const HYDRATE = { from: "https://api.stripe.com", headers: { Authorization: "Bearer $STRIPE_API_KEY" } };
const THIN = '{"id":"evt_1","type":"v1.billing.meter","related_object":{"id":"cus_1","url":"/v1/customers/cus_1"}}';
const CUSTOMER = '{"id":"cus_1","email":"ada@example.com"}';
const TRANSFORM = '{ "mail": object.email }';

function routed(answer: (url: string) => Response | Promise<Response>, change: object = {}, transform = TRANSFORM) {
  const asked: { url: string; headers: Headers; redirect: string }[] = [];
  vi.stubGlobal("fetch", async (input: RequestInfo, init?: RequestInit) => {
    const request = new Request(input, init);
    asked.push({ url: request.url, headers: request.headers, redirect: request.redirect });
    const aborted = new Promise<never>((_, reject) => {
      init?.signal?.addEventListener("abort", () => reject(new Error("aborted")));
    });
    return await Promise.race([answer(request.url), aborted]);
  });
  const config = readConfig({
    ...VARS,
    SOURCES: { stripe: { provider: "stripe", hydrate: { ...HYDRATE, ...change } } },
    DESTINATIONS: {
      first: { url: "https://first.example.com/" },
      second: { url: "https://second.example.com/" },
      third: { url: "https://third.example.com/" },
    },
    ROUTES: { mails: { from: "stripe", to: ["first", "second"], transform }, thin: { from: "stripe", to: "third" } },
  });
  const round = new Round();
  for (const [name, one] of config.destinations) round.destinations.set(name, { ...one, retry: [1000, 2000] });
  round.reshape = openReshape(
    config,
    openHydrate(round.store, false, () => round.clock),
  );
  const matched = ["first", "second"].map((destination) => ({ destination, route: "mails", transform: 1 as const }));
  const all = [...matched, { destination: "third", route: "thin" }];
  const accept = async (n: number, body = THIN) =>
    await round.accept(
      n,
      all.map(({ destination }) => destination),
      { source: "stripe", matched: all, body, size: body.length },
    );
  return { round, accept, asked, config };
}
const texts = ({ sent }: Round, to: string) =>
  sent.filter((one) => one.to === to).map(({ body }) => new TextDecoder().decode(body));
const atOnce = (bell: Bell): Bell => Object.assign({}, bell, { due: 0 });

test("fetched once for all deliveries and all attempts, with the credential, kept beside the event, never in its place", async () => {
  const { round, accept, asked } = routed(() => new Response(CUSTOMER));
  round.onSend = (to) => ({
    status: to === "first" ? 500 : 200,
    fault: null,
    latencyMs: 1,
    excerpt: "",
    retryAfter: null,
  });
  await round.ring(await accept(1));
  round.clock += 5_000;
  await round.ring(round.take().map(atOnce));
  expect(asked.map(({ url }) => url)).toEqual(["https://api.stripe.com/v1/customers/cus_1"]);
  expect(asked[0]?.headers.get("authorization")).toBe(`Bearer ${TOKEN}`);
  expect(asked[0]?.redirect).toBe("manual");
  expect(texts(round, "first")).toEqual(['{"mail":"ada@example.com"}', '{"mail":"ada@example.com"}']);
  expect(texts(round, "second")).toEqual(['{"mail":"ada@example.com"}']);
  expect(texts(round, "third")).toEqual([THIN]);
  const [event] = await rows<{ body: string; object: string }>("SELECT body, object FROM events");
  expect(event?.body).toBe(THIN);
  expect(JSON.parse(event?.object ?? "")).toMatchObject({ path: "/v1/customers/cus_1", text: CUSTOMER });
  expect(JSON.stringify(await rows("SELECT * FROM events"))).not.toContain(TOKEN);
});

test("what was fetched by another in the meantime is what both send", async () => {
  const { round, accept } = routed(async () => {
    await round.store.keepObject(1, JSON.stringify({ at: 1, path: "/x", text: '{"email":"first@example.com"}' }));
    return new Response(CUSTOMER);
  });
  await round.ring(await accept(1));
  expect(texts(round, "first")).toEqual(['{"mail":"first@example.com"}']);
});

test.each([
  ["404", () => new Response("no", { status: 404 }), THIN, /answered 404/],
  [
    "a redirect, which is not followed",
    () => new Response(null, { status: 302, headers: { location: "http://169.254.169.254/" } }),
    THIN,
    /answered 302/,
  ],
  ["more than may be", () => new Response(`"${"x".repeat(MOST_OBJECT)}"`), THIN, /more than 256 KiB/],
  ["what is no JSON", () => new Response("<html>"), THIN, /no JSON/],
  ["the credential said back", () => new Response(`{"you":"Bearer ${TOKEN}"}`), THIN, /says back the credential/],
  ["a connection that breaks", () => Promise.reject(new Error("reset")), THIN, /did not answer/],
  [
    "a host in the body",
    () => new Response(CUSTOMER),
    THIN.replace("/v1/customers", "https://evil.example"),
    /no plain path/,
  ],
  [
    "another host by two slashes",
    () => new Response(CUSTOMER),
    THIN.replace("/v1/customers", "//evil.example"),
    /no plain path/,
  ],
  [
    "a way out of the path",
    () => new Response(CUSTOMER),
    THIN.replace("customers", "customers/../.."),
    /no plain path/,
  ],
  ["no object", () => new Response(CUSTOMER), '{"id":"evt_1"}', /names no object/],
  ["no JSON at all", () => new Response(CUSTOMER), "thin", /names no object/],
] as const)(
  "%s: a failed attempt that says so and is tried again; who needs no object does not wait",
  async (_, answer, body, says) => {
    const { round, accept, asked } = routed(answer);
    await round.ring(await accept(1, body));
    expect(texts(round, "first")).toEqual([]);
    expect(texts(round, "third")).toEqual([body]);
    const [one] = await rows<{ excerpt: string }>(
      "SELECT state, fault, excerpt FROM deliveries WHERE destination = 'first'",
    );
    expect(one).toMatchObject({ state: "pending", fault: "unhydrated" });
    expect(one?.excerpt).toMatch(says);
    expect(one?.excerpt).not.toContain(TOKEN);
    for (const { url } of asked) expect(new URL(url).origin).toBe("https://api.stripe.com");
    expect(await rows("SELECT * FROM breakers")).toEqual([]);
    // Once it can be fetched, the next attempt has it.
    if (body !== THIN) return;
    vi.stubGlobal("fetch", async () => await Promise.resolve(new Response(CUSTOMER)));
    round.clock += 5_000;
    await round.ring(round.take().map(atOnce));
    expect(texts(round, "first")).toEqual(['{"mail":"ada@example.com"}']);
  },
);

test("a secret that is not set, or that proves the sender, fetches nothing", async () => {
  const unset = routed(() => new Response(CUSTOMER), { headers: { authorization: "Bearer $NOBODY_PUT_IT" } });
  expect(unset.config.missing).toContain("NOBODY_PUT_IT");
  await unset.round.ring(await unset.accept(1));
  const own = routed(() => new Response(CUSTOMER), { headers: { authorization: "Bearer $STRIPE_SECRET" } });
  expect(own.config.findings).toMatchObject([
    { level: "error", key: "SOURCES.stripe.hydrate.headers", says: expect.stringContaining("could forge events") },
  ]);
  expect(own.config.sources.has("stripe")).toBe(true);
  await own.round.ring(await own.accept(2));
  expect([...unset.asked, ...own.asked]).toEqual([]);
  const reasons = await rows<{ excerpt: string }>("SELECT DISTINCT excerpt FROM deliveries WHERE fault = 'unhydrated'");
  expect(reasons.map(({ excerpt }) => excerpt)).toEqual([
    "the secret NOBODY_PUT_IT is not set, or cannot be sent",
    "the secret STRIPE_SECRET is not set, or cannot be sent",
  ]);
});

test("nothing is asked for a transform that reads no object, and a source whose object nobody reads is told", async () => {
  const { round, accept, asked, config } = routed(() => new Response(CUSTOMER), {}, '{ "id": body.id }');
  await round.ring(await accept(1));
  expect(asked).toEqual([]);
  expect(config.destinations.get("first")).not.toHaveProperty("fetches");
  expect(config.findings).toMatchObject([
    { level: "warning", key: "SOURCES.stripe.hydrate", says: expect.stringContaining("reads object") },
  ]);
  expect(routed(() => new Response(CUSTOMER)).config.findings).toEqual([]);
});
