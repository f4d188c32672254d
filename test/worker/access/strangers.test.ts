// What a stranger can make the relay do from outside of its pages and its API: nothing is looked up, read or held without a limit.
import { Hono } from "hono";
import { expect, test } from "vitest";
import { floodKey } from "../../../src/net/cidr.ts";
import { dashboard, type DashboardDeps } from "../../../src/dashboard/dashboard.tsx";
import { openOperator } from "../../../src/operate/open.ts";
import { BodyReader } from "../../../src/in/read.ts";
import { countedDatabase } from "../kit/counted.ts";
import { front } from "../kit/front.ts";
import { Operator, TOKEN } from "../kit/operator.ts";
import { EMBEDDED, own, REACHED, signIn } from "../kit/people.ts";
import { bindings } from "../kit/relay.ts";

const operator = new Operator();
const RELAY = "https://relay.example.com";
const FORM = { "content-type": "application/x-www-form-urlencoded" };

/** The pages, with other parts where a test asks for them. */
function pages(other: Partial<DashboardDeps> = {}): Hono {
  const { now, newId, log } = operator.deps;
  const deps: DashboardDeps = {
    operator: openOperator(operator.deps),
    access: operator.access(),
    config: operator.config,
    bodies: new BodyReader(() => Date.now()),
    floodGuard: async () => await Promise.resolve(true),
    now,
    newId,
    log,
    ...other,
  };
  return new Hono().route("/", dashboard(deps));
}

/** A form that never ends: it holds whoever waits for all of it. */
function endless(path: string, headers: Record<string, string>): Request {
  const body = new ReadableStream<Uint8Array>({ start: (form) => form.enqueue(new Uint8Array(10)) });
  return new Request(RELAY + path, { method: "POST", headers: { ...FORM, ...headers }, body });
}

const form = (path: string, headers: Record<string, string>, body: string) =>
  new Request(RELAY + path, { method: "POST", headers: { ...FORM, ...headers }, body });

test("a made-up key or session is looked up no more often than the flood guard admits", async () => {
  const counted = countedDatabase(bindings.DB);
  const asked: string[] = [];
  const limit = async ({ key }: { key: string }) => {
    asked.push(key);
    return await Promise.resolve({ success: false });
  };
  const { ask } = front({}, { DB: counted.database, FLOOD_GUARD: { limit } });
  const address = { "cf-connecting-ip": "192.0.2.7" };
  const made: Record<string, string>[] = [
    { cookie: `__Host-hookline=${"0".repeat(64)}` },
    { authorization: `Bearer hlk_${"0".repeat(12)}_${"0".repeat(64)}` },
  ];
  for (const headers of made) {
    for (const path of ["/", "/events", "/api/events", "/api/nothing", "/health"]) {
      const answer = await ask(path, { headers: { ...address, ...headers } });
      expect([path, answer.status, answer.headers.get("retry-after")]).toEqual([path, 429, "60"]);
    }
    const out = await ask("/signout", { method: "POST", headers: { ...address, ...own, ...headers } });
    expect(out.status).toBe(429);
  }
  expect([counted.calls, new Set(asked)]).toEqual([0, new Set([floodKey("192.0.2.7")])]);

  const before = asked.length;
  expect((await ask("/", { headers: address })).status).toBe(200);
  expect((await ask("/api/events", { headers: { ...address, authorization: "Bearer wrong" } })).status).toBe(401);
  const token = { ...address, authorization: "Bearer front-admin-token-0123456789abcdef" };
  expect((await ask("/api/events", { headers: token })).status).toBe(200);
  expect(asked).toHaveLength(before);
});

test("the health of the relay is told to its own people alone, and to no page of another site that they look at", async () => {
  const { ask } = front({}, { ADMIN_TOKEN: TOKEN });
  const signed = await ask("/signin", { method: "POST", headers: { ...FORM, ...own }, body: `secret=${TOKEN}` });
  const cookie = signed.headers.get("set-cookie")?.split(";")[0] ?? "";
  const told = async (headers: Record<string, string>) => {
    const answer = await ask("/health", { headers: { cookie, ...headers } });
    expect(answer.headers.get("cross-origin-resource-policy")).toBe("same-origin");
    return "findings" in (await answer.json<object>());
  };
  for (const from of EMBEDDED) expect(await told(from)).toBe(false);
  for (const from of REACHED) expect(await told(from)).toBe(true);
});

