// An e-mail out of what a route has made of an event, by Cloudflare's Email Service.
// https://developers.cloudflare.com/email-service/api/send-emails/workers-api/
import { parseJson } from "../bytes/json.ts";

/** What is asked of the binding, as the platform declares it. */
export interface Mailer {
  send(message: Message): Promise<{ readonly messageId?: string } | undefined>;
}

/** The parts of a message; the platform says which it needs and in which form. */
const PARTS = ["from", "to", "cc", "bcc", "replyTo", "subject", "text", "html", "headers", "attachments"] as const;
/** Those that stand in the head of a message, a line each. */
const OF_HEAD = ["from", "to", "cc", "bcc", "replyTo", "headers"] as const;
type Message = Partial<Record<(typeof PARTS)[number], unknown>>;

/** Which answers of the platform's will never be another: the message itself is wrong. */
const WRONG = /^E_(?:VALIDATION_ERROR|FIELD_MISSING|TOO_MANY_RECIPIENTS|CONTENT_TOO_LARGE|HEADERS?_.*)$/;
/** Which the operator can change, at the binding or the domain. */
const FORBIDDEN = /^E_(?:SENDER|RECIPIENT)_/;
const LIMITED = /^E_(?:RATE|DAILY)_LIMIT_EXCEEDED$/;

/** Sends one message. The answer is that of an HTTP receiver, and says why where it is none of 2xx. Never rejects. */
export async function toEmail(mailer: Mailer, body: Uint8Array): Promise<Response> {
  const message = messageIn(body);
  if (message === null) {
    return ended("the body is no JSON object with from, to, subject and text: have a route's transform make one");
  }
  const broken = OF_HEAD.find((part) => breaks(message[part]));
  if (broken !== undefined)
    return ended(`${broken} has a line break or another control character: have the transform take it out`);
  try {
    const sent = await mailer.send(message);
    // A queue has a `send` as well, and has the message now.
    if (sent?.messageId === undefined) return ended("what is bound is no e-mail: name a binding of [[send_email]]");
    return new Response(sent.messageId);
  } catch (error) {
    const code = codeOf(error);
    const says = `${code === "" ? "" : `${code}: `}${error instanceof Error ? error.message : String(error)}`;
    if (WRONG.test(code)) return ended(says);
    return new Response(says, { status: FORBIDDEN.test(code) ? 403 : LIMITED.test(code) ? 429 : 503 });
  }
}

/** Whether a text in it would go on in another line of the head, and be a header of whoever has written it. */
function breaks(value: unknown): boolean {
  if (typeof value === "string") return /\p{Cc}/u.test(value);
  if (typeof value !== "object" || value === null) return false;
  return Object.entries(value).some((entry) => entry.some(breaks));
}

/** What else the body has is not the platform's to see. */
function messageIn(body: Uint8Array): Message | null {
  const found = parseJson(new TextDecoder().decode(body));
  if (typeof found !== "object" || found === null || Array.isArray(found)) return null;
  const parts = PARTS.flatMap((part) => {
    const value: unknown = Reflect.get(found, part);
    if (value === undefined || value === null) return [];
    // A sender may have written it, over several lines.
    const isSubject = part === "subject" && typeof value === "string";
    return [[part, isSubject ? value.replaceAll(/\p{Cc}+/gu, " ").trim() : value] as const];
  });
  return parts.length === 0 ? null : Object.fromEntries(parts);
}

function codeOf(error: unknown): string {
  return typeof error === "object" && error !== null && "code" in error ? String(error.code) : "";
}

/** It would never go: no attempt more is made. */
function ended(says: string): Response {
  return new Response(says, { status: 422, headers: { "webhook-delivery": "abort-message" } });
}
