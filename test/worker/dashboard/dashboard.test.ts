// The pages as HTTP: what they let a browser do, who sees which of them, and that a form does its work once.
import { exports } from "cloudflare:workers";
import { expect, test } from "vitest";
import { fill } from "../kit/fill.ts";
import { front } from "../kit/front.ts";
import { bindings, deliveries, rows, setUp, signed, until } from "../kit/relay.ts";

const receiver = setUp();
const ORIGIN = "https://relay.example.com";
const TOKEN = "test-admin-token-0123456789abcdef";
const PAGES = [
  "/",
  "/events",
  "/deliveries",
  "/sources",
  "/destinations",
  "/routes",
  "/alerts",
  "/replays",
  "/erasures",
  "/keys",
  "/audit",
];

async function call(path: string, init: RequestInit = {}): Promise<Response> {
  return await exports.default.fetch(new Request(ORIGIN + path, { redirect: "manual", ...init }));
}

/** A form as this relay's own page sends it. */
async function send(path: string, fields: Record<string, string>, cookie = ""): Promise<Response> {
  const headers = { "sec-fetch-site": "same-origin", cookie };
  return await call(path, { method: "POST", headers, body: new URLSearchParams(fields) });
}

async function signIn(secret = TOKEN): Promise<string> {
  const { status, headers } = await send("/signin", { secret, to: "/" });
  expect(status).toBe(303);
  return headers.get("set-cookie")?.split(";")[0] ?? "";
}

/** A key of this role, and the session that it opens. */
async function viewer(): Promise<string> {
  const headers = { authorization: `Bearer ${TOKEN}`, "content-type": "application/json" };
  const body = JSON.stringify({ name: "looker", role: "viewer", days: 1 });
  const made = await call("/api/keys", { method: "POST", headers, body });
  return await signIn((await made.json<{ secret: string }>()).secret);
}

/** An event that went to two destinations, one of which wants no more. */
async function event(): Promise<string> {
  receiver.behaviour = ({ url }) => new Response("", { status: url.endsWith("/first") ? 200 : 410 });
  const answer = await signed("acme", "{}", { "x-id": crypto.randomUUID(), "x-type": "order.paid" });
  const { id } = await answer.json<{ id: string }>();
  await deliveries("delivered", "failed");
  return id;
}

