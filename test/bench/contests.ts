// The same 1 KB request for our interpreter and for the provider's own library: who checks it, in Node and in workerd alike.
import { sign, verify as octokit } from "@octokit/webhooks-methods";
import { Webhook } from "standardwebhooks";
import { Stripe } from "stripe";
import { findProvider } from "../../src/providers/catalogue.ts";
import { verify } from "../../src/verify/verify.ts";

export interface Contest {
  readonly provider: string;
  readonly library: string;
  /** Both reject or answer false where they do not believe the request. Ours gets bytes, as ingest does; theirs gets text, as they ask for. */
  readonly hookline: () => Promise<unknown>;
  readonly official: () => Promise<unknown>;
}

const body = JSON.stringify({ id: "evt_1", type: "charge.succeeded", filler: "m".repeat(970) });
const text = "it's a secret to everybody";
const whsec = `whsec_${btoa("a key of 32 bytes for this bench")}`;

/** @param now Unix seconds: the signatures are fresh for five minutes */
export async function contests(now: number): Promise<Contest[]> {
  const hub = await sign(text, body);
  const { webhooks } = new Stripe("sk_test_unused");
  const stripe = await webhooks.generateTestHeaderStringAsync({
    payload: body,
    secret: text,
    timestamp: now,
  });
  const webhook = new Webhook(whsec);
  const standard = {
    "webhook-id": "msg_1",
    "webhook-timestamp": String(now),
    "webhook-signature": webhook.sign("msg_1", new Date(now * 1000), body),
  };
  return [
    {
      provider: "github",
      library: "@octokit/webhooks-methods",
      hookline: hookline("github", text, { "x-hub-signature-256": hub }),
      official: () => octokit(text, body, hub),
    },
    {
      provider: "stripe",
      library: "stripe",
      hookline: hookline("stripe", text, { "stripe-signature": stripe }),
      official: () => webhooks.constructEventAsync(body, stripe, text),
    },
    {
      provider: "standard-webhooks",
      library: "standardwebhooks",
      hookline: hookline("standard-webhooks", whsec, standard),
      official: async () => webhook.verify(body, standard),
    },
  ];
}

function hookline(provider: string, secret: string, headers: Record<string, string>): () => Promise<boolean> {
  const scheme = findProvider(provider);
  if (scheme === null) throw new Error(`no provider ${provider}`);
  const request = {
    method: "POST",
    url: "https://relay.example.com/in/bench",
    headers: new Headers(headers),
    body: new TextEncoder().encode(body),
  };
  const secrets = [{ name: "BENCH_SECRET", value: secret }];
  return async () => (await verify(request, scheme, secrets, {}, Date.now())).ok;
}

/** Makes `calls` calls, `abreast` at a time. One that is refused ends the bench: it would measure the wrong thing. */
export async function repeat(call: () => Promise<unknown>, calls: number, abreast: number): Promise<void> {
  for (let done = 0; done < calls; done += abreast) {
    const answers = await Promise.all(Array.from({ length: abreast }, call));
    if (answers.includes(false)) throw new Error("a valid signature was refused");
  }
}
