// What a provider must hear is what it hears: in its own words where it has some, and only at sources of that provider.
import { expect, test } from "vitest";
import { front } from "../kit/front.ts";
import { bytes, carried, hmac, rows, setUp } from "../kit/relay.ts";

setUp();

const NAMES = ["xero", "dropbox-sign", "gocardless", "figma", "websub", "github", "adyen"];
const websub = { provider: "websub", settings: { topic: "https://example.com/feed" } };
const SOURCES = { ...Object.fromEntries(NAMES.map((provider) => [provider, { provider }])), websub };
const relay = () =>
  front(SOURCES, Object.fromEntries(NAMES.map((name) => [`${name.toUpperCase().replace("-", "_")}_SECRET`, "s"])));
const hex64 = (hex: string) =>
  btoa(String.fromCharCode(...(hex.match(/../g) ?? []).map((pair) => Number.parseInt(pair, 16))));

test("Xero hears an empty 200, and the id stands in a header", async () => {
  const answer = await relay().post("xero", "{}", { "x-xero-signature": hex64(await hmac("s", "{}")) });
  expect([answer.status, await answer.text()]).toEqual([200, ""]);
  const id = answer.headers.get("hookline-event-id");
  expect(id).toMatch(/^evt_[0-9a-f]{32}$/);
  await carried();
  expect(await rows("SELECT id FROM events")).toEqual([{ id }]);
});

test("Dropbox Sign hears its sentence", async () => {
  const event = { event_time: "1760000000", event_type: "sent", event_hash: await hmac("s", "1760000000sent") };
  const body = new URLSearchParams({ json: JSON.stringify({ event }) }).toString();
  const answer = await relay().post("dropbox-sign", body, { "content-type": "application/x-www-form-urlencoded" });
  expect([answer.status, await answer.text()]).toEqual([200, "Hello API Event Received"]);
  expect(answer.headers.get("content-type")).toMatch(/^text\/plain/);
});

test.each([
  ["xero", { "x-xero-signature": "AAAA" }, 401, ""],
  ["gocardless", { "webhook-signature": "00" }, 498, ""],
  ["figma", {}, 400, ""],
  ["websub", { "x-hub-signature": "sha256=00" }, 202, ""],
])("%s hears of a forged request what its documentation says", async (name, headers, status, text) => {
  const answer = await relay().post(name, '{"passcode":"wrong"}', headers);
  expect([answer.status, await answer.text()]).toEqual([status, text]);
  expect(answer.headers.get("hookline-event-id")).toBeNull();
  expect(await rows("SELECT * FROM events").catch(() => [])).toEqual([]);
});

test("what is our own fault never sounds like an acceptance", async () => {
  const unset = front({ websub, wrong: { ...websub, allow: ["198.51.100.0/24"] } }, { WRONG_SECRET: "s" });
  expect((await unset.post("websub", "{}", { "x-hub-signature": `sha256=${await hmac("s", "{}")}` })).status).toBe(401);
  expect((await unset.post("wrong", "{}", { "x-hub-signature": `sha256=${await hmac("s", "{}")}` })).status).toBe(403);
  expect((await relay().post("websub", new Uint8Array(2 * 1024 * 1024))).status).toBe(413);
});

test("everybody else hears the id as JSON, and of a refusal nothing", async () => {
  const signature = `sha256=${await hmac("s", bytes("{}"))}`;
  const answer = await relay().post("github", "{}", { "x-hub-signature-256": signature });
  expect(await answer.json()).toEqual({ id: expect.stringMatching(/^evt_/), status: "accepted" });
  expect(answer.headers.get("hookline-event-id")).toBeNull();
  const refused = await relay().post("github", "{}", {});
  expect(await refused.json()).toEqual({ type: "about:blank", title: "Unauthorized", status: 401 });
});
