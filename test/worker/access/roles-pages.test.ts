// Every page and every form for every role: the matrix is made from the routes that the dashboard really has.
import { Hono } from "hono";
import { expect, test } from "vitest";
import type { Role } from "../../../src/contract/access.ts";
import { dashboard } from "../../../src/dashboard/dashboard.tsx";
import { openOperator } from "../../../src/operate/open.ts";
import { BodyReader } from "../../../src/in/read.ts";
import { FAILED, ID, Operator, TOKEN } from "../kit/operator.ts";
import { EMBEDDED, newKey, own, REACHED, signIn } from "../kit/people.ts";
import { rows } from "../kit/relay.ts";

const operator = new Operator();

const RELAY = "https://relay.example.com";

/** What strangers may ask for. */
const OPEN = ["GET /", "GET /signin", "POST /signin", "POST /signout", "GET /assets/:name"];

const floodGuard = async () => await Promise.resolve(true);

function pages() {
  const { now, newId, log } = operator.deps;
  const { config } = operator;
  return dashboard({
    operator: openOperator(operator.deps),
    access: operator.access(),
    config,
    now,
    newId,
    log,
    floodGuard,
    bodies: new BodyReader(now),
  });
}

/** The routes behind the door: `POST /events/:id/replay`. */
function routes(): string[] {
  const all = pages().routes.filter(({ method }) => method !== "ALL");
  const names = [...new Set(all.map(({ method, path }) => `${method} ${path}`))];
  expect(names).toEqual(expect.arrayContaining(OPEN));
  return names.filter((name) => !OPEN.includes(name));
}

/** The rule, written down once more: forms take an operator, keys, audit, deletions, secrets and edited bodies an admin. */
function needed(route: string): Role {
  if (/^\w+ \/(?:keys|audit|erasures)\b|\/(?:offers|edit|delete)$/.test(route)) return "admin";
  // Two pages are forms, and one of them shows what only an operator may make of a body.
  const isForm = route === "GET /replays/new" || route === "GET /routes/try";
  return route.startsWith("GET ") && !isForm ? "viewer" : "operator";
}

/** A relay with something of everything, and its pages. */
async function relay() {
  operator.vars = { SOURCES: { github: { provider: "github" } }, GITHUB_SECRET: "github-secret" };
  await operator.accept();
  await operator.attempt(1, FAILED);
  const app = new Hono().route("/", pages());
  return async (route: string, headers: Record<string, string>) => {
    const [method = "", path = ""] = route.split(" ", 2);
    const name = path.startsWith("/sources") ? "github" : "billing";
    const id = path.startsWith("/events") ? ID : "0".repeat(12);
    const at = path.replace(":name", name).replace(":destination", "bin").replace(":id", id);
    const form: RequestInit =
      method === "GET" ? {} : { body: "once=", headers: { "content-type": "application/x-www-form-urlencoded" } };
    const request = new Request(RELAY + at, { method, ...form });
    for (const [key, value] of Object.entries(headers)) request.headers.set(key, value);
    return await app.request(request);
  };
}

const audited = async () => await rows("SELECT action FROM audit WHERE action NOT IN ('sign-in', 'key.create')");

test("strangers are shown the way to sign in, whatever they ask for, and change nothing", async () => {
  const ask = await relay();
  for (const headers of [
    {},
    own,
    { ...own, cookie: `__Host-hookline=${"0".repeat(64)}` },
    { authorization: "Bearer no" },
  ]) {
    for (const route of routes()) {
      const response = await ask(route, headers);
      expect([route, response.status, response.headers.get("location")?.split("?")[0]]).toEqual([
        route,
        303,
        "/signin",
      ]);
      expect(await response.text()).not.toContain(ID);
    }
  }
  // Their wrong secrets are on record, and nothing that they would have done.
  expect((await audited()).filter(({ action }) => action !== "sign-in.refused")).toEqual([]);
});

test.each<Role>(["viewer", "operator", "admin"])(
  "signed in, the role %s sees and does what is its own and nothing else",
  async (role) => {
    const ask = await relay();
    const headers = { ...own, cookie: await signIn(operator, (await newKey(operator, role)).secret) };
    const rank = ["viewer", "operator", "admin"];
    for (const route of routes()) {
      const { status } = await ask(route, headers);
      if (rank.indexOf(role) < rank.indexOf(needed(route))) expect([route, status]).toEqual([route, 403]);
      else expect([200, 303, 400, 404, 409], `${route} ${status}`).toContain(status);
    }
    expect((await audited()).length > 0).toBe(role !== "viewer");
  },
);

test("a form of another site does nothing, whoever is signed in", async () => {
  const ask = await relay();
  const cookie = await signIn(operator, TOKEN);
  const elsewhere: Record<string, string>[] = [
    { "sec-fetch-site": "cross-site" },
    { "sec-fetch-site": "same-site", origin: "https://other.example.com" },
    { origin: "https://evil.example" },
    {},
  ];
  for (const route of routes().filter((one) => one.startsWith("POST "))) {
    for (const from of elsewhere) expect([route, (await ask(route, { ...from, cookie })).status]).toEqual([route, 403]);
  }
  expect(await audited()).toEqual([]);
});

test("a page of another site embeds and reads no page, whoever is signed in", async () => {
  const ask = await relay();
  const cookie = await signIn(operator, TOKEN);
  for (const route of [...routes().filter((one) => one.startsWith("GET ")), "GET /"]) {
    for (const from of EMBEDDED) expect([route, (await ask(route, { ...from, cookie })).status]).toEqual([route, 403]);
    for (const from of REACHED)
      expect([route, (await ask(route, { ...from, cookie })).status]).not.toEqual([route, 403]);
  }
});

test("no page may be framed, cached or run what is not the relay's own", async () => {
  const ask = await relay();
  const cookie = await signIn(operator);
  for (const headers of [{}, { ...own, cookie }]) {
    for (const route of [...routes(), "GET /", "GET /signin", "GET /events/nothing/here"]) {
      const { headers: said } = await ask(route, headers);
      expect([route, said.get("cache-control"), said.get("x-content-type-options")]).toEqual([
        route,
        "no-store",
        "nosniff",
      ]);
      const apart = [said.get("cross-origin-opener-policy"), said.get("cross-origin-resource-policy")];
      expect([route, ...apart]).toEqual([route, "same-origin", "same-origin"]);
      const policy = said.get("content-security-policy");
      expect(policy, route).toMatch(/^default-src 'none'; .*frame-ancestors 'none'/);
      expect(policy, route).not.toMatch(/unsafe|https?:|\*/);
    }
  }
});

test.each([
  ["/events", "No events yet."],
  ["/deliveries", "No results."],
  ["/deliveries?state=failed", "No failed deliveries."],
  ["/sources/github", "No refusals"],
  ["/destinations/billing", "No deliveries yet"],
  ["/inspect/bin", "No requests yet"],
  ["/routes", "No route yet"],
  ["/replays", "None yet"],
  ["/keys", "No key yet"],
])("%s with nothing to show says so: %s", async (path, sentence) => {
  operator.vars = { SOURCES: { github: { provider: "github" } }, GITHUB_SECRET: "github-secret" };
  const answer = await pages().request(RELAY + path, { headers: { authorization: `Bearer ${TOKEN}`, ...own } });
  expect(answer.status).toBe(200);
  expect(await answer.text()).toContain(sentence);
});