test("signing out ends a session that there is, and writes nothing for one that there is not", async () => {
  const counted = countedDatabase(bindings.DB);
  const { ask } = front({}, { DB: counted.database, ADMIN_TOKEN: TOKEN });
  const cookie = await signIn(operator);
  const made = `__Host-hookline=${"0".repeat(64)}`;
  const seen: string[] = [];
  counted.before = (sql) => void seen.push(...sql);
  for (const headers of [
    { ...own, cookie: made },
    { "sec-fetch-site": "cross-site", cookie },
  ]) {
    expect((await ask("/signout", { method: "POST", headers: { ...FORM, ...headers }, body: "" })).status).toBe(303);
  }
  expect(seen.filter((sql) => /DELETE|INSERT/.test(sql) && /sessions|audit/.test(sql) && !/CREATE/.test(sql))).toEqual(
    [],
  );
});

test("no form is read before it is known who sends it", async () => {
  const forged = { ...own, cookie: `__Host-hookline=${"0".repeat(64)}` };
  for (const path of ["/events/evt_1/replay", "/keys", "/replays"]) {
    for (const headers of [own, forged]) {
      const request = endless(path, headers);
      const answer = await pages().request(request);
      expect([path, answer.status, request.bodyUsed]).toEqual([path, 303, false]);
    }
  }
});

test("a sign-in of another site or of a flood is refused before it is read", async () => {
  const flooded = { floodGuard: async () => await Promise.resolve(false) };
  const elsewhere = endless("/signin", { "sec-fetch-site": "cross-site" });
  expect([(await pages().request(elsewhere)).status, elsewhere.bodyUsed]).toEqual([403, false]);
  const flooding = endless("/signin", own);
  const answer = await pages(flooded).request(flooding);
  expect([answer.status, answer.headers.get("retry-after"), flooding.bodyUsed]).toEqual([429, "60", false]);
});

test("a sign-in has 4 KB, and a form that trickles is cut off", async () => {
  const secret = `secret=${"x".repeat(4096)}`;
  expect((await pages().request(form("/signin", own, secret))).status).toBe(413);
  expect((await pages().request(form("/signin", own, `secret=${TOKEN}`))).status).toBe(303);
  const bodies = new BodyReader(() => Date.now(), 50);
  expect((await pages({ bodies }).request(endless("/signin", own))).status).toBe(408);
  const cookie = await signIn(operator);
  expect((await pages({ bodies }).request(endless("/keys", { ...own, cookie }))).status).toBe(408);
});

test("signing in leads to a page of the relay, wherever a link says", async () => {
  const elsewhere = [
    "/.//evil.example",
    "/..//evil.example",
    "/%2e//evil.example",
    "/.\\/evil.example",
    "/x/..//evil.example",
    "//evil.example",
    "/\\evil.example",
    "\t//evil.example",
    "https://evil.example/",
    "javascript:alert(1)",
  ];
  for (const to of [...elsewhere, "/events?type=a"]) {
    const fields = new URLSearchParams({ secret: TOKEN, to }).toString();
    const { headers } = await pages().request(form("/signin", own, fields));
    expect([to, headers.get("location")]).toEqual([to, elsewhere.includes(to) ? "/" : to]);
    const html = await (await pages().request(`${RELAY}/signin?${new URLSearchParams({ to }).toString()}`)).text();
    expect(html).toContain(`name="to" value="${elsewhere.includes(to) ? "/" : to}"`);
  }
});

test("over https, browsers are told to stay with it", async () => {
  const { ask } = front({});
  for (const path of ["/", "/events", "/api/events", "/health", "/nothing"]) {
    const { headers } = await ask(path, {});
    expect([path, headers.get("strict-transport-security")]).toEqual([path, "max-age=31536000"]);
  }
});
