// Carries out a handshake: the answer goes back, a subscription is confirmed,
// a secret that was handed over is put where the operator finds it.
import type { Offers } from "../d1/offers.ts";
import type { Config, ConfiguredSource } from "../config/configured.ts";
import type { Rejection } from "../errors.ts";
import { handshake, type HandshakeAnswer, hasHandshake, type Phase } from "./handshake.ts";
import type { Inbound } from "../verify/readings.ts";
import type { Log } from "../log.ts";
import { within } from "../patience.ts";
import { seal } from "../bytes/seal.ts";
import type { FetchText } from "../net/send.ts";

/** D1 has this long to keep an offer, in ms: Asana waits 10 s. */
const PATIENCE_MS = 3_000;

export interface GreetDeps {
  readonly config: Pick<Config, "adminToken">;
  readonly offers: Pick<Offers, "keep">;
  readonly fetchText: FetchText;
  readonly now: () => number;
  readonly log: Log;
}

/**
 * A handshake that tells the operator something:
 * the type of the event that it is, and the answer that its sender waits for.
 */
export interface News {
  readonly type: string;
  readonly words: HandshakeAnswer;
}

/** What became of a handshake: the answer in its provider's words, and whether that is a refusal. */
export type Greeting =
  | {
      readonly answer: Response;
      readonly rejection: null;
      /** Set where the message is an event as well, which is answered so once it is stored. */
      readonly news: News | null;
    }
  | { readonly answer: Response | null; readonly rejection: Rejection };

/** `null` where this request is no handshake of its provider's, or none of this phase. */
export async function greet(
  inbound: Inbound,
  source: ConfiguredSource,
  phase: Phase,
  address: string,
  deps: GreetDeps,
): Promise<Greeting | null> {
  if (!hasHandshake(source.scheme, inbound.method, phase)) return null;
  const answer = await handshake(inbound, source.scheme, source.secrets, source.settings, phase);
  if (answer === null) return null;
  const why =
    (answer.visits === undefined ? null : await confirm(answer.visits, source.name, deps)) ??
    (answer.reveals === undefined ? null : await offer(answer.reveals, source, address, deps));
  // The sender must not believe that it has worked: it shows its user an error, or comes again.
  if (why !== null) return { answer: null, rejection: { reason: "busy", why, retryAfterMs: 30_000 } };
  const words = responseOf(answer);
  return words.ok
    ? { answer: words, rejection: null, news: answer.news === undefined ? null : { type: answer.news, words: answer } }
    : { answer: words, rejection: { reason: "handshake_refused", method: inbound.method } };
}

/** An answer as the provider wants it. */
export function responseOf({ status, headers, body }: HandshakeAnswer): Response {
  return new Response(body === "" ? null : body, { status, headers });
}

/** Only a request that was verified names an address to visit, and only one on its provider's own hosts. */
async function confirm(url: string, source: string, { fetchText, log }: GreetDeps): Promise<string | null> {
  const { host } = new URL(url);
  const confirmed = await fetchText({ url, method: "GET", headers: {}, body: null });
  if (confirmed === null) return `the subscription could not be confirmed at ${host}`;
  log.info("handshake.confirmed", { source, host });
  return null;
}

/**
 * Anybody may call before a secret is set, so what is handed over never becomes the source's secret by itself: the
 * operator is shown it once, with the address that it came from, and puts it or does not.
 */
async function offer(
  secret: string,
  { name, scheme }: ConfiguredSource,
  address: string,
  { config: { adminToken }, offers, now, log }: GreetDeps,
): Promise<string | null> {
  if (adminToken === null)
    return `${scheme.name} handed over its secret, and without ADMIN_TOKEN nobody could be shown it: wrangler secret put ADMIN_TOKEN, then set up the webhook again`;
  try {
    const sealed = await seal(secret, adminToken);
    const kept = await within(PATIENCE_MS, "D1", offers.keep(name, { at: now(), address, sealed }));
    if (!kept)
      return `several secrets were handed over already: look at them with POST /api/sources/${name}/offers, then set up the webhook again`;
    log.info("handshake.secret_offered", { source: name, address, seen_by: `POST /api/sources/${name}/offers` });
    return null;
  } catch (error) {
    log.warn("handshake.secret_not_kept", { source: name, error: String(error) });
    return "the secret that was handed over could not be kept, because D1 failed";
  }
}
