// A canary in the body, the headers and what is made of them: of a source that encrypts, no byte of it is stored anywhere. Every file of the
// relay's state is searched, databases, journals and write-ahead logs alike, in every spelling in which it could lie there.
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import * as z from "zod";
import { type Receiver, say, startReceiver } from "../kit/receiver.ts";
import { Relay, relayVars, SECRETS, stateFolder } from "../kit/whole-relay.ts";
import { until } from "../kit/until.ts";

const KEY = Buffer.alloc(32, "one key").toString("base64");
const NEXT = Buffer.alloc(32, "another").toString("base64");

const HEADER = "CANARYinAHeader7731";
const BODY = "CANARYinTheBody4417";
const LARGE = "CANARYinALargeBody9021";
const BINARY = "CANARYamongBytes5532";
const OBJECT = "CANARYinTheObject1207";
const EDITED = "CANARYeditedByHand6604";
const ALL = [HEADER, BODY, LARGE, BINARY, OBJECT, EDITED];

/** How it could lie in a file: as it is, in base64 at each of its three places, in hexadecimal, and compressed. */
function spellings(text: string): string[] {
  const base64 = [0, 1, 2].map((before) => {
    const whole = Buffer.from("\0".repeat(before) + text).toString("base64");
    return whole.slice(Math.ceil((before * 4) / 3), -4);
  });
  const hex = Buffer.from(text).toString("hex");
  return [text, ...base64, hex, hex.toUpperCase(), text.split("").join("\0")];
}

async function filesIn(folder: string): Promise<Buffer> {
  const names = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = names.filter((name) => name.isFile()).map((name) => readFile(join(name.parentPath, name.name)));
  return Buffer.concat(await Promise.all(files));
}

/** A compressed body: its bytes say nothing of the canary in it, and are looked for themselves. */
const SQUEEZED = gzipSync(Buffer.from(`CANARYcompressed3318 ${"and more of it, ".repeat(20)}`));

function canariesIn(bytes: Buffer): string[] {
  const text = bytes.toString("latin1");
  const squeezed = SQUEEZED.subarray(10, -8).toString("latin1");
  const among = (one: string) => spellings(one).some((spelling) => text.includes(spelling));
  return [...ALL.filter(among), ...(latin1Spellings(squeezed).some((one) => text.includes(one)) ? ["compressed"] : [])];
}

/** The same of bytes. */
function latin1Spellings(bytes: string): string[] {
  const base64 = [0, 1, 2].map((before) =>
    Buffer.from("\0".repeat(before) + bytes, "latin1")
      .toString("base64")
      .slice(4, -4),
  );
  return [bytes, ...base64, Buffer.from(bytes, "latin1").toString("hex")];
}

/** Answers by the name of the destination, and says back what it was sent. */
async function echoing(heard: { body: string }[]): Promise<Receiver> {
  return await startReceiver((arrival, response) => {
    heard.push({ body: arrival.body.toString("latin1") });
    if (arrival.destination === "objects/1")
      return void response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify({ is: OBJECT }));
    if (arrival.destination === "gone") return void response.writeHead(410).end(arrival.body.subarray(0, 500));
    if (arrival.destination === "retried" && arrival.attempt === 1)
      return void response.writeHead(503).end(arrival.body.subarray(0, 500));
    if (arrival.destination === "plain" || arrival.destination === "retried")
      return void response.writeHead(200).end(arrival.body.subarray(0, 500));
    return say(200, arrival, response);
  });
}

function varsFor(receiver: Receiver, key: Record<string, string>, encrypt = true) {
  const at = (name: string) => ({ url: receiver.address(name), retry: ["1s", "1s"] });
  const vars = relayVars({ plain: at("plain") });
  const [source] = Object.values(Object(vars["SOURCES"]));
  const hydrate = { from: new URL(receiver.address("")).origin, path: "ref" };
  return {
    ...vars,
    SOURCES: { acme: { ...Object(source), hydrate, encrypt } },
    DESTINATIONS: {
      plain: at("plain"),
      gone: at("gone"),
      retried: at("retried"),
      thin: at("thin"),
      seen: { inspect: true },
    },
    ROUTES: {
      all: { from: "acme", to: ["plain", "gone", "retried", "seen"] },
      thin: { from: "acme", events: "thin", to: "thin", transform: '{ "made": object.is }' },
      undecided: { from: "acme", to: "thin", when: "body.card > 5" },
    },
    ...key,
  };
}

const story = z.object({
  headers: z.record(z.string(), z.string()),
  body: z.string(),
  object: z.optional(z.object({ body: z.string() })),
  undecided: z.array(z.object({ error: z.string() })),
  deliveries: z.array(z.object({ destination: z.string(), state: z.string(), answer: z.string().nullable() })),
});
const listed = z.object({
  events: z.array(z.object({ id: z.string() })),
  sealed_skipped: z.optional(z.number()),
});

async function allEnded(relay: Relay, least: number): Promise<void> {
  const told = z.object({ deliveries: z.array(z.object({ state: z.string() })) });
  await until("all deliveries have ended", async () => {
    const { deliveries } = told.parse(await relay.api("/api/deliveries?limit=100"));
    const open = deliveries.filter(({ state }) => state === "pending" || state === "delivering");
    return deliveries.length >= least && open.length === 0 ? true : undefined;
  });
}

