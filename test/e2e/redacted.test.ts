// Sources with `redact`: nobody is shown the values, what is sent again is byte for byte what was sent before, and afterwards the whole is gone.
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import * as z from "zod";
import { startReceiver } from "../kit/receiver.ts";
import { Relay, relayVars, SECRETS, stateFolder } from "../kit/whole-relay.ts";
import { until } from "../kit/until.ts";

const CARD = "4242-CANARY-4242";
const HEADER = "CANARY-in-a-header";
const BODY = `{ "card": {"number": "${CARD}"}, "n": 12345678901234567890 }`;
const LARGE = JSON.stringify({ more: "é".repeat(500_000), card: { number: CARD.repeat(10_000) } });
const ODD = `<card>${CARD}</card>`;
const EDITED = BODY.replace('"n"', '"edited"');

async function filesIn(folder: string): Promise<string> {
  const names = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = names
    .filter((name) => name.isFile())
    .map((name) => readFile(join(name.parentPath, name.name), "latin1"));
  return (await Promise.all(files)).join("\n");
}

const listed = z.object({ deliveries: z.array(z.object({ state: z.string() })) });

test.for([false, true])(
  "no redacted value is stored or shown, retries are byte for byte, and a replay afterwards says what it sends; encrypt = %s",
  async (encrypt) => {
    const heard: { redacted: string | undefined; id: string | undefined; body: string; attempt: number }[] = [];
    const receiver = await startReceiver((arrival, response) => {
      const { headers } = response.req;
      const body = arrival.body.toString();
      heard.push({
        redacted: headers["hookline-redacted"]?.toString(),
        id: headers["x-id"]?.toString(),
        body,
        attempt: arrival.attempt,
      });
      const echo = `no: ${body.slice(0, 200)} ${String(headers["x-id"])} ${body.includes(`"${CARD}"`) || body === ODD ? CARD : ""}`;
      response.writeHead(arrival.attempt === 1 ? 503 : 200).end(echo);
    });
    const vars = relayVars({});
    const [source] = Object.values(Object(vars["SOURCES"]));
    const state = await stateFolder();
    const relay = await Relay.start(
      {
        ...vars,
        SOURCES: { acme: { ...Object(source), encrypt, redact: ["body.card.number", "headers.x-id"] } },
        DESTINATIONS: {
          first: { url: receiver.address("first"), retry: ["1s", "1s"] },
          seen: { inspect: true },
        },
        ROUTES: { all: { from: "acme", to: ["first", "seen"] } },
        ENCRYPTION_KEY: Buffer.alloc(32, "the key").toString("base64"),
      },
      state,
    );
    const headers = { authorization: `Bearer ${SECRETS.ADMIN_TOKEN}`, "content-type": "application/json" };
    const order = async (path: string, body: object) =>
      await fetch(relay.url + path, { method: "POST", headers, body: JSON.stringify(body) });
    const ended = async (least: number) =>
      await until("all deliveries have ended", async () => {
        const { deliveries } = listed.parse(await relay.api("/api/deliveries?limit=100"));
        return deliveries.length >= least && deliveries.every(({ state: one }) => one === "delivered")
          ? true
          : undefined;
      });

    const ids: string[] = [];
    for (const [n, body] of [BODY, LARGE, ODD].entries())
      ids.push((await relay.post(`${HEADER}-${n}`, Buffer.from(body))).id);
    await ended(6);
    const edited = await order(`/api/events/${ids[0]}/edit`, { destination: "first", body: EDITED, encoding: "text" });
    const { event } = z.object({ event: z.string() }).parse(await edited.json());
    await ended(7);

    // Each twice, and as it came.
    const twice = [BODY, LARGE, ODD, EDITED].map((body) => heard.filter((one) => one.body === body).length);
    expect(twice).toEqual([2, 2, 2, 2]);
    expect(heard.filter(({ body }) => body === BODY).map(({ id, redacted }) => [id, redacted])).toEqual([
      [`${HEADER}-0`, undefined],
      [`${HEADER}-0`, undefined],
    ]);

    const stories = await Promise.all(
      [...ids, event].map(async (id) => JSON.stringify(await relay.api(`/api/events/${id}`))),
    );
    const inspected = JSON.stringify(await relay.api("/api/destinations/seen/inspections"));
    for (const text of [...stories, inspected, JSON.stringify(relay.log)]) expect(text).not.toContain("CANARY");
    for (const text of [...stories, inspected]) expect(text).toContain("[redacted]");
    expect(stories.map((text) => z.object({ redacted: z.boolean() }).parse(JSON.parse(text)).redacted)).toEqual([
      true,
      true,
      true,
      true,
    ]);
    const whole = await fetch(`${relay.url}/api/events/${ids[1]}/body`, { headers });
    expect(await whole.text()).toBe(LARGE.replace(CARD.repeat(10_000), "[redacted]"));
    expect(z.object({ body: z.string() }).parse(JSON.parse(stories[0] ?? "")).body).toBe(
      BODY.replace(CARD, "[redacted]"),
    );
    expect(z.object({ body: z.string() }).parse(JSON.parse(stories[2] ?? "")).body).toBe("[redacted]");

    const shownBody = BODY.replace(CARD, "[redacted]");
    // The sweep takes the whole away behind the last delivery: then a replay has what everybody sees.
    await until(
      "a replay sends what is left",
      async () => {
        await fetch(`${relay.url}/cdn-cgi/handler/scheduled`).catch(() => null);
        expect((await order(`/api/deliveries/${ids[0]}:first/replay`, {})).ok).toBe(true);
        await new Promise((resolve) => setTimeout(resolve, 15_000));
        return heard.some(({ body }) => body === shownBody) ? true : undefined;
      },
      240_000,
    );
    expect(heard.find(({ body }) => body === shownBody)).toMatchObject({ redacted: "true", id: "[redacted]" });
    await relay.carried();
    await relay.crash();
    const stored = await filesIn(state);
    for (const text of ["CANARY", Buffer.from("-CANARY-").toString("hex")]) expect(stored.includes(text)).toBe(false);
    expect(stored.includes(ids[0] ?? "?")).toBe(true);
  },
);
