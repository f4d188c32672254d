// A canary in every secret: it may sign, and open what it opens, and shows up nowhere. Every byte that the relay writes or says is searched.
import { createHmac } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import * as z from "zod";
import { type Receiver, say, startReceiver } from "../kit/receiver.ts";
import { Relay, SECRETS, stateFolder } from "../kit/whole-relay.ts";
import { code, KEYS, kitVars } from "../kit/raw-http.ts";
import { until } from "../kit/until.ts";

const whsec = (fill: string) => `whsec_${Buffer.from(`CANARY-${fill}`.padEnd(32, "-")).toString("base64")}`;

/** Secrets beside those of the kit, all of them set. */
const OTHERS = {
  GITHUB_SECRET_OLD: "CANARY-github-old-4417",
  STRIPE_SECRET: "CANARY-stripe-90210",
  STANDARD_SECRET: whsec("standard"),
  TOKEN_SECRET: "CANARY-token-1234567890",
  BASIC_SECRET: "canary-user:CANARY-password-5531",
  META_SECRET: "CANARY-meta-app-secret-88",
  META_VERIFY_TOKEN: "CANARY-meta-verify-token-99",
  OWN_KEY: whsec("own"),
  OWN_KEY_OLD: whsec("own-old"),
  SIGNING_KEY_OLD: "CANARY-signing-key-of-last-year-0001",
  SLIP_URL: "http://10.0.0.1/CANARY-slip-url",
};

/** A secret in the spellings in which it could slip out. */
function spellings(secret: string): string[] {
  const bytes = Buffer.from(secret);
  const plain = secret.replace(/^whsec_/, "");
  return [
    secret,
    plain,
    Buffer.from(plain, "base64").toString("latin1"),
    encodeURIComponent(secret),
    bytes.toString("base64"),
    bytes.toString("base64url"),
    bytes.toString("hex"),
    JSON.stringify(secret).slice(1, -1),
  ].filter((text) => text.length >= 12);
}

async function filesIn(folder: string): Promise<string> {
  const names = await readdir(folder, { recursive: true, withFileTypes: true });
  const texts = names
    .filter((name) => name.isFile())
    .map((name) => readFile(join(name.parentPath, name.name), "latin1"));
  return (await Promise.all(texts)).join("\n");
}

const SECRET_PATH = "T00000000/B00000000/CANARYsecretpath";

/** A receiver that says back whatever it can see of a request, as frameworks' error pages do. */
async function talkative(heard: string[]): Promise<Receiver> {
  return await startReceiver((arrival, response) => {
    heard.push(JSON.stringify([response.req.rawHeaders, arrival.body.toString("latin1")]));
    const { url = "", headers } = response.req;
    if (arrival.destination === "gone") return say(410, arrival, response);
    if (arrival.destination === "breaks") return void response.destroy();
    if (arrival.destination === "moves") return void response.writeHead(302, { location: "/elsewhere" }).end();
    const page = `${".".repeat(arrival.attempt === 1 ? 0 : 960)}Cannot POST ${url} (http://${String(headers.host)}${url})`;
    return void response.writeHead(arrival.attempt < 3 ? 404 : 200).end(page);
  });
}

const github = (secret: string) => ({
  "x-github-event": "push",
  "x-github-delivery": "d1",
  "x-hub-signature-256": `sha256=${code(secret, "{}")}`,
});
const basic = (text: string) => ({ authorization: `Basic ${Buffer.from(text).toString("base64")}` });

/** What an assistant looks at. */
const LOOKS = {
  list_sources: {},
  list_destinations: {},
  list_routes: {},
  list_failing: {},
  search_events: {},
  search_deliveries: { limit: 50 },
  explain_refusals: { source: "github" },
  read_destination: { destination: "chat" },
};

/** A call of a tool, for `fetch`. */
function calling(name: string, args: object, key: string): RequestInit {
  const message = { jsonrpc: "2.0", id: 1, method: "tools/call", params: { name, arguments: args } };
  const headers = { authorization: `Bearer ${key}`, "content-type": "application/json" };
  return { method: "POST", headers, body: JSON.stringify(message) };
}

