// Sources with `redact`, where the event is accepted: what is kept, what it needs, and what it costs. test/e2e/redacted.test.ts has the rest.
import { expect, test } from "vitest";
import { front } from "../kit/front.ts";
import { carried, deliveries, hmac, rows, setUp } from "../kit/relay.ts";

const receiver = setUp();

const KEY = btoa("k".repeat(32));
const settings = { header: "X-Signature", id: "{header:X-Id}", type: "{header:X-Type}" };
const CARD = "4242-CANARY-4242";
const HEADER = "CANARY-in-a-header";
const BODY = `{ "card": {"number": "${CARD}"}, "n": 12345678901234567890 }`;

function deployed(vars: object = { ENCRYPTION_KEY: KEY }, source: object = {}) {
  const redact = ["body.card.number", "headers.x-id"];
  return front(
    { acme: { provider: "hmac", settings, max_body: "25MiB", redact, ...source } },
    {
      ACME_SECRET: "acme-secret",
      DESTINATIONS: {
        first: { url: "https://receiver.example.com/first", retry: ["1s"] },
      },
      ROUTES: { all: { from: "acme", to: "first" } },
      ...vars,
    },
  );
}

async function sent(relay: ReturnType<typeof front>, body = BODY, type = "card"): Promise<string> {
  const headers = { "x-signature": await hmac("acme-secret", body), "x-id": HEADER, "x-type": type };
  const answer = await relay.post("acme", body, { "content-type": "application/json", ...headers });
  expect(answer.status).toBe(200);
  return (await answer.json<{ id: string }>()).id;
}

const bodies = () => receiver.to("first").map(({ body }) => new TextDecoder().decode(body));

test("of an event that is delivered at once the whole never comes to D1", async () => {
  const relay = deployed({ ENCRYPTION_KEY: KEY });
  await sent(relay);
  await deliveries("delivered");
  expect(bodies()).toEqual([BODY]);
  const events = await rows<{ parts: number }>("SELECT (SELECT count(*) FROM event_parts) AS parts FROM events");
  expect(events).toEqual([{ parts: 0 }]);
});

test("without a key nothing is accepted, and an event in which nothing is to be taken out costs nothing more", async () => {
  const body = "{}";
  const headers = { "x-signature": await hmac("acme-secret", body), "x-type": "card" };
  expect((await deployed({}).post("acme", body, headers)).status).toBe(503);
  expect((await deployed().post("acme", body, headers)).status).toBe(200);
  await carried();
  expect(await rows("SELECT headers LIKE '%redacted%' AS redacted FROM events")).toEqual([{ redacted: 0 }]);
  expect(await rows("SELECT * FROM marks WHERE name LIKE 'whole:%'")).toEqual([]);
});
