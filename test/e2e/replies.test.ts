// A sender that waits for an answer gets that of the destination in time, or its provider's plain acknowledgement.
import { createHmac, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { expect, test } from "vitest";
import * as z from "zod";
import { startReceiver } from "../kit/receiver.ts";
import { Relay, SECRETS, stateFolder } from "../kit/whole-relay.ts";
import { until } from "../kit/until.ts";

const Story = z.object({
  deliveries: z.array(
    z.object({ destination: z.string(), state: z.string(), attempt: z.number(), replied: z.unknown().optional() }),
  ),
});

/** The text that a form's field asks the app to answer with, and how. */
const ANSWERS: Record<string, { readonly type: string; readonly body: string; readonly status?: number }> = {
  weather: { type: "application/json", body: '{"response_type":"in_channel","text":"It is 24 degrees."}' },
  broken: { type: "text/plain", body: "out of order", status: 500 },
  silent: { type: "text/plain", body: "", status: 200 },
  page: { type: "text/html", body: "<script>alert(1)</script>" },
  twiml: { type: "text/xml", body: "<Response><Message>Hello</Message></Response>" },
  pong: { type: "application/json", body: '{"type":4,"data":{"content":"Congrats!"}}' },
};

const APP_URL = "https://hooks.example.com/in/twilio";

function slackCommand(text: string, trigger: string) {
  const body = new URLSearchParams({ command: "/ask", text, trigger_id: trigger }).toString();
  const at = String(Math.floor(Date.now() / 1000));
  const code = createHmac("sha256", SECRETS.ACME_SECRET).update(`v0:${at}:${body}`).digest("hex");
  return { body, headers: { ...FORM, "x-slack-request-timestamp": at, "x-slack-signature": `v0=${code}` } };
}

function twilioMessage(text: string, token: string) {
  const fields = { Body: text, From: "+15017122661", MessageSid: token, SmsStatus: "received" };
  const signed =
    APP_URL + ["Body", "From", "MessageSid", "SmsStatus"].map((name) => name + Reflect.get(fields, name)).join("");
  const code = createHmac("sha1", SECRETS.ACME_SECRET).update(signed).digest("base64");
  const headers = { ...FORM, "x-twilio-signature": code, "i-twilio-idempotency-token": token };
  return { body: new URLSearchParams(fields).toString(), headers };
}

function discordInteraction(type: number, text: string, id: string, key: KeyObject) {
  const body = JSON.stringify({ id, type, data: { name: text } });
  const at = String(Math.floor(Date.now() / 1000));
  const signature = sign(null, Buffer.from(at + body), key).toString("hex");
  const headers = { "content-type": "application/json", "x-signature-ed25519": signature };
  return { body, headers: { ...headers, "x-signature-timestamp": at } };
}

const FORM = { "content-type": "application/x-www-form-urlencoded" };

/** Whatever is asked for by the name of an answer; `hang` gets none. */
async function open() {
  const receiver = await startReceiver(({ body }, response) => {
    const text = body.toString();
    const name = Object.keys(ANSWERS).find((one) => text.includes(one));
    const { type, body: answer, status = 200 } = ANSWERS[name ?? ""] ?? { type: "", body: "" };
    if (text.includes("hang")) return;
    response.writeHead(status, { "content-type": type, "set-cookie": "session=1", "x-powered-by": "app" });
    response.end(answer);
  });
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  const jwk = publicKey.export({ format: "jwk" });
  const named = ["ACME_SECRET"];
  const relay = await Relay.start(
    {
      SOURCES: {
        slack: { provider: "slack", secrets: named, allow: ["127.0.0.1/32"] },
        twilio: { provider: "twilio", secrets: named, public_url: APP_URL, allow: ["127.0.0.1/32"] },
        discord: { provider: "discord", allow: ["127.0.0.1/32"] },
      },
      DISCORD_SECRET: Buffer.from(jwk.x ?? "", "base64url").toString("hex"),
      DESTINATIONS: {
        app: { url: receiver.address("app"), retry: ["1s"] },
        log: { url: receiver.address("log"), retry: ["1s"] },
      },
      ROUTES: { commands: { from: ["slack", "twilio", "discord"], to: ["log", "app"], reply: "app" } },
      LOOPBACK_DESTINATIONS: "true",
    },
    await stateFolder(),
  );
  const post = async (source: string, { body, headers }: { body: string; headers: Record<string, string> }) => {
    const answer = await fetch(`${relay.url}/in/${source}`, {
      method: "POST",
      body,
      headers: { ...headers, "cf-connecting-ip": "127.0.0.1" },
    });
    return {
      status: answer.status,
      type: answer.headers.get("content-type"),
      text: await answer.text(),
      headers: answer.headers,
      id: answer.headers.get("hookline-event-id") ?? "",
    };
  };
  /** What became of the delivery whose answer was waited for. */
  const app = async (id: string) => {
    await relay.carried();
    return Story.parse(await relay.api(`/api/events/${id}`)).deliveries.find(
      ({ destination }) => destination === "app",
    );
  };
  return { receiver, relay, post, app, key: privateKey };
}

test("Slack, Twilio and Discord get the destination's answer, its type and nothing else of its headers", async () => {
  const { relay, receiver, post, app, key } = await open();
  const slack = await post("slack", slackCommand("weather", "t1"));
  expect(slack).toMatchObject({ status: 200, text: ANSWERS["weather"]?.body, type: "application/json; charset=utf-8" });
  const twilio = await post("twilio", twilioMessage("twiml", "SM1"));
  expect(twilio).toMatchObject({ status: 200, text: ANSWERS["twiml"]?.body, type: "text/xml; charset=utf-8" });
  const discord = await post("discord", discordInteraction(2, "pong", "1", key));
  expect(discord).toMatchObject({ status: 200, text: ANSWERS["pong"]?.body });
  for (const { headers, id } of [slack, twilio, discord]) {
    expect(headers.get("set-cookie")).toBeNull();
    expect(headers.get("x-powered-by")).toBeNull();
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    // A browser that is led to an XML document of a receiver's runs what XHTML is in it.
    expect(headers.get("content-security-policy")).toMatch(/default-src 'none'; sandbox;/);
    expect(await app(id)).toMatchObject({ state: "delivered", attempt: 1, replied: { ms: expect.any(Number) } });
  }
  expect(receiver.to("log")).toHaveLength(3);
  expect(relay.log.filter(({ event }) => event === "ingest.replied")).toHaveLength(3);
  // Who has heard its answer and comes again hears that it was heard; nobody keeps the first answer.
  const command = slackCommand("weather", "t1");
  expect(await post("slack", command)).toMatchObject({ status: 200, text: "", id: slack.id });
  expect(receiver.to("app")).toHaveLength(3);
});

test("later than the bound, and after anything but a 2xx with a body of data, they get the plain acknowledgement, and the delivery goes on", async () => {
  const { receiver, relay, post, app, key } = await open();
  const late = await post("slack", slackCommand("hang", "t2"));
  expect(late).toMatchObject({ status: 200, text: "" });
  const twiml = await post("twilio", twilioMessage("broken", "SM2"));
  expect(twiml).toMatchObject({ status: 200, text: "<Response/>", type: "text/xml" });
  const types = { 2: { type: 5 }, 3: { type: 6 }, 4: { type: 8, data: { choices: [] } }, 5: { type: 5 } };
  for (const [type, answer] of Object.entries(types)) {
    const { text, type: mime } = await post("discord", discordInteraction(Number(type), "page", `d${type}`, key));
    expect([JSON.parse(text), mime]).toEqual([answer, "application/json"]);
  }
  const empty = await post("slack", slackCommand("silent", "t3"));
  expect(empty).toMatchObject({ status: 200, text: "" });
  await until(
    "what was refused is sent again",
    () => receiver.to("app").some(({ attempt }) => attempt === 2) || undefined,
  );
  expect(await app(twiml.id)).toMatchObject({ replied: { why: "status" } });
  expect(await app(empty.id)).toMatchObject({ state: "delivered", replied: { why: "empty" } });
  const whys = relay.log.filter(({ event }) => event === "ingest.not_replied").map(({ why }) => String(why));
  expect(whys.toSorted((a, b) => a.localeCompare(b))).toEqual([
    "empty",
    "late",
    "status",
    "type",
    "type",
    "type",
    "type",
  ]);
});

test("who is refused causes no reply, and nothing reaches the destination", async () => {
  const { receiver, post } = await open();
  const forged = slackCommand("weather", "t4");
  forged.headers["x-slack-signature"] = `v0=${"0".repeat(64)}`;
  expect(await post("slack", forged)).toMatchObject({ status: 401 });
  expect(receiver.arrivals).toEqual([]);
});
