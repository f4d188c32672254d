// What do the senders say, and how do they sign it? Real payloads and random bytes, no two alike; touches nothing but the examples.
import { createHash, createHmac, randomBytes, randomUUID, sign } from "node:crypto";
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { Webhook } from "standardwebhooks";
import { Stripe } from "stripe";
import * as z from "zod";
import type { Dice } from "../sim/dice.ts";
import { type DestinationName, promised, type Secrets, SENDER, type SourceName } from "./settings.ts";

/** How a stranger tries to be taken for a sender. */
export type Forgery = "another key" | "another body" | "no signature" | "too old";

/** Something that a sender has to say. It says it again with the same bytes and the same id, signed anew where times are signed. */
export interface Letter {
  readonly source: SourceName;
  readonly type: string;
  readonly body: Buffer;
  /** SHA-256 of the body: no two letters share it, so it names the letter wherever it turns up. */
  readonly digest: string;
  readonly destinations: readonly DestinationName[];
  readonly forged: Forgery | null;
  /** The request's headers, signed at `now` (ms since 1970). */
  sign(now: number): Record<string, string>;
}

/** SHA-256, in hexadecimal. */
export function digest(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** One sender in so many; the shares of `SHARES` are out of their sum. */
const SHARES: readonly (readonly [SourceName, number])[] = [
  ["github", 16],
  ["stripe", 6],
  ["slack", 4],
  ["acme", 4],
  ["curve", 4],
  ["meter", 6],
];
const TURNS = SHARES.flatMap(([name, share]) => Array<SourceName>(share).fill(name));

/** One letter in 50 is forged, one GitHub or meter letter in 24 is larger than what passes through the journal (256 KiB). */
const FORGED = 1 / 50;
const LARGE = 1 / 24;

/** What differs between senders: what they say, and how they sign what is given. */
interface Said {
  readonly type: string;
  readonly body: Buffer;
  readonly sign: (bytes: Buffer, now: number, key: Secrets) => Record<string, string>;
}

/** @param wrong secrets that the relay does not have */
export function correspondence(dice: Dice, secrets: Secrets, wrong: Secrets): (now: number) => Letter {
  const examples = githubExamples();
  const say: Record<SourceName, (now: number) => Said> = {
    github: () => fromGithub(dice, examples),
    stripe: (now) => fromStripe(dice, now),
    slack: (now) => fromSlack(now),
    acme: (now) => fromAcme(dice, now),
    curve: (now) => fromCurve(now),
    meter: () => fromMeter(dice),
  };
  return (now) => {
    const source = dice.pick(TURNS);
    const forged = dice.chance(FORGED) ? forgery(source, dice) : null;
    const said = say[source](now);
    return {
      source,
      type: said.type,
      body: said.body,
      digest: digest(said.body),
      destinations: promised(source, said.type),
      forged,
      sign: (at) => ({ "cf-connecting-ip": SENDER, ...signed(said, forged, at, secrets, wrong) }),
    };
  };
}

function forgery(source: SourceName, dice: Dice): Forgery {
  const dated = source !== "github" && source !== "meter";
  return dice.pick<Forgery>(["another key", "another body", "no signature", ...(dated ? ["too old" as const] : [])]);
}

function signed({ body, sign: by }: Said, forged: Forgery | null, now: number, secrets: Secrets, wrong: Secrets) {
  switch (forged) {
    case null:
      return by(body, now, secrets);
    case "another key":
      return by(body, now, wrong);
    case "another body":
      return by(Buffer.concat([body, Buffer.from(" ")]), now, secrets);
    case "too old":
      return by(body, now - 3_600_000, secrets);
    case "no signature":
      return Object.fromEntries(Object.entries(by(body, now, secrets)).filter(([name]) => !name.includes("signature")));
  }
}

const json = { "content-type": "application/json" };
const hmac = (secret: string, bytes: Uint8Array) => createHmac("sha256", secret).update(bytes).digest("hex");
const seconds = (now: number) => String(Math.floor(now / 1000));

type Example = { readonly name: string; readonly examples: readonly Readonly<Record<string, unknown>>[] };

/** Payloads that GitHub has sent, collected by Octokit. */
function githubExamples(): readonly Example[] {
  const path = createRequire(import.meta.url).resolve("@octokit/webhooks-examples");
  return z
    .array(z.object({ name: z.string(), examples: z.array(z.record(z.string(), z.unknown())).min(1) }))
    .parse(JSON.parse(readFileSync(path, "utf8")));
}

function fromGithub(dice: Dice, all: readonly Example[]): Said {
  const { name, examples } = dice.pick(all);
  const payload = dice.pick(examples);
  const id = randomUUID();
  const text = JSON.stringify(payload);
  const grown = dice.chance(LARGE) ? { commits: Array(Math.ceil(300_000 / text.length)).fill(payload) } : {};
  const { action } = payload;
  return {
    type: typeof action === "string" ? `${name}.${action}` : name,
    body: Buffer.from(JSON.stringify({ ...payload, ...grown, delivery: id })),
    sign: (bytes, _, { github }) => ({
      ...json,
      "user-agent": "GitHub-Hookshot/044aadd",
      "x-github-event": name,
      "x-github-delivery": id,
      "x-hub-signature-256": `sha256=${hmac(github, bytes)}`,
    }),
  };
}

function fromStripe(dice: Dice, now: number): Said {
  const type = dice.pick(["invoice.paid", "charge.refunded", "payout.failed"]);
  const object = {
    id: `in_${randomUUID()}`,
    amount: dice.whole(1, 1_000_000),
    currency: "eur",
    customer: "Zoë Łuczak",
  };
  const event = { id: `evt_${randomUUID()}`, object: "event", created: Math.floor(now / 1000), type, data: { object } };
  return {
    type,
    body: Buffer.from(JSON.stringify(event, null, 2)),
    sign: (bytes, at, { stripe }) => ({
      ...json,
      "stripe-signature": Stripe.webhooks.generateTestHeaderString({
        payload: bytes.toString(),
        secret: stripe,
        timestamp: Number(seconds(at)),
      }),
    }),
  };
}

function fromSlack(now: number): Said {
  const event = { type: "app_mention", channel: "C0001", text: "<@U0002> is the build \u{1F7E2}?", ts: seconds(now) };
  const body = { type: "event_callback", team_id: "T0001", event_id: `Ev${randomUUID()}`, event };
  return {
    type: event.type,
    body: Buffer.from(JSON.stringify(body)),
    sign: (bytes, at, { slack }) => ({
      ...json,
      "x-slack-request-timestamp": seconds(at),
      "x-slack-signature": `v0=${hmac(slack, Buffer.concat([Buffer.from(`v0:${seconds(at)}:`), bytes]))}`,
    }),
  };
}

function fromAcme(dice: Dice, now: number): Said {
  const id = `msg_${randomUUID()}`;
  const type = dice.pick(["contact.created", "contact.deleted", "contact.moved", "contact.moved"]);
  return {
    type,
    body: Buffer.from(JSON.stringify({ type, timestamp: new Date(now).toISOString(), data: { id, city: "Zürich" } })),
    sign: (bytes, at, { acme }) => ({
      ...json,
      "webhook-id": id,
      "webhook-timestamp": seconds(at),
      "webhook-signature": new Webhook(acme).sign(id, new Date(at), bytes.toString()),
    }),
  };
}

function fromCurve(now: number): Said {
  const id = `msg_${randomUUID()}`;
  const type = "point.moved";
  return {
    type,
    body: Buffer.from(
      JSON.stringify({ type, timestamp: new Date(now).toISOString(), data: { id, on: "edwards25519" } }),
    ),
    sign: (bytes, at, { curve }) => {
      const content = Buffer.concat([Buffer.from(`${id}.${seconds(at)}.`), bytes]);
      const signature = `v1a,${sign(null, content, curve).toString("base64")}`;
      return { ...json, "webhook-id": id, "webhook-timestamp": seconds(at), "webhook-signature": signature };
    },
  };
}

function fromMeter(dice: Dice): Said {
  const type = dice.chance(1 / 12) ? "dump" : "reading";
  const id = randomUUID();
  return {
    type,
    body: randomBytes(dice.chance(LARGE) ? dice.whole(256 * 1024 - 1, 700_000) : dice.whole(32, 4_000)),
    sign: (bytes, _, { meter }) => ({
      "content-type": "application/octet-stream",
      "x-id": id,
      "x-type": type,
      "x-signature": hmac(meter, bytes),
    }),
  };
}