test("every page lets a browser load the relay's own files and nothing else, and is kept by nobody", async () => {
  const cookie = await signIn();
  const id = await event();
  for (const path of [...PAGES, `/events/${id}`, "/events/evt_nobody", "/events/a/b", "/signin"]) {
    for (const headers of [{ cookie }, {}]) {
      const answer = await call(path, { headers });
      const policy = answer.headers.get("content-security-policy") ?? "";
      expect(policy).toContain("default-src 'none'; script-src 'self'; style-src 'self'");
      expect(policy).toContain("frame-ancestors 'none'");
      expect(policy).not.toContain("unsafe");
      expect(answer.headers.get("cache-control")).toBe("no-store");
      expect(answer.headers.get("referrer-policy")).toBe("no-referrer");
      const html = await answer.text();
      expect(html).not.toMatch(/<style|\sstyle=|<script(?! src="\/assets\/)|\son[a-z]+=/);
    }
  }
});

test("what a page loads is there, may be kept for good, and has a name that changes with it", async () => {
  const cookie = await signIn();
  const id = await event();
  const found = new Set<string>();
  for (const path of [...PAGES, `/events/${id}`]) {
    const html = await (await call(path, { headers: { cookie } })).text();
    for (const [, asset] of html.matchAll(/(?:src|href)="(\/assets\/[^"]+)"/g)) found.add(asset ?? "");
  }
  expect(found.size).toBeGreaterThan(5);
  for (const path of found) {
    expect(path).toMatch(/^\/assets\/[a-z]+\.[a-z0-9]+\.(css|js|svg)$/);
    const { status, headers } = await call(path);
    expect([status, headers.get("cache-control")]).toEqual([200, "public, max-age=31536000, immutable"]);
    expect(headers.get("content-type")).toMatch(/^(text\/css|text\/javascript|image\/svg\+xml)/);
    expect(headers.get("x-content-type-options")).toBe("nosniff");
  }
  expect((await call("/assets/style.0000000.css")).status).toBe(404);
});

test("a stranger sees what is to be set up and a way in, and no page behind it", async () => {
  const id = await event();
  const door = await call("/");
  expect(door.status).toBe(200);
  const html = await door.text();
  expect(html).toContain("npx wrangler secret put SECRETLESS_SECRET");
  for (const told of ["127.0.0.1", "first", "second", "telemetry"]) expect(html).not.toContain(told);
  for (const path of [...PAGES.slice(1), `/events/${id}`, "/events/evt_nobody", "/events/a/b"]) {
    const { status, headers } = await call(`${path}?x=1`);
    expect([status, headers.get("location")]).toEqual([303, `/signin?to=${encodeURIComponent(`${path}?x=1`)}`]);
  }
  expect((await send(`/events/${id}/replay`, {})).headers.get("location")).toBe("/signin?to=%2F");
  expect((await call("/nothing")).status).toBe(404);
});

test("a link on another site opens its page: the browser is asked to come again from here, and then brings its cookie", async () => {
  const answer = await call("/events/evt_1", { headers: { "sec-fetch-site": "cross-site" } });
  expect([answer.status, answer.headers.get("refresh")]).toEqual([200, "0"]);
  const again = await call("/events/evt_1", { headers: { "sec-fetch-site": "same-origin" } });
  expect([again.status, again.headers.get("refresh")]).toEqual([303, null]);
});

test("whoever may only look is shown no form and can do nothing, even by hand", async () => {
  const id = await event();
  const cookie = await viewer();
  const html = await (await call(`/events/${id}`, { headers: { cookie } })).text();
  expect(html).toContain("order.paid");
  expect(html.match(/<form[^>]*>/g)).toEqual(['<form method="post" action="/signout">']);
  for (const act of ["replay", "cancel", "send"]) {
    expect((await send(`/events/${id}/${act}`, { destination: "first" }, cookie)).status).toBe(403);
  }
  expect(await rows("SELECT action FROM audit WHERE actor = 'key:looker' AND action <> 'sign-in'")).toEqual([]);
});

test("a form that is sent twice does its work once", async () => {
  const id = await event();
  const cookie = await signIn();
  const html = await (await call(`/events/${id}`, { headers: { cookie } })).text();
  const once = /name="once" value="([0-9a-f]{32})"/.exec(html)?.[1] ?? "";
  const told = `/events/${id}?done=replayed&n=1`;
  for (let time = 0; time < 2; time += 1) {
    const { status, headers } = await send(`/events/${id}/replay`, { once, destination: "second" }, cookie);
    expect([status, headers.get("location")]).toEqual([303, told]);
    await deliveries("delivered", "failed");
  }
  expect(receiver.to("second")).toHaveLength(2);
});

test("delivered to 1 of 2: the first button replays the one that failed, and nothing that was delivered", async () => {
  const id = await event();
  const cookie = await signIn();
  const html = await (await call(`/events/${id}`, { headers: { cookie } })).text();
  const actions = html.slice(html.indexOf("Actions on this event"));
  const [, form = "", label] = /<form[^>]*>(.*?)<button[^>]*>([^<]*)<\/button>/s.exec(actions) ?? [];
  expect(label).toBe("Replay the failed one");
  const fields = [...form.matchAll(/name="(\w+)" value="([^"]*)"/g)].map(([, name = "", value = ""]) => [name, value]);
  const { headers } = await send(`/events/${id}/replay`, Object.fromEntries(fields), cookie);
  expect(headers.get("location")).toBe(`/events/${id}?done=replayed&n=1`);
  await until(() => receiver.to("second").length === 2);
  expect(receiver.to("first")).toHaveLength(1);
});

test("a search that has only stopped early says that it is still looking, and its link goes on to the end", async () => {
  await fill(600);
  const cookie = await signIn();
  const page = async (path: string) => await (await call(path, { headers: { cookie } })).text();
  const first = await page("/events?text=order-77");
  expect(first).toContain("Nothing so far.");
  expect(first).toContain("Still looking: searched back to");
  expect(first).not.toContain("No results");
  const next = /rel="next"[^>]*href="([^"]+)"[^>]*>Go on looking</.exec(first)?.[1] ?? "";
  const last = await page(next.replaceAll("&amp;", "&"));
  expect(last).toContain("No results.");
  expect(last).not.toContain("Still looking");
});

