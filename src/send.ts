// One HTTP request to a destination, with an end to everything: time, redirects, size. The only file that may call fetch.
import type { Answer, Fault } from "./types.ts";

/** Covers the connection, the headers and the body of the answer, in ms (the Standard Webhooks guide: 15 to 30 s). */
export const TIMEOUT_MS = 15_000;
/** What is kept of an answer, in characters, and how much of it is read at most, in bytes. */
const EXCERPT = 1_000;
const MOST_READ = 64 * 1024;

export interface Outgoing {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/** Sends, and never throws: whatever the destination does is an answer. */
export type Send = (request: Outgoing) => Promise<Answer>;

/** @param now milliseconds, for the latency */
export function openSend(now: () => number, timeoutMs = TIMEOUT_MS): Send {
  return async ({ url, headers, body }) => {
    const began = now();
    const controller = new AbortController();
    // The timer stays until the body has been read: a receiver that trickles is as slow as one that is silent.
    const timer = setTimeout(() => controller.abort(), timeoutMs);
    const answer = (
      status: number | null,
      fault: Fault | null,
      excerpt = "",
      retryAfter: string | null = null,
    ): Answer => ({
      status,
      fault,
      excerpt,
      retryAfter,
      latencyMs: now() - began,
    });
    try {
      // A redirect is not followed: it would carry the body to an address that nobody configured.
      const response = await fetch(url, {
        method: "POST",
        headers,
        body,
        redirect: "manual",
        signal: controller.signal,
      });
      const excerpt = await readExcerpt(response, controller.signal);
      const redirected = response.status >= 300 && response.status < 400;
      return answer(response.status, redirected ? "redirect" : null, excerpt, response.headers.get("retry-after"));
    } catch {
      return answer(null, controller.signal.aborted ? "timeout" : "connection");
    } finally {
      clearTimeout(timer);
    }
  };
}

/** Reads up to the cap, then hangs up. The whole answer is not waited for once it can change nothing. */
async function readExcerpt(response: Response, signal: AbortSignal): Promise<string> {
  if (response.body === null) return "";
  const reader = response.body.getReader();
  const aborted = new Promise<never>((_, reject) => {
    signal.addEventListener("abort", () => reject(new Error("aborted")), { once: true });
  });
  aborted.catch(() => {});
  const decoder = new TextDecoder();
  let text = "";
  let read = 0;
  try {
    while (read < MOST_READ) {
      const { done, value } = await Promise.race([reader.read(), aborted]);
      if (done) break;
      read += value.byteLength;
      if (text.length < EXCERPT) text += decoder.decode(value, { stream: true });
    }
  } finally {
    void reader.cancel().catch(() => {});
  }
  return text.slice(0, EXCERPT).toWellFormed().replaceAll("\u0000", "\uFFFD");
}
