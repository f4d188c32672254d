// Slack's, Twilio's and Discord's own libraries as applications behind a real relay: what it forwards they accept, and
// what they answer the sender gets. Run by `npm run test:official`, which installs them.
import { createHmac, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import { expect, onTestFinished, test } from "vitest";
import * as z from "zod";
import { until } from "../kit/until.ts";
import { Relay, SECRETS, stateFolder } from "../kit/whole-relay.ts";
import { library } from "./side.ts";

const TWILIO_URL = "https://hooks.example.com/in/twilio";
const FORM = { "content-type": "application/x-www-form-urlencoded" };

const Story = z.object({
  deliveries: z.array(
    z.object({
      state: z.string(),
      attempt: z.number(),
      replied: z.unknown().optional(),
      answer: z.unknown().optional(),
    }),
  ),
});

/** Where an application listens. */
async function listen(app: RequestListener): Promise<string> {
  const server = createServer(app).listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return `http://127.0.0.1:${address.port}`;
}

/** What an application does before it answers `later`: it waits until the test lets it. */
function openGate() {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  return { opened: promise, open: () => resolve(undefined) };
}
type Gate = ReturnType<typeof openGate>;

async function inTurn(text: string, gate: Gate, answer: () => void): Promise<void> {
  if (text === "later") await gate.opened;
  answer();
}

/** What Bolt asks for each team. */
const authorize = () => Promise.resolve({ botToken: "xoxb-1", botId: "B1", botUserId: "U1" });

/** A slash command of Bolt's, as its readme shows it. */
async function slackApp(gate: Gate): Promise<string> {
  const { App, HTTPReceiver, LogLevel } = library("@slack/bolt");
  const signingSecret = SECRETS.ACME_SECRET;
  const receiver = new HTTPReceiver({ signingSecret, endpoints: "/slack/events", logLevel: LogLevel.ERROR });
  const app = new App({ receiver, authorize, logLevel: LogLevel.ERROR });
  app.command(
    "/ask",
    async ({ command, ack }: { command: { text: string }; ack: (answer: object) => Promise<void> }) => {
      if (command.text === "later") await gate.opened;
      await ack({ response_type: "in_channel", text: `You asked for ${command.text}.` });
    },
  );
  return `${await listen(receiver.requestListener)}/slack/events`;
}

/** Twilio's middleware for Express, and its TwiML. What was signed is the relay's address, which the application is told. */
async function twilioApp(gate: Gate): Promise<string> {
  const [twilio, express] = [library("twilio"), library("express")];
  const app = express();
  const proves = twilio.webhook({ validate: true, url: TWILIO_URL }, SECRETS.ACME_SECRET);
  app.post(
    "/sms",
    express.urlencoded({ extended: false }),
    proves,
    (request: { body: { Body: string } }, response: { type: (to: string) => { send: (text: string) => void } }) => {
      void inTurn(request.body.Body, gate, () => {
        const twiml = new twilio.twiml.MessagingResponse();
        twiml.message(`You said ${request.body.Body}.`);
        response.type("text/xml").send(twiml.toString());
      });
    },
  );
  return `${await listen(app)}/sms`;
}

/** Discord's middleware for Express. */
async function discordApp(publicKey: string, gate: Gate): Promise<string> {
  const [{ verifyKeyMiddleware }, express] = [library("discord-interactions"), library("express")];
  const app = express();
  app.post(
    "/interactions",
    verifyKeyMiddleware(publicKey),
    (request: { body: { data: { name: string } } }, response: { send: (answer: object) => void }) => {
      const { name } = request.body.data;
      void inTurn(name, gate, () => response.send({ type: 4, data: { content: `You called ${name}.` } }));
    },
  );
  return `${await listen(app)}/interactions`;
}

interface Sent {
  readonly body: string;
  readonly headers: Record<string, string>;
}

/** As Slack's "Verifying requests from Slack" signs it: its library has nothing that signs. */
function slackCommand(text: string): Sent {
  const body = new URLSearchParams({
    command: "/ask",
    text,
    trigger_id: text,
    team_id: "T1",
    user_id: "U2",
  }).toString();
  const at = String(Math.floor(Date.now() / 1000));
  const code = createHmac("sha256", SECRETS.ACME_SECRET).update(`v0:${at}:${body}`).digest("hex");
  return { body, headers: { ...FORM, "x-slack-request-timestamp": at, "x-slack-signature": `v0=${code}` } };
}

/** Signed by Twilio's library. */
function twilioMessage(text: string): Sent {
  const { getExpectedTwilioSignature } = library("twilio/lib/webhooks/webhooks.js");
  const fields = { Body: text, From: "+15017122661", MessageSid: `SM${text}`, SmsStatus: "received" };
  const code = getExpectedTwilioSignature(SECRETS.ACME_SECRET, TWILIO_URL, fields);
  return { body: new URLSearchParams(fields).toString(), headers: { ...FORM, "x-twilio-signature": code } };
}

/** As Discord's "Validating security request headers" signs it: its library has nothing that signs. */
function discordInteraction(name: string, key: KeyObject): Sent {
  const body = JSON.stringify({ id: name, type: 2, token: "t", data: { id: "1", name } });
  const at = String(Math.floor(Date.now() / 1000));
  const signature = sign(null, Buffer.from(at + body), key).toString("hex");
  const headers = { "content-type": "application/json", "x-signature-ed25519": signature };
  return { body, headers: { ...headers, "x-signature-timestamp": at } };
}

const route = (name: string) => ({ from: name, to: `${name}-app`, reply: `${name}-app`, reply_within: "2s" });

async function open(gate: Gate) {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  const key = Buffer.from(publicKey.export({ format: "jwk" }).x ?? "", "base64url").toString("hex");
  const apps = { slack: await slackApp(gate), twilio: await twilioApp(gate), discord: await discordApp(key, gate) };
  const allow = ["127.0.0.1/32"];
  const relay = await Relay.start(
    {
      SOURCES: {
        slack: { provider: "slack", secrets: ["ACME_SECRET"], allow },
        twilio: { provider: "twilio", secrets: ["ACME_SECRET"], public_url: TWILIO_URL, allow },
        discord: { provider: "discord", allow },
      },
      DISCORD_SECRET: key,
      DESTINATIONS: Object.fromEntries(
        Object.entries(apps).map(([name, url]) => [`${name}-app`, { url, format: "passthrough", retry: ["1s"] }]),
      ),
      ROUTES: { slack: route("slack"), twilio: route("twilio"), discord: route("discord") },
      LOOPBACK_DESTINATIONS: "true",
    },
    await stateFolder(),
  );
  const post = async (source: string, { body, headers }: Sent) => {
    const init = { method: "POST", body, headers: { ...headers, "cf-connecting-ip": "127.0.0.1" } };
    const answer = await fetch(`${relay.url}/in/${source}`, init);
    return { status: answer.status, text: await answer.text(), id: answer.headers.get("hookline-event-id") ?? "" };
  };
  const delivery = async (id: string) => Story.parse(await relay.api(`/api/events/${id}`)).deliveries[0];
  return { relay, post, delivery, privateKey };
}

test("the libraries accept what the relay forwards, and their answers come back to the sender", async () => {
  const { relay, post, delivery, privateKey } = await open(openGate());
  const slack = await post("slack", slackCommand("weather"));
  expect(JSON.parse(slack.text)).toEqual({ response_type: "in_channel", text: "You asked for weather." });
  const twilio = await post("twilio", twilioMessage("hello"));
  expect(twilio.text).toBe(
    '<?xml version="1.0" encoding="UTF-8"?><Response><Message>You said hello.</Message></Response>',
  );
  const discord = await post("discord", discordInteraction("ping", privateKey));
  expect(JSON.parse(discord.text)).toEqual({ type: 4, data: { content: "You called ping." } });
  await relay.carried();
  for (const { status, id } of [slack, twilio, discord]) {
    expect(status).toBe(200);
    expect(await delivery(id)).toMatchObject({ state: "delivered", attempt: 1, replied: { ms: expect.any(Number) } });
  }
});

test("later than the bound the sender hears the plain acknowledgement, and the late answer is in the history", async () => {
  const gate = openGate();
  const { relay, post, delivery, privateKey } = await open(gate);
  const late = await Promise.all([
    post("slack", slackCommand("later")),
    post("twilio", twilioMessage("later")),
    post("discord", discordInteraction("later", privateKey)),
  ]);
  expect(late.map(({ status }) => status)).toEqual([200, 200, 200]);
  expect(late.map(({ text }) => text)).toEqual(["", "<Response/>", '{"type":5}']);
  gate.open();
  await until("the late answers are noted", async () => {
    await relay.carried();
    const all = await Promise.all(late.map(({ id }) => delivery(id)));
    return all.every((one) => one?.state === "delivered") ? true : undefined;
  });
  const said = ["You asked for later.", "You said later.", "You called later."];
  for (const [n, { id }] of late.entries()) {
    expect(await delivery(id)).toMatchObject({ attempt: 1, replied: { why: "late" } });
    expect(JSON.stringify(await delivery(id))).toContain(said[n]);
  }
});