test("the first row of the overview counts what waits for a replay, and leads to it", async () => {
  await event();
  const cookie = await signIn();
  const html = await (await call("/", { headers: { cookie } })).text();
  expect(html).toMatch(/To replay<\/dt><dd><a href="\/deliveries\?state=failed"[^>]*>1</);
  expect(await (await call("/deliveries?state=failed", { headers: { cookie } })).text()).toContain("order.paid");
});

test("a form that another site sends is refused, whatever it holds", async () => {
  const id = await event();
  const cookie = await signIn();
  for (const headers of [{ "sec-fetch-site": "cross-site" }, { origin: "https://evil.example" }, {}]) {
    const init = { method: "POST", headers: { cookie, ...headers }, body: new URLSearchParams() };
    expect((await call(`/events/${id}/replay`, init)).status).toBe(403);
    expect((await call("/signin", { ...init, body: new URLSearchParams({ secret: TOKEN }) })).status).toBe(403);
  }
  expect((await call("/events", { headers: { cookie } })).status).toBe(200);
});

test("a form that is larger than its order may be is not taken, and neither is what is no form", async () => {
  const cookie = await signIn();
  const answer = await send("/events/evt_1/replay", { destination: "x".repeat(70_000) }, cookie);
  expect(answer.status).toBe(413);
  // An edited body is larger than what other forms hold: there is no event of that name to edit.
  expect((await send("/events/evt_1/edit", { body: "x".repeat(70_000) }, cookie)).status).toBe(404);
  for (const type of ["application/json", "multipart/form-data; boundary=x", "text/plain", ""]) {
    const headers = { cookie, "sec-fetch-site": "same-origin", "content-type": type };
    const other = await call("/events/evt_1/replay", { method: "POST", headers, body: "{" });
    expect(other.status).toBe(415);
  }
});

test(
  "a fault of the relay's own is a page for a person, and tells nobody what it is",
  { meta: { provokes: ["page.failed"] } },
  async () => {
    await event();
    const cookie = await signIn();
    await bindings.DB.prepare("DROP TABLE deliveries").run();
    const answer = await call("/events", { headers: { cookie } });
    const html = await answer.text();
    expect([answer.status, answer.headers.get("content-type")]).toEqual([500, "text/html; charset=UTF-8"]);
    expect(answer.headers.get("content-security-policy")).toContain("default-src 'none'");
    expect(html).toContain("This did not work");
    expect(html).not.toMatch(/no such table|SQLITE/i);
  },
);

test("a destination that gets what has failed elsewhere needs no route; one that nothing leads to is named", async () => {
  const url = "https://receiver.example.com/";
  const DESTINATIONS = { first: { url, on_failed: "letters" }, letters: { url }, forgotten: { url } };
  const ROUTES = { all: { from: "acme", to: "first" } };
  const relay = front({ acme: { provider: "github" } }, { DESTINATIONS, ROUTES, ADMIN_TOKEN: TOKEN });
  const html = await (await relay.ask("/routes", { headers: { cookie: await signIn() } })).text();
  const [, leftover = ""] = html.split("Nothing leads to these destinations:");
  const [named = ""] = leftover.split("</p>");
  expect(named).toContain("forgotten");
  expect(named).not.toContain("letters");
});

test("what the relay itself says has the page of alerts as its source, and no request that could be sent again", async () => {
  const cookie = await signIn();
  const id = await event();
  await rows("UPDATE events SET source = 'hookline' WHERE id = ?1", id);
  const html = await (await call(`/events/${id}`, { headers: { cookie } })).text();
  expect(html).toContain('<a href="/alerts">hookline</a>');
  expect(html).toContain("not verified: the relay made it itself");
  expect(html).not.toMatch(/curl|\/in\/hookline/);
});
