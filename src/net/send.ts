// One HTTP request, to a destination or for what a provider publishes, bounded in time, redirects and size.
// The only file that may call fetch.
import { ATTEMPT_MS } from "../deadlines.ts";
import { Consents, type Question } from "./consent.ts";
import { excerpt } from "./excerpt.ts";
import { type Reply, replyOf } from "./reply.ts";
import type { Resolve } from "./resolve.ts";
import type { Unreplied } from "../d1/settlement.ts";
import type { Method } from "../scheme/shape.ts";
import type { Answer, Fault } from "../types.ts";

/** What is kept of an answer, in characters, and how much of it is read at most, in bytes. */
const EXCERPT = 1_000;
const MOST_READ = 64 * 1024;

/** What a receiver may say of further deliveries in the header `webhook-delivery`. */
const ASKED = new Map<string, "abort" | "disable">([
  ["abort-message", "abort"],
  ["disable", "disable"],
]);

/** Where a request goes: the network, or a receiver in its place. It rejects when the signal says so. */
export type Reach = (
  url: string,
  request: {
    readonly method: Method;
    readonly headers: Readonly<Record<string, string>>;
    readonly body: Uint8Array;
    readonly redirect: "manual";
    readonly signal: AbortSignal;
  },
) => Promise<Response>;

export interface Outgoing {
  readonly url: string;
  /** POST where it is left out. */
  readonly method?: Method;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  /** Texts that are not kept of the answer, longest first. */
  readonly hidden?: readonly string[];
  /** In the place of the network. */
  readonly reach?: Reach;
  /** Asked of the receiver before its first event, where it is there: whoever does not say yes gets none. */
  readonly consent?: Question;
  /** Covers the body of the answer, in ms; the usual time where it is left out. */
  readonly timeoutMs?: number;
  /** Told once of the answer that its sender waits for, or why it gets none. */
  readonly heard?: (said: Reply | Unreplied) => void;
}

/**
 * Sends, and never throws: whatever the destination does is an answer. Once a status has come it counts, however its
 * body ends: cut off, reset, of another length than announced, not to be decoded, or without end.
 * A receiver that has said 2xx has the event.
 */
export type Send = (request: Outgoing) => Promise<Answer>;

/**
 * @param now milliseconds, for the latency
 * @param usualMs the time of a request that has none of its own
 * @param resolve asked of a URL before anything is sent to it over the network
 */
export function openSend(now: () => number, usualMs = ATTEMPT_MS, resolve: Resolve | null = null): Send {
  const consents = new Consents(now);
  return async (request) => {
    const { url, method = "POST", headers, body, hidden = [], reach = fetch, timeoutMs = usualMs } = request;
    const { consent, heard } = request;
    const began = now();
    const controller = new AbortController();
    // The timer stays until the body has been read:
    // one that trickles must not hold its place for longer than one that is silent.
    const timer = setTimeout(() => controller.abort(), timeoutMs);
    const answer = (
      status: number | null,
      fault: Fault | null,
      kept = "",
      retryAfter: string | null = null,
    ): Answer => ({
      status,
      fault,
      excerpt: kept,
      retryAfter,
      latencyMs: now() - began,
    });
    try {
      const unfit = resolve === null || reach !== fetch ? null : await resolve(url);
      if (unfit !== null) return answer(null, unfit.fault, excerpt(unfit.why, EXCERPT, hidden));
      if (consent !== undefined) {
        const given = await consents.given(url, consent, (asked) => consentOf(url, asked, controller.signal));
        if (!given) return answer(null, "unconsented");
      }
      // A redirect is not followed: it would carry the body to an address that nobody configured.
      const response = await reach(url, {
        method,
        headers,
        body,
        redirect: "manual",
        signal: controller.signal,
      });
      const read = await readUpTo(MOST_READ, response, controller.signal);
      heard?.(replyOf(response, read, hidden));
      const kept = excerpt(read.text, EXCERPT, hidden);
      const told = answer(response.status, faultOf(response), kept, response.headers.get("retry-after"));
      const asked = ASKED.get(response.headers.get("webhook-delivery")?.trim().toLowerCase() ?? "");
      return asked === undefined ? told : { ...told, asked };
    } catch {
      heard?.("silent");
      return answer(null, controller.signal.aborted ? "timeout" : "connection");
    } finally {
      clearTimeout(timer);
    }
  };
}

