// What do providers send? Real payloads, each signed by its provider's own rule, and one forged;
// touches nothing but the examples.
import { createHmac, randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { Webhook } from "standardwebhooks";
import { Stripe } from "stripe";
import * as z from "zod";
import type { Secrets, SourceName } from "./relay.ts";

/** A request that a provider is about to send, or somebody in its name. */
export interface Sent {
  readonly source: SourceName;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly forged: boolean;
}

/** A queue message holds 128 KB; this push does not fit into one. In bytes. */
const GROWN = 200_000;

/** What the demo sends, in order. `now` in ms since 1970: signatures are dated. */
export async function traffic(secrets: Secrets, now: number): Promise<Sent[]> {
  const example = await githubExamples();
  const github = (name: string, payload: object) => fromGithub(name, payload, secrets.GITHUB_SECRET);
  const push = example("push", (payload) => Array.isArray(payload["commits"]) && payload["commits"].length > 0);
  return [
    fromStripe(secrets.STRIPE_SECRET, now),
    fromSlack(secrets.SLACK_SECRET, now),
    fromAcme(secrets.ACME_SECRET, now),
    github("push", push),
    github(
      "issues",
      example("issues", ({ action }) => action === "opened"),
    ),
    github(
      "pull_request",
      example("pull_request", ({ action }) => action === "opened"),
    ),
    github(
      "release",
      example("release", ({ action }) => action === "published"),
    ),
    github(
      "workflow_run",
      example("workflow_run", ({ action }) => action === "completed"),
    ),
    github("push", grow(push)),
    // Everything as GitHub has it, but whoever sent it does not know the secret.
    { ...fromGithub("push", push, "a guess"), forged: true },
  ];
}

type Payload = Readonly<Record<string, unknown>>;

/** Payloads that GitHub has sent, collected by Octokit. */
async function githubExamples(): Promise<(name: string, fits: (payload: Payload) => boolean) => Payload> {
  const path = createRequire(import.meta.url).resolve("@octokit/webhooks-examples");
  const events = z
    .array(z.object({ name: z.string(), examples: z.array(z.record(z.string(), z.unknown())) }))
    .parse(JSON.parse(await readFile(path, "utf8")));
  return (name, fits) => {
    const payload = events.find((event) => event.name === name)?.examples.find(fits);
    if (payload === undefined) throw new Error(`@octokit/webhooks-examples has no such example of ${name}`);
    return payload;
  };
}

/** The same push with so many commits that it passes `GROWN`; GitHub sends up to 2,048 of them. */
function grow(push: Payload): Payload {
  const template = Array.isArray(push["commits"]) ? Object(push["commits"][0]) : {};
  const count = Math.ceil(GROWN / JSON.stringify(template).length);
  const commits = Array.from({ length: count }, (_, n) => ({ ...template, id: n.toString(16).padStart(40, "0") }));
  return { ...push, commits };
}

function fromGithub(event: string, payload: object, secret: string): Sent {
  const body = JSON.stringify(payload);
  const headers = {
    "user-agent": "GitHub-Hookshot/044aadd",
    "x-github-event": event,
    "x-github-delivery": randomUUID(),
    "x-hub-signature-256": `sha256=${hmac(secret, body)}`,
  };
  return sent("github", headers, body);
}

function fromStripe(secret: string, now: number): Sent {
  const body = JSON.stringify(
    {
      id: "evt_1PqX2eLkdIwHu7ixHookline",
      object: "event",
      created: seconds(now),
      livemode: false,
      type: "invoice.payment_failed",
      data: {
        object: { id: "in_1PqX2dLkdIwHu7ix", object: "invoice", amount_due: 2900, currency: "eur", attempt_count: 1 },
      },
    },
    null,
    2, // as Stripe sends them
  );
  const signature = Stripe.webhooks.generateTestHeaderString({ payload: body, secret, timestamp: seconds(now) });
  return sent("stripe", { "user-agent": "Stripe/1.0", "stripe-signature": signature }, body);
}

function fromSlack(secret: string, now: number): Sent {
  const body = JSON.stringify({
    type: "event_callback",
    team_id: "T0001",
    api_app_id: "A0001",
    event_id: `Ev${seconds(now)}`,
    event_time: seconds(now),
    event: {
      type: "app_mention",
      user: "U0001",
      channel: "C0001",
      text: "<@U0002> is the build \u{1F7E2}?",
      ts: `${seconds(now)}.000100`,
    },
  });
  const timestamp = String(seconds(now));
  const signature = `v0=${hmac(secret, `v0:${timestamp}:${body}`)}`;
  return sent("slack", { "x-slack-request-timestamp": timestamp, "x-slack-signature": signature }, body);
}

function fromAcme(secret: string, now: number): Sent {
  const id = `msg_${randomUUID()}`;
  const body = JSON.stringify({
    type: "contact.created",
    timestamp: new Date(now).toISOString(),
    data: { id: "c_1", city: "Zürich" },
  });
  const headers = {
    "webhook-id": id,
    "webhook-timestamp": String(seconds(now)),
    "webhook-signature": new Webhook(secret).sign(id, new Date(now), body),
  };
  return sent("acme", headers, body);
}

function sent(source: SourceName, headers: Record<string, string>, body: string): Sent {
  return { source, headers: { "content-type": "application/json", ...headers }, body, forged: false };
}

function hmac(secret: string, text: string): string {
  return createHmac("sha256", secret).update(text).digest("hex");
}

function seconds(ms: number): number {
  return Math.floor(ms / 1000);
}
