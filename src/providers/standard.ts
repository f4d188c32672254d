// Senders that follow the Standard Webhooks specification, or Svix before it. Data only.

import type { Provider } from "../scheme/scheme.ts";

/** What all of them share: the three headers, named after the specification or after Svix. */
function trio(
  prefix: "webhook" | "svix",
): Pick<Provider, "algorithm" | "signature" | "timestamp" | "signs" | "forms" | "secret" | "type" | "id" | "idNames"> {
  return {
    algorithm: "hmac-sha256",
    signature: { at: `header:${prefix}-signature`, format: "tagged", encoding: "base64" },
    timestamp: { at: `header:${prefix}-timestamp`, tolerance: 300 },
    signs: `{header:${prefix}-id}.{timestamp}.{body}`,
    forms: { [`header:${prefix}-id`]: "dotted" },
    secret: "whsec",
    type: "{json:type}",
    id: `{header:${prefix}-id}`,
    idNames: { what: "delivery", by: "Standard Webhooks: the id is the same in a retry" },
  };
}

const webhook = trio("webhook");
const svix = trio("svix");

export const standard = {
  "gitlab-signing-token": {
    ...webhook,
    name: "GitLab (signing token, Standard Webhooks)",
    confidence: "document",
    type: "{header:X-Gitlab-Event|json:object_kind}",
    docs: "gitlab.com/gitlab-org/gitlab/-/merge_requests/230944",
  },
  "standard-webhooks": {
    ...webhook,
    name: "Standard Webhooks (v1 symmetric)",
    confidence: "library",
    docs: "standard-webhooks/standard-webhooks:spec/standard-webhooks.md",
  },
  "standard-webhooks-ed25519": {
    ...webhook,
    name: "Standard Webhooks (v1a asymmetric)",
    confidence: "document",
    algorithm: "ed25519",
    signature: { at: "header:webhook-signature", format: "tagged", tag: "v1a", encoding: "base64" },
    secret: "public",
    docs: "standard-webhooks spec",
  },
  svix: {
    ...svix,
    name: "Svix",
    confidence: "library",
    signature: { at: "header:svix-signature|header:webhook-signature", format: "tagged", encoding: "base64" },
    timestamp: { at: "header:svix-timestamp|header:webhook-timestamp", tolerance: 300 },
    signs: "{header:svix-id|header:webhook-id}.{timestamp}.{body}",
    forms: { "header:svix-id|header:webhook-id": "dotted" },
    id: "{header:svix-id|header:webhook-id}",
    addresses: "docs.svix.com/receiving/source-ips (per region)",
    docs: "svix (npm)",
  },
  clerk: { ...svix, name: "Clerk", confidence: "library", docs: "@clerk/backend (npm)" },
  resend: { ...svix, name: "Resend", confidence: "library", docs: "resend (npm)" },
  openai: { ...webhook, name: "OpenAI", confidence: "library", secret: "whsec-or-text", docs: "openai (npm)" },
  anthropic: { ...webhook, name: "Anthropic", confidence: "library", docs: "@anthropic-ai/sdk (npm)" },
  "supabase-auth-hooks": {
    ...webhook,
    name: "Supabase Auth Hooks",
    confidence: "document",
    docs: "supabase/supabase:apps/docs/content/guides/auth/auth-hooks.mdx",
  },
  replicate: { ...webhook, name: "Replicate", confidence: "library", type: "{json:status}", docs: "replicate (npm)" },
  polar: { ...webhook, name: "Polar", confidence: "library", docs: "@polar-sh/sdk (npm)", secret: "text" },
  bigcommerce: {
    ...webhook,
    name: "BigCommerce",
    confidence: "document",
    type: "{json:scope}",
    docs: "bigcommerce/docs:docs/integrations/webhooks/https-webhook-overview.mdx",
    secret: "text",
  },
  seam: { ...svix, name: "Seam", confidence: "library", type: "{json:event_type}", docs: "@seamapi/webhook (npm)" },
  render: { ...webhook, name: "Render", confidence: "third-party" },
  brex: { ...webhook, name: "Brex", confidence: "third-party" },
  "incident-io": { ...webhook, name: "incident.io", confidence: "third-party" },
  stytch: { ...svix, name: "Stytch", confidence: "third-party" },
  loops: { ...webhook, name: "Loops", confidence: "third-party" },
  increase: { ...webhook, name: "Increase", confidence: "third-party" },
  vanta: { ...svix, name: "Vanta", confidence: "third-party" },
  etsy: { ...webhook, name: "Etsy", confidence: "third-party" },
  gemini: { ...webhook, name: "Google Gemini (static secret)", confidence: "third-party" },
  dodopayments: { ...webhook, name: "Dodo Payments", confidence: "third-party" },
  lithic: { ...webhook, name: "Lithic", confidence: "third-party" },
  beehiiv: { ...webhook, name: "beehiiv", confidence: "third-party" },
  guesty: { ...svix, name: "Guesty", confidence: "third-party" },
  finch: {
    ...webhook,
    name: "Finch",
    confidence: "third-party",
    signature: { at: "header:Finch-Signature", format: "tagged", encoding: "base64" },
    timestamp: { at: "header:Finch-Timestamp", tolerance: 300 },
    signs: "{header:Finch-Event-Id}.{timestamp}.{body}",
    forms: { "header:Finch-Event-Id": "dotted" },
    secret: "base64",
    type: "{json:event_type}",
    id: "{header:Finch-Event-Id}",
    idNames: { what: "event", by: "Finch: Webhooks, Finch-Event-Id" },
  },
} satisfies Readonly<Record<string, Provider>>;
