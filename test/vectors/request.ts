// Requests for the tests of verification, and the reason why one is refused.

import { createHmac } from "node:crypto";
import { findProvider } from "../../src/providers/catalogue.ts";
import type { Provider } from "../../src/scheme/scheme.ts";
import type { Secret } from "../../src/types.ts";
import { verify, type Inbound } from "../../src/verify/verify.ts";

/** Unix seconds of every request that does not say otherwise. */
export const NOW = 1_760_000_000;
export const SECRET = "It's a Secret to Everybody";
export const WHSEC = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

export function sent(
  body: string | Uint8Array,
  headers: Record<string, string>,
  url = "https://hooks.example.com/in/a",
): Inbound {
  const bytes = typeof body === "string" ? new TextEncoder().encode(body) : body;
  return { method: "POST", url, headers: new Headers(headers), body: bytes };
}

/** `ok`, or the reason of the refusal. */
export async function reason(
  provider: string | Provider,
  request: Inbound,
  secrets: string | readonly Secret[] = SECRET,
  nowMs = NOW * 1000,
  settings: Readonly<Record<string, string>> = {},
): Promise<string> {
  const found = typeof provider === "string" ? findProvider(provider)! : provider;
  const all = typeof secrets === "string" ? [{ name: "S", value: secrets }] : secrets;
  const verdict = await verify(request, found, all, settings, nowMs);
  return verdict.ok ? "ok" : verdict.rejection.reason;
}

export function hex(content: string | Uint8Array, key = SECRET, hash = "sha256"): string {
  return createHmac(hash, key).update(content).digest("hex");
}

export function base64(content: string | Uint8Array, key = SECRET): string {
  return createHmac("sha256", key).update(content).digest("base64");
}

export function github(body: string | Uint8Array, key = SECRET): Inbound {
  return sent(body, { "x-hub-signature-256": `sha256=${hex(body, key)}` });
}

export function stripe(body: string, time: number): Inbound {
  return sent(body, { "stripe-signature": `t=${time},v1=${hex(`${time}.${body}`)}` });
}
