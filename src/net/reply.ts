// What of a destination's answer may be its sender's: one of a few types, whole, small, and without a secret. Pure.
import type { Replied, Unreplied } from "../d1/settlement.ts";

/** An answer as the sender gets it. No other header goes along, cookies least of all. */
export interface Reply {
  readonly type: string;
  readonly text: string;
}

/** Somebody who waits for the answer of one destination. */
export interface Awaiting {
  readonly destination: string;
  /** Takes the answer, or why there is none, once; says what the sender gets. */
  take(said: Reply | Unreplied): Replied;
}

/** Types that are data; `wordsOf` sees to it that a browser runs nothing of XML. */
const TYPES: ReadonlySet<string> = new Set(["application/json", "text/plain", "text/xml", "application/xml"]);

/**
 * The answer as it may be passed on, or why it may not.
 *
 * @param body the text as it was read, up to the bound, and whether that was all
 * @param hidden texts that would give away a secret
 */
export function replyOf(
  { ok, headers }: Pick<Response, "ok" | "headers">,
  { text, whole }: { readonly text: string; readonly whole: boolean },
  hidden: readonly string[],
): Reply | Unreplied {
  if (!ok) return "status";
  if (!whole) return "large";
  if (text === "") return "empty";
  const [essence = "", ...parameters] = (headers.get("content-type") ?? "").toLowerCase().split(";");
  const type = essence.trim();
  if (!TYPES.has(type)) return "type";
  const charset = parameters.map((one) => one.trim()).find((one) => one.startsWith("charset="));
  const isUtf8 = charset === undefined || /^charset="?(?:utf-8|us-ascii)"?$/.test(charset);
  // A replacement character stands for bytes that are no UTF-8, such as those of a compression that nobody undid.
  if (!isUtf8 || text.includes("\uFFFD")) return "encoding";
  if (hidden.some((one) => text.includes(one))) return "secret";
  return { type: `${type}; charset=utf-8`, text };
}
