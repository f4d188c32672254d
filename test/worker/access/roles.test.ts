// Every route for every role, in every way to come in: the matrix is made from the routes that the app really has.
import { beforeAll, expect, test } from "vitest";
import type { Role } from "../../../src/contract/access.ts";
import { api } from "../../../src/api/api.ts";
import { type Route, ROUTES } from "../../../src/api/routes.ts";
import { openOperator } from "../../../src/operate/open.ts";
import { FAILED, ID, NOON, Operator, TOKEN } from "../kit/operator.ts";
import { ACCESS, bearer, CERTS, EMBEDDED, newKey, own, REACHED, signer, signIn } from "../kit/people.ts";
import { rows } from "../kit/relay.ts";

const operator = new Operator();

const RELAY = "https://relay.example.com";

/** The routes as the router has them: `GET /events`. */
function routes(): string[] {
  const deps = { operator: openOperator(operator.deps), access: operator.access(), live, listen: live, postAs: live };
  const all = api(deps).routes.filter(({ method }) => method !== "ALL");
  return [...new Set(all.map(({ method, path }) => `${method} ${path}`))];
}

const live = async () => await Promise.resolve(new Response("live"));

/** The rule, written down once more: what is not a GET, or answers deliveries or the whole history, takes an operator; keys, audit, imports, configuration, secrets and edited bodies take an admin. */
function needed(route: string): Role {
  if (/^\w+ \/(?:keys|audit|configuration|erasures|import)\b|\/(?:offers|edit|delete)$/.test(route)) return "admin";
  return route.startsWith("GET ") && !/\/(?:listen|export)$/.test(route) ? "viewer" : "operator";
}

const BODIES: Readonly<Record<string, object>> = {
  "POST /events/:id/send": { destination: "crm" },
  "POST /events/:id/edit": { destination: "crm", body: "{}" },
  "PUT /destinations/:name/script": { script: "503x2,200" },
  "POST /routes/apply": { filter: {} },
  "POST /routes/try": { source: "github", body: "{}" },
  "POST /transforms/try": { source: "github", body: "{}", transform: "body" },
  "POST /transforms/try-stored": { source: "github", transform: "body" },
  "POST /replays": { filter: { state: "failed" } },
  "POST /erasures": { source: "github", where: "body.sender.id=7" },
  "POST /alerts/mute": { rule: "source-silent", until: new Date(NOON + 3_600_000).toISOString() },
  "POST /alerts/unmute": { rule: "source-silent" },
  "POST /keys": { name: "another", role: "viewer", days: 1 },
  "POST /import": {
    lines: [
      {
        v: 1,
        id: ID,
        source: "github",
        type: "push",
        received_at: new Date(NOON).toISOString(),
        verified_by: null,
        size: 2,
        encoding: "text",
        headers: {},
        undecided: [],
        object: null,
        edited_as: [],
        receipt: "of another relay",
        deliveries: [],
        body: "{}",
      },
    ],
  },
  "POST /import/parts": { event: ID, source: "github", receipt: null, n: 0, encoding: "text", data: "e30=" },
};

/** A request to a route that finds what it asks for, wherever that is there. */
function requestTo(route: string, headers: Record<string, string>): Request {
  const [method = "", path = ""] = route.split(" ", 2);
  const name = path.startsWith("/sources") ? "github" : /script|inspections/.test(path) ? "bin" : "billing";
  const id = path.startsWith("/deliveries") ? `${ID}:billing` : path.startsWith("/events") ? ID : "0".repeat(12);
  const body = BODIES[route];
  const upgrade: Record<string, string> = route === "GET /live" ? { upgrade: "websocket", origin: RELAY } : {};
  return new Request(`${RELAY}/api${path.replace(":name", name).replace(":id", id)}`, {
    method,
    headers: { ...upgrade, ...headers },
    body: body === undefined ? null : JSON.stringify(body),
  });
}

let access: Awaited<ReturnType<typeof signer>>;
beforeAll(async () => {
  access = await signer("first");
});

const fetchText = async ({ url }: { url: string }) => await Promise.resolve(url === CERTS ? access.certs : null);

/** A relay with something of everything, and the app in front of it. */
async function relay() {
  operator.vars = { ACCESS, SOURCES: { github: { provider: "github" } }, GITHUB_SECRET: "github-secret" };
  await operator.accept();
  await operator.attempt(1, FAILED);
  const app = operator.app({}, { access: operator.access(fetchText), live });
  return async (route: string, headers: Record<string, string>) => await app.request(requestTo(route, headers));
}