/** What opens the relay besides the token: a key, which is shown this once, and the cookie of a browser that has signed in with it. */
async function openings(relay: Relay, admin: Record<string, string>): Promise<{ key: string; cookie: string }> {
  const order = JSON.stringify({ name: "canary", role: "admin", days: null });
  const made = await fetch(`${relay.url}/api/keys`, { method: "POST", headers: admin, body: order });
  const { secret } = z.object({ secret: z.string() }).parse(await made.json());
  const form = new URLSearchParams({ secret, to: "/" });
  const headers = { origin: relay.url };
  const signed = await fetch(`${relay.url}/signin`, { method: "POST", redirect: "manual", headers, body: form });
  const [, cookie = ""] = /^hookline=([0-9a-f]{64});/.exec(signed.headers.get("set-cookie") ?? "") ?? [];
  expect(cookie).not.toBe("");
  return { key: secret, cookie };
}

test("no secret is in any log line, any stored byte, any answer, any outgoing header or body, on the way of success or of any failure", async () => {
  const heard: string[] = [];
  const receiver = await talkative(heard);
  const retry = ["1s", "1s"];
  const at = (name: string) => ({ url: receiver.address(name), retry });
  const state = await stateFolder();
  const allow = ["127.0.0.1/32"];
  const more = {
    sources: {
      stripe: { provider: "stripe", allow },
      standard: { provider: "standard-webhooks", allow },
      token: { provider: "token", settings: { header: "X-Token" }, allow },
      basic: { provider: "token", allow },
      meta: { provider: "meta", secrets: ["META_SECRET", "META_VERIFY_TOKEN"], allow },
      broken: { provider: "nobody", secrets: ["CANARY_IN_PLACE_OF_A_NAME"], allow },
    },
    destinations: {
      own: { ...at("own"), secret: "OWN_KEY" },
      chat: { url_secret: "CHAT_URL", retry },
      slip: { url_secret: "SLIP_URL", retry },
    },
  };
  const vars = kitVars({ plain: at("plain"), gone: at("gone"), breaks: at("breaks"), moves: at("moves") }, more);
  const chat = receiver.address(`services/${SECRET_PATH}?key=CANARYquery99`);
  const relay = await Relay.start({ ...vars, ...OTHERS, CHAT_URL: chat }, state);

  const answers: string[] = [];
  const ask = async (path: string, init: RequestInit = {}): Promise<number> => {
    const response = await fetch(relay.url + path, { redirect: "manual", ...init });
    answers.push(JSON.stringify([...response.headers]), await response.text());
    return response.status;
  };
  const post = (source: string, body: string, headers: Record<string, string>) =>
    ask(`/in/${source}`, { method: "POST", body, headers: { "cf-connecting-ip": "127.0.0.1", ...headers } });

  const t = Math.floor(Date.now() / 1000);
  const stripe = (secret: string, time = t) => ({ "stripe-signature": `t=${time},v1=${code(secret, `${time}.{}`)}` });
  const standard = (secret: string) => {
    const key = Buffer.from(secret.slice(6), "base64");
    const signature = createHmac("sha256", key).update(`m1.${t}.{}`).digest("base64");
    return { "webhook-id": "m1", "webhook-timestamp": String(t), "webhook-signature": `v1,${signature}` };
  };

  // Success: each source once, with each of its secrets.
  expect(await post("github", "{}", github(KEYS.GITHUB_SECRET))).toBe(200);
  expect(await post("github", "{}", github(OTHERS.GITHUB_SECRET_OLD))).toBe(200);
  expect(await post("stripe", "{}", stripe(OTHERS.STRIPE_SECRET))).toBe(200);
  expect(await post("standard", "{}", standard(OTHERS.STANDARD_SECRET))).toBe(200);
  expect(await post("token", "{}", { "x-token": OTHERS.TOKEN_SECRET })).toBe(200);
  expect(await post("basic", "{}", basic(OTHERS.BASIC_SECRET))).toBe(200);
  expect(await post("meta", "{}", { "x-hub-signature-256": `sha256=${code(OTHERS.META_SECRET, "{}")}` })).toBe(200);
  const challenge = (token: string) =>
    ask(`/in/meta?hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=${token}`, {
      headers: { "cf-connecting-ip": "127.0.0.1" },
    });
  expect(await challenge(OTHERS.META_VERIFY_TOKEN)).toBe(200);

  // Failure: wrong, half wrong, stale, unreadable, too large, unknown.
  expect(await challenge("wrong")).toBe(403);
  for (const headers of [github("wrong"), { ...github(KEYS.GITHUB_SECRET), "x-hub-signature-256": "sha256=zz" }, {}])
    expect(await post("github", "{}", headers)).toBe(401);
  expect(await post("stripe", "{}", stripe(OTHERS.STRIPE_SECRET, t - 900))).toBe(401);
  expect(await post("standard", "{}", { ...standard(OTHERS.STANDARD_SECRET), "webhook-id": "m2" })).toBe(401);
  expect(await post("token", "{}", { "x-token": `${OTHERS.TOKEN_SECRET.slice(0, -1)}x` })).toBe(401);
  expect(await post("basic", "{}", basic("canary-user:wrong"))).toBe(401);
  expect(await post("basic", "{}", { authorization: `Bearer ${OTHERS.BASIC_SECRET}` })).toBe(401);
  expect(await post("github", "x".repeat(2_000_000), github(KEYS.GITHUB_SECRET))).toBe(413);
  expect(await post("secretless", "{}", github(KEYS.GITHUB_SECRET))).toBe(401);
  expect(await post("broken", "{}", github(KEYS.GITHUB_SECRET))).toBe(503);
  expect(await post("nobody", "{}", github(KEYS.GITHUB_SECRET))).toBe(404);

  // What anybody may see, and what the operator may.
  const admin = { authorization: `Bearer ${SECRETS.ADMIN_TOKEN}` };
  for (const headers of [{}, { authorization: "Bearer wrong" }, admin])
    for (const path of ["/", "/health", "/api/events", "/api/deliveries", "/api/nothing", "/nothing"])
      await ask(path, { headers });

  const opening = await openings(relay, admin);
  const named = ["overview", "sources", "destinations", "routes", "replays", "keys", "audit"];
  for (const headers of [{ authorization: `Bearer ${opening.key}` }, { cookie: `hookline=${opening.cookie}` }]) {
    for (const path of named) expect(await ask(`/api/${path}`, { headers })).toBe(200);
    await ask("/api/sources/github/refusals", { headers });
  }
  for (const [tool, args] of Object.entries(LOOKS))
    expect(await ask("/mcp", calling(tool, args, opening.key)), tool).toBe(200);
  expect(await ask("/mcp", calling("list_sources", {}, OTHERS.SIGNING_KEY_OLD))).toBe(401);
  const pages = [
    "",
    "events",
    "deliveries",
    "sources/github",
    "destinations/chat",
    "destinations/own",
    ...named.slice(1),
  ];
  for (const page of pages)
    expect(await ask(`/${page}`, { headers: { cookie: `hookline=${opening.cookie}` } })).toBe(200);

  // Every delivery ends, each in its own way.
  const told = z.object({ deliveries: z.array(z.object({ id: z.string(), state: z.string() })) });
  const { deliveries } = await until("all deliveries have ended", async () => {
    const shown = told.parse(await relay.api("/api/deliveries?limit=100"));
    const open = shown.deliveries.filter(({ state: one }) => one === "pending" || one === "delivering");
    return shown.deliveries.length >= 40 && open.length === 0 ? shown : undefined;
  });
  for (const { id } of deliveries) {
    const [event = ""] = id.split(":");
    await ask(`/api/events/${event}`, { headers: admin });
    await ask("/mcp", calling("read_event", { event }, opening.key));
  }
  await ask("/mcp", calling("replay_delivery", { delivery: deliveries[0]?.id }, opening.key));
  await ask(`/api/deliveries/${deliveries[0]?.id}/replay`, {
    method: "POST",
    headers: { ...admin, "idempotency-key": "once" },
  });
  expect(new Set(deliveries.map(({ state: one }) => one))).toEqual(new Set(["delivered", "failed"]));

  const searched = {
    "the log": JSON.stringify(relay.log),
    "what is stored": await filesIn(state),
    "what is answered": answers.join("\n"),
    "what goes out": heard.join("\n"),
  };
  const inward = { ...KEYS, ...SECRETS, ...OTHERS, ...opening, SECRET_PATH, query: "CANARYquery99" };
  for (const [where, text] of Object.entries(searched)) {
    expect(text.length, where).toBeGreaterThan(1000);
    for (const [name, secret] of Object.entries(inward))
      for (const spelling of spellings(secret)) expect(text.includes(spelling), `${name} in ${where}`).toBe(false);
  }
  // The search finds what is there: an id, in the log and in the database.
  const [first = ""] = deliveries.map(({ id }) => id.split(":")[0]);
  expect(searched["the log"]).toContain(first);
  expect(searched["what is stored"]).toContain(first);
  expect(searched["what is stored"]).toContain("Cannot POST");
});
