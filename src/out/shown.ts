// What may be shown of a request that carries a redacted event: what is the relay's own, and what is left. Pure.
import { REDACTED_TEXT } from "../ids.ts";
import { TRACEPARENT } from "../net/trace.ts";
import type { Hidden } from "../scheme/redaction.ts";
import { ofSender } from "./shape.ts";

/** Names of which the relay makes the values, and none of them from a body. */
const OWN = /^(?:webhook-(?:id|timestamp|signature)|user-agent|hookline-(?!sender-).*)$/;
/** Those that it may write anew. */
const ANEW: ReadonlySet<string> = new Set([TRACEPARENT, "content-type", "content-encoding"]);

/** What is left of the body, where that is what is sent. What is made of it may spell a value in another way. */
export async function shownOf({ shown, isOwn }: Hidden & { readonly isOwn: boolean }): Promise<Uint8Array> {
  return isOwn && shown !== undefined ? await shown() : new TextEncoder().encode(REDACTED_TEXT);
}

/** The headers that are sent, without what stands for a value that nobody is shown. */
export function shownHeaders(
  sent: Readonly<Record<string, string>>,
  { headers }: Pick<Hidden, "headers">,
): Record<string, string> {
  const left = ofSender(headers);
  return Object.fromEntries(
    Object.entries(sent).map(([name, value]) => {
      const isAnew = ANEW.has(name) && left[name] !== REDACTED_TEXT;
      return [name, OWN.test(name) || isAnew || left[name] === value ? value : REDACTED_TEXT];
    }),
  );
}
