// However a sender spells its values, and however receivers and transforms say them back, none of a redacted event is kept; and a large one is.
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import * as z from "zod";
import { startReceiver } from "../kit/receiver.ts";
import { Relay, relayVars, SECRETS, stateFolder } from "../kit/whole-relay.ts";
import { until } from "../kit/until.ts";

const SPELLED = String.raw`{"name":"Jos\u00e9 Garc\u00eda","url":"https:\/\/x.example\/reset?t=TOKEN4417","hiv":true,"age":42,"m":{"ada@example.com":"yes"},"more":"stays"}`;
const FORM = "Body=It%27s+positive+%28HIV%29&More=stays";
const TELLTALES = ["Jos", "JOS", "TOKEN4417", String.raw`hiv\":true`, "ada@", "positive"];

async function filesIn(folder: string): Promise<string> {
  const names = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = names
    .filter((name) => name.isFile())
    .map((name) => readFile(join(name.parentPath, name.name), "latin1"));
  return (await Promise.all(files)).join("\n");
}

const listed = z.object({ deliveries: z.array(z.object({ state: z.string(), destination: z.string() })) });

test("values in unusual spellings are in no inspector, no answer and no log, and 20,000 values are redacted and delivered byte for byte", async () => {
  const heard: Buffer[] = [];
  const receiver = await startReceiver((arrival, response) => {
    heard.push(arrival.body);
    response.writeHead(arrival.attempt === 1 ? 503 : 200).end(arrival.body.subarray(0, 500));
  });
  const vars = relayVars({});
  const [source] = Object.values(Object(vars["SOURCES"]));
  const state = await stateFolder();
  const redact = ["name", "url", "hiv", "age", "m", "Body", "items.*.note"].map((place) => `body.${place}`);
  const relay = await Relay.start(
    {
      ...vars,
      SOURCES: { acme: { ...Object(source), redact } },
      DESTINATIONS: {
        first: { url: receiver.address("first"), retry: ["1s", "1s"] },
        seen: { inspect: true },
        made: { inspect: true },
      },
      ROUTES: {
        all: { from: "acme", to: ["first", "seen"] },
        shouted: { from: "acme", events: ["spelled"], to: "made", transform: '{ "loud": $uppercase(body.name) }' },
      },
      ENCRYPTION_KEY: Buffer.alloc(32, "the key").toString("base64"),
    },
    state,
  );
  const large = JSON.stringify({
    items: Array.from({ length: 20_000 }, (_, n) => ({ id: n, note: `SECRET-${n} "é\\"`.padEnd(230, "–") })),
  });
  expect(Buffer.byteLength(large)).toBeGreaterThan(5 * 1024 * 1024);
  const bodies = [SPELLED, FORM, large];
  const ids: string[] = [];
  for (const [n, body] of bodies.entries()) {
    const { status, id } = await relay.post(`event-${n}`, Buffer.from(body), n === 0 ? "spelled" : "other");
    expect(status).toBe(200);
    ids.push(id);
  }
  await until("all deliveries have ended", async () => {
    const { deliveries } = listed.parse(await relay.api("/api/deliveries?limit=100"));
    return deliveries.length >= 7 && deliveries.every((one) => one.state === "delivered") ? true : undefined;
  });
  expect(bodies.map((body) => heard.filter((one) => one.equals(Buffer.from(body))).length)).toEqual([2, 2, 2]);

  const authorization = `Bearer ${SECRETS.ADMIN_TOKEN}`;
  const kept = await fetch(`${relay.url}/api/events/${ids[2]}/body`, { headers: { authorization } });
  const left: unknown = await kept.json();
  expect(left).toEqual({ items: Array.from({ length: 20_000 }, (_, id) => ({ id, note: "[redacted]" })) });
  const shown = await Promise.all(
    [
      ...ids.slice(0, 2).map((id) => `/api/events/${id}`),
      "/api/destinations/seen/inspections",
      "/api/destinations/made/inspections",
    ].map(async (path) => JSON.stringify(await relay.api(path))),
  );
  for (const text of [...shown, JSON.stringify(relay.log)])
    for (const one of TELLTALES) expect(text).not.toContain(one);
  // What is left of an event that goes out as it came.
  expect(shown[2]).toContain("stays");
  await relay.carried();
  await relay.crash();
  const stored = await filesIn(state);
  for (const one of [String.raw`Jos\u00e9`, "TOKEN4417", "ada@example", "positive+", "SECRET-1"])
    expect(stored.includes(one), one).toBe(false);
});
