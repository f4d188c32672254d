// What do senders send? Bodies in the shape of their documents' examples; for GitHub those that Octokit has collected.
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import * as z from "zod";

type Body = Readonly<Record<string, unknown>>;

/** The event that is sent where none is named, and a body for it. Type and id are put in by the sender's scheme. */
const SAMPLES: Readonly<Record<string, { readonly event: string; readonly body: Body }>> = {
  stripe: {
    event: "invoice.payment_failed",
    body: {
      object: "event",
      api_version: "2026-02-25.clover",
      livemode: false,
      pending_webhooks: 1,
      data: {
        object: { id: "in_1PqX2dLkdIwHu7ix", object: "invoice", amount_due: 2900, currency: "eur", attempt_count: 1 },
      },
    },
  },
  slack: {
    event: "app_mention",
    body: {
      type: "event_callback",
      team_id: "T0001",
      api_app_id: "A0001",
      event: { type: "app_mention", user: "U0001", channel: "C0001", text: "<@U0002> is the build \u{1F7E2}?" },
    },
  },
  shopify: {
    event: "orders/create",
    body: {
      id: 450789469,
      email: "jon@example.com",
      total_price: "403.00",
      currency: "USD",
      line_items: [{ id: 632910392, title: "IPod Nano - 8GB", quantity: 1, price: "199.00" }],
    },
  },
  linear: {
    event: "Issue",
    body: { action: "create", data: { id: "2174add1-f7c8-44e3-bbf3-2d60b5ea8bc9", title: "Webhooks", priority: 2 } },
  },
  pagerduty: {
    event: "incident.triggered",
    body: {
      event: {
        resource_type: "incident",
        data: { id: "PGR0VU2", type: "incident", title: "A little bump in the road" },
      },
    },
  },
  intercom: {
    event: "conversation.user.created",
    body: {
      type: "notification_event",
      app_id: "a86dr8yl",
      data: { item: { type: "conversation", id: "1234567890" } },
    },
  },
  calendly: {
    event: "invitee.created",
    body: { payload: { email: "jon@example.com", name: "Jon", status: "active", timezone: "Europe/Berlin" } },
  },
};

/** An event and its body. */
export interface Sample {
  readonly event: string;
  readonly body: Body;
}

/**
 * @param event the type that was asked for, or `null`
 * @returns a sample, or the events of which there are some where there is none of this one
 */
export async function sampleOf(
  provider: string,
  event: string | null,
): Promise<Sample | { readonly events: readonly string[] }> {
  if (provider === "github") return await fromGithub(event ?? "push");
  const known = SAMPLES[provider];
  return { event: event ?? known?.event ?? "test.event", body: known?.body ?? {} };
}

/** `push`, or `issues.opened`: the event, and the action of its body. */
async function fromGithub(asked: string): Promise<Sample | { readonly events: readonly string[] }> {
  const path = createRequire(import.meta.url).resolve("@octokit/webhooks-examples");
  const all = z
    .array(z.object({ name: z.string(), examples: z.array(z.record(z.string(), z.unknown())) }))
    .parse(JSON.parse(await readFile(path, "utf8")));
  const [name = "", action] = asked.split(".");
  const examples = all.find((one) => one.name === name)?.examples ?? [];
  const body = examples.find((one) => action === undefined || one["action"] === action);
  return body === undefined ? { events: all.map((one) => one.name) } : { event: name, body };
}