test("of a source that encrypts no byte of a body or header is stored, on the way of success or of any failure", async () => {
  const heard: { body: string }[] = [];
  const receiver = await echoing(heard);
  const state = await stateFolder();
  const relay = await Relay.start(varsFor(receiver, { ENCRYPTION_KEY: KEY }), state);

  const post = async (id: string, body: Uint8Array, type = "test") => await relay.post(`${HEADER}-${id}`, body, type);
  const small = Buffer.from(JSON.stringify({ card: BODY, ref: "/objects/1" }));
  const large = Buffer.from(JSON.stringify({ ref: "/objects/1", card: LARGE.repeat(40_000) }));
  const binary = Buffer.concat([Buffer.from([0, 255, 254, 1]), Buffer.from(BINARY), Buffer.from([0, 200])]);
  const { id } = await post("small", small, "thin");
  const others = [await post("large", large), await post("binary", binary), await post("squeezed", SQUEEZED)];
  expect(others.map(({ status }) => status)).toEqual([200, 200, 200]);
  expect(others[0]?.id).not.toBe("");
  await allEnded(relay, 17);

  // What is looked at is opened.
  const ask = async (path: string, body?: object) => {
    const headers = { authorization: `Bearer ${SECRETS.ADMIN_TOKEN}`, "content-type": "application/json" };
    return await fetch(
      `${relay.url}${path}`,
      body === undefined ? { headers } : { method: "POST", headers, body: JSON.stringify(body) },
    );
  };
  const shown = story.parse(await relay.api(`/api/events/${id}`));
  expect(shown.headers["x-id"]).toBe(`${HEADER}-small`);
  expect(JSON.parse(shown.body)).toEqual({ card: BODY, ref: "/objects/1" });
  expect(shown.object?.body).toContain(OBJECT);
  expect(shown.undecided).toHaveLength(1);
  expect(shown.deliveries.find(({ destination }) => destination === "gone")?.answer).toContain(BODY);
  expect(receiver.to("thin").map(({ body }) => body.toString())).toContain(JSON.stringify({ made: OBJECT }));
  expect(Buffer.from(await (await ask(`/api/events/${others[0]?.id}/body`)).arrayBuffer()).equals(large)).toBe(true);
  expect(Buffer.from(await (await ask(`/api/events/${others[1]?.id}/body`)).arrayBuffer()).equals(binary)).toBe(true);
  const seen = z.object({ inspections: z.array(z.object({ body: z.string() })) });
  const { inspections } = seen.parse(await relay.api("/api/destinations/seen/inspections"));
  expect(inspections.map(({ body }) => body).join()).toContain(BODY);

  // A search does not look into them, and says so.
  const search = listed.parse(await relay.api(`/api/events?text=${BODY}`));
  expect(search).toMatchObject({ events: [], sealed_skipped: 4 });

  // Edited, replayed, tried.
  const edited = await ask(`/api/events/${id}/edit`, {
    destination: "retried",
    body: `{"card":"${EDITED}"}`,
    encoding: "text",
  });
  expect(edited.status).toBe(200);
  expect((await ask(`/api/deliveries/${id}:gone/replay`, {})).status).toBe(200);
  expect((await ask("/api/transforms/try", { event: id, transform: "body.card", when: null })).status).toBe(200);
  await allEnded(relay, 18);
  expect(
    receiver
      .to("retried")
      .map(({ body }) => body.toString())
      .join(),
  ).toContain(EDITED);
  await relay.carried();
  await relay.crash();

  const stored = await filesIn(state);
  expect(canariesIn(stored)).toEqual([]);
  // The search finds what is there: an id, and a canary where nothing is encrypted.
  expect(stored.includes(id)).toBe(true);

  // Rotated: new events under the new key, old ones opened by the old one; without it they are not, and nothing is lost.
  const rotated = await Relay.start(varsFor(receiver, { ENCRYPTION_KEY: NEXT, ENCRYPTION_KEY_OLD: KEY }), state);
  const old = story.parse(await rotated.api(`/api/events/${id}`));
  expect(old.body).toContain(BODY);
  await rotated.post(`${HEADER}-rotated`, small);
  await allEnded(rotated, 22);
  await rotated.carried();
  await rotated.crash();
  expect(canariesIn(await filesIn(state))).toEqual([]);

  const open = await Relay.start(varsFor(receiver, {}, false), state);
  const closed = await fetch(`${open.url}/api/events/${id}`, {
    headers: { authorization: `Bearer ${SECRETS.ADMIN_TOKEN}` },
  });
  expect([closed.status, await closed.text()]).toEqual([
    503,
    expect.stringContaining("put that key back as ENCRYPTION_KEY_OLD"),
  ]);

  // Where nothing is encrypted, the search finds all of it.
  const { id: plain } = await open.post(`${HEADER}-plain`, small, "thin");
  for (const body of [large, binary, SQUEEZED]) await open.post(`${HEADER}-${body.length}`, body);
  await allEnded(open, 39);
  const order = { destination: "retried", body: `{"card":"${EDITED}"}`, encoding: "text" };
  const headers = { authorization: `Bearer ${SECRETS.ADMIN_TOKEN}`, "content-type": "application/json" };
  const init = { method: "POST", headers, body: JSON.stringify(order) };
  expect((await fetch(`${open.url}/api/events/${plain}/edit`, init)).status).toBe(200);
  await open.carried();
  expect(canariesIn(await filesIn(state))).toEqual([...ALL, "compressed"]);
});