test("the table of routes has every route of the app, and no other", () => {
  expect(routes().toSorted()).toEqual(Object.keys(ROUTES).toSorted());
  const table = Object.entries<Route>(ROUTES).map(([route, { role }]) => [route, role]);
  expect(table).toEqual(Object.keys(ROUTES).map((route) => [route, needed(route)]));
});

const WAYS: Record<string, (role: Role) => Promise<Record<string, string>>> = {
  key: async (role) => bearer((await newKey(operator, role)).secret),
  session: async (role) => ({ ...own, cookie: await signIn(operator, (await newKey(operator, role)).secret) }),
  access: async (role) => ({ ...own, "cf-access-jwt-assertion": await access.assert(`${role}@example.com`) }),
};

for (const way of Object.keys(WAYS)) {
  test.each<Role>(["viewer", "operator", "admin"])(
    `by ${way}, the role %s opens what is its own and nothing else`,
    async (role) => {
      const ask = await relay();
      const headers = (await WAYS[way]?.(role)) ?? {};
      const rank = ["viewer", "operator", "admin"];
      for (const route of routes()) {
        const { status } = await ask(route, headers);
        if (rank.indexOf(role) < rank.indexOf(needed(route))) expect([route, status]).toEqual([route, 403]);
        // This relay has no archive, which is a conflict.
        else expect(route === "GET /archive" ? [409] : [200, 404], `${route} ${status}`).toContain(status);
      }
    },
  );
}

test("without a credential that opens, every route answers alike, and so does every address that is none", async () => {
  const ask = await relay();
  const expired = await newKey(operator, "admin", "expired", 1);
  const revoked = await newKey(operator, "admin", "revoked");
  await operator.call(`/api/keys/${revoked.id}/revoke`, { method: "POST" });
  operator.clock += 86_400_000;
  const credentials: Record<string, string>[] = [
    {},
    own,
    bearer("wrong"),
    bearer(`${TOKEN}x`),
    bearer(expired.secret),
    bearer(revoked.secret),
    bearer(`hlk_${"0".repeat(12)}_${"0".repeat(64)}`),
    { ...own, cookie: `__Host-hookline=${"0".repeat(64)}` },
    { ...own, "cf-access-jwt-assertion": await access.assert("admin@example.com") },
  ];
  const answers = new Set<string>();
  for (const headers of credentials) {
    for (const route of [...routes(), "GET /nothing", "POST /events/x/y", "DELETE /events"]) {
      const response = await ask(route, headers);
      answers.add(JSON.stringify([response.status, [...response.headers], await response.text()]));
    }
  }
  expect([...answers].map((one) => JSON.parse(one)[0])).toEqual([401]);
});

test("a page of another site embeds and reads nothing, whoever is signed in", async () => {
  const ask = await relay();
  const ambient = [
    { cookie: await signIn(operator) },
    { "cf-access-jwt-assertion": await access.assert("admin@example.com") },
  ];
  for (const credential of ambient) {
    for (const route of routes().filter((one) => one.startsWith("GET ") && one !== "GET /live")) {
      for (const from of EMBEDDED)
        expect([route, (await ask(route, { ...credential, ...from })).status]).toEqual([route, 403]);
      for (const from of REACHED)
        expect([route, (await ask(route, { ...credential, ...from })).status]).not.toEqual([route, 403]);
    }
  }
  const key = await newKey(operator, "viewer", "elsewhere");
  expect((await ask("GET /events", { ...bearer(key.secret), ...EMBEDDED[0] })).status).toBe(200);
});

test("whoever is let in by a page of another site changes nothing and hears nothing", async () => {
  const ask = await relay();
  const ambient = [
    { cookie: await signIn(operator) },
    { "cf-access-jwt-assertion": await access.assert("admin@example.com") },
  ];
  const elsewhere: Record<string, string>[] = [
    { "sec-fetch-site": "cross-site", origin: "https://evil.example" },
    { "sec-fetch-site": "same-site", origin: "https://other.example.com" },
    { "sec-fetch-site": "none" },
    { origin: "https://evil.example" },
    { origin: "null" },
    {},
  ];
  const before = await rows("SELECT count(*) AS n FROM audit");
  for (const route of routes().filter((one) => !one.startsWith("GET "))) {
    for (const credential of ambient) {
      for (const from of elsewhere)
        expect([route, (await ask(route, { ...credential, ...from })).status]).toEqual([route, 403]);
    }
  }
  for (const credential of ambient) {
    expect((await ask("GET /live", { ...credential, origin: "https://evil.example" })).status).toBe(403);
  }
  expect(await rows("SELECT count(*) AS n FROM audit")).toEqual(before);
  // A program says who it is in words of its own, which no page can make a browser add.
  expect((await ask("POST /events/:id/replay", { ...bearer(TOKEN), ...elsewhere[0] })).status).toBe(200);
});