/** A redirect is not followed, and a challenge is for browsers: Cloudflare serves it in the receiver's place. */
function faultOf({ status, headers }: Response): Fault | null {
  if (status >= 300 && status < 400) return "redirect";
  return status >= 400 && headers.get("cf-mitigated") === "challenge" ? "challenged" : null;
}

/** The headers of an answer count alone; its body is not read. */
async function consentOf(
  url: string,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<Response> {
  const response = await fetch(url, { method: "OPTIONS", headers, redirect: "manual", signal });
  void response.body?.cancel().catch(() => {});
  return response;
}

/** What is asked of a provider. */
export interface Inquiry {
  readonly url: string;
  readonly method: "GET" | "POST";
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
}

/**
 * What came of a question: its text is whole, or `null`; and why nothing was asked, where its host may not be.
 * Never throws.
 */
export type Ask = (inquiry: Inquiry) => Promise<{
  readonly status: number | null;
  readonly text: string | null;
  readonly unfit?: string;
  /** Of an answer. */
  readonly headers?: Headers;
}>;

/** The whole text of a 200, or `null` for anything else. Never throws. */
export type FetchText = (inquiry: Inquiry) => Promise<string | null>;

/**
 * Opens the way to what providers publish: keys, address lists, confirmations. Who may be asked is decided before.
 *
 * @param most bytes; a longer answer is none, because half a list is worse
 * @param timeoutMs covers the body
 */
export function openFetchText(most: number, timeoutMs: number): FetchText {
  const ask = openAsk(most, timeoutMs);
  return async (inquiry) => {
    const { status, text } = await ask(inquiry);
    return status === 200 ? text : null;
  };
}

/** The same, with the status. No redirect is followed; `timeoutMs` covers what `resolve` takes as well. */
export function openAsk(most: number, timeoutMs: number, resolve: Resolve | null = null): Ask {
  return async ({ url, method, headers, body }) => {
    const controller = new AbortController();
    const timer = setTimeout(() => controller.abort(), timeoutMs);
    try {
      const unfit = (await resolve?.(url)) ?? null;
      if (unfit !== null) return { status: null, text: null, unfit: unfit.why };
      const options = { method, headers, body, redirect: "manual", signal: controller.signal } as const;
      const response = await fetch(url, options);
      const { text, whole } = await readUpTo(most + 1, response, controller.signal);
      return { status: response.status, text: whole ? text : null, headers: response.headers };
    } catch {
      return { status: null, text: null };
    } finally {
      clearTimeout(timer);
    }
  };
}

/**
 * Reads until so many bytes have come or no more do, then hangs up.
 * `whole` says whether the body ended as it should. Never throws.
 */
async function readUpTo(
  most: number,
  response: Response,
  signal: AbortSignal,
): Promise<{ readonly text: string; readonly whole: boolean }> {
  if (response.body === null) return { text: "", whole: true };
  const reader = response.body.getReader();
  const aborted = new Promise<never>((_, reject) => {
    const abort = () => reject(new Error("aborted"));
    if (signal.aborted) abort();
    else signal.addEventListener("abort", abort, { once: true });
  });
  aborted.catch(() => {});
  const decoder = new TextDecoder();
  let text = "";
  let read = 0;
  try {
    while (read < most) {
      const { done, value } = await Promise.race([reader.read(), aborted]);
      if (done) return { text: text + decoder.decode(), whole: true };
      read += value.byteLength;
      text += decoder.decode(value, { stream: true });
    }
    return { text, whole: false };
  } catch {
    return { text, whole: false };
  } finally {
    void reader.cancel().catch(() => {});
  }
}