test("what is answered is what the document promises, member by member", async () => {
  const ask = await relay();
  let checked = 0;
  for (const [route, { answer }] of Object.entries<Route>(ROUTES)) {
    const response = await ask(route, bearer(TOKEN));
    if (response.status !== 200 || typeof answer === "string" || answer === null) continue;
    const said = await response.json();
    // A member that the schema does not know would be lost here.
    expect(answer.parse(said), route).toEqual(said);
    checked += 1;
  }
  expect(checked).toBeGreaterThan(22);
});

test("every order is one row in the audit with its actor, and its repeat under the same name none", async () => {
  const ask = await relay();
  const { secret } = await newKey(operator, "admin", "robot");
  const done: Record<string, unknown> = {};
  for (const route of routes().filter((one) => !one.startsWith("GET "))) {
    const from = (await rows<{ n: number }>("SELECT count(*) AS n FROM audit"))[0]?.n ?? 0;
    const order = async () =>
      await ask(route, { ...bearer(secret), "idempotency-key": `order ${route}`.replaceAll(" ", "_") });
    const [first, second] = [await order(), await order()];
    if (first.status === 404) continue;
    const [one, other] = [await first.text(), await second.text()];
    // What shows a secret shows it once.
    if (/^POST \/keys$|offers$/.test(route)) expect([route, second.status]).toEqual([route, 409]);
    else expect([route, second.status, other]).toEqual([route, 200, one]);
    const written = await rows("SELECT actor, action FROM audit ORDER BY seq LIMIT -1 OFFSET ?1", from);
    done[route] = written.map(({ actor, action }) => `${String(actor)} ${String(action)}`);
  }
  expect(done).toEqual({
    // An event says itself who has sent it.
    "POST /events": [],
    "POST /events/:id/replay": ["key:robot replay"],
    "POST /events/:id/cancel": ["key:robot cancel"],
    "POST /events/:id/send": ["key:robot send"],
    // Where the routes name nothing more, nothing was done.
    "POST /events/:id/route": [],
    "POST /routes/apply": [],
    "POST /routes/try": [],
    "POST /transforms/try": [],
    "POST /transforms/try-stored": [],
    "POST /events/:id/edit": ["key:robot edit"],
    "POST /events/:id/delete": ["key:robot delete"],
    "POST /deliveries/:id/replay": ["key:robot replay"],
    "POST /deliveries/:id/cancel": ["key:robot cancel"],
    "POST /sources/:name/offers": ["key:robot offers.reveal"],
    "POST /destinations/:name/test": ["key:robot test"],
    "POST /destinations/:name/pause": ["key:robot pause"],
    "POST /destinations/:name/resume": ["key:robot resume"],
    "PUT /destinations/:name/script": ["key:robot script"],
    "POST /replays": ["key:robot replays.start"],
    "POST /alerts/mute": ["key:robot alerts.mute"],
    "POST /alerts/unmute": ["key:robot alerts.unmute"],
    "POST /erasures": ["key:robot erasures.start"],
    "POST /keys": ["key:robot key.create"],
    // The event is here already, and stays as it is.
    "POST /import": [],
    "POST /import/parts": [],
  });
});

test("no answer may be framed, cached or taken for another kind", async () => {
  const ask = await relay();
  for (const headers of [bearer(TOKEN), {}]) {
    for (const route of [...routes(), "GET /nothing", "PATCH /events"]) {
      const { status, headers: said } = await ask(route, headers);
      const guarded = [said.get("cache-control"), said.get("x-content-type-options")];
      expect([route, status, ...guarded]).toEqual([route, status, "no-store", "nosniff"]);
      const apart = [said.get("cross-origin-opener-policy"), said.get("cross-origin-resource-policy")];
      expect([route, ...apart]).toEqual([route, "same-origin", "same-origin"]);
      expect(said.get("content-security-policy"), route).toMatch(/^default-src 'none';.*frame-ancestors 'none'/);
    }
  }
  expect(operator.clock).toBe(NOON);
});
