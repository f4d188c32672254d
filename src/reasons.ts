// What follows from each reason to turn a request away: one row of a table. The log hears all of it, the sender little.
import type { Problem, Reason, Rejection, VerificationRejection } from "./errors.ts";

type Of<R extends Reason> = Extract<Rejection, { readonly reason: R }>;

/** What follows from a reason. Nothing outside of this table decides by one. */
interface Row<R extends Reason> {
  readonly status: keyof typeof TITLES;
  /** Who has to act before such a request can pass. What is the relay's fault passes when it is sent again. */
  readonly fault: "sender" | "operator" | "relay";
  /** Whether the request lacks proof that it comes from its provider. */
  readonly unproven?: boolean;
  /** Headers of the answer. */
  headers?(rejection: Of<R>): Readonly<Record<string, string>>;
  /** What the sender is told beside the status: of requests alone that are proven to be the operator's own app's. */
  tells?(rejection: Of<R>): { readonly field: string; readonly detail: string };
  /** One sentence for the operator: what is wrong, and what to do next. `name` is the provider as people write it. */
  advice(rejection: Of<R>, name: string): string;
}

/** A row for every reason, and `unproven` in those of `VerificationRejection` alone: the types hold both. */
type Table = {
  readonly [R in Reason]: Row<R> &
    (R extends VerificationRejection["reason"] ? { readonly unproven: true } : { readonly unproven?: false });
};

/** Statuses of the front door, in the words of RFC 9110. */
export const TITLES = {
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  408: "Request Timeout",
  413: "Content Too Large",
  422: "Unprocessable Content",
  429: "Too Many Requests",
  503: "Service Unavailable",
} as const;

/** What an operator reads where the trials of a refusal have found nothing more exact. */
const NO_MATCH = () => "The signature or its time does not match.";

const REUSED = "has named another content already, and names one event: give what differs a name of its own";

/** Whatever is wrong with a proof, a stranger hears the same. */
const FORGED = { status: 401, fault: "sender", unproven: true } as const;
const UNFINISHED = { status: 401, fault: "operator", unproven: true } as const;

export const REASONS: Table = {
  source_unknown: {
    status: 404,
    fault: "sender",
    advice: ({ path, meant }) =>
      meant === undefined
        ? "No source has this name: check the URL that the sender was given."
        : `A request came to ${path}, which does not exist: the path of this source is /in/${meant}. Give the sender that one.`,
  },
  source_disabled: {
    // The sender is known and will come again; the operator's mistake must not cost the event.
    status: 503,
    fault: "operator",
    headers: () => ({ "retry-after": "300" }),
    advice: ({ why }) =>
      `The configuration of this source is wrong, so it accepts nothing. ${why}${/[.?]$/.test(why) ? "" : "."}`,
  },
  method_not_allowed: {
    status: 405,
    fault: "sender",
    headers: ({ allow }) => ({ allow }),
    advice: ({ method, allow }, name) =>
      ["GET", "HEAD"].includes(method)
        ? `${method} is not how ${name} sends events: somebody opened the address in a browser, or a redirect on the way turned a POST into a GET. Give the sender the final https address.`
        : `${method} is not accepted here, only ${allow}: set the sender to POST.`,
  },
  address_refused: {
    status: 403,
    fault: "sender",
    advice: ({ address }, name) =>
      `${address || "A request without an address"} is not among the networks of allow: if it is ${name}, add it; a proxy before Hookline also shows its own address.`,
  },
  addresses_unknown: {
    status: 403,
    fault: "relay",
    advice: (_, name) =>
      `The address list of ${name} has not been fetched yet, so it admits nobody: the relay tries once a minute, and GET /api/sources says what went wrong.`,
  },
  flooding: {
    status: 429,
    fault: "sender",
    headers: () => ({ "retry-after": "60" }),
    advice: ({ address }, name) =>
      `${address || "Somebody"} has sent more unverified requests than the flood guard admits from one address. Genuine requests still pass, unless there are too many others; in that case name the networks of ${name} under allow, which are not counted.`,
  },
  body_too_large: {
    status: 413,
    fault: "sender",
    advice: ({ limit }) => `The body is larger than ${limit} bytes: raise max_body, up to 25MiB.`,
  },
  body_too_slow: {
    status: 408,
    fault: "sender",
    advice: ({ waitedMs }) =>
      `The body was not complete after ${Math.round(waitedMs / 1000)} s: the sender or its network is slow.`,
  },
  body_broken: {
    status: 400,
    fault: "sender",
    advice: () => "The sender closed the connection before the body was complete, or sent invalid HTTP.",
  },
  handshake_refused: {
    status: 403,
    fault: "sender",
    advice: (_, name) =>
      `${name} sent a handshake whose token, signature or challenge was wrong: enter the same secret at the sender and here.`,
  },
  rate_limited: {
    status: 429,
    fault: "sender",
    headers: ({ retryAfterMs }) => retryAfter(retryAfterMs),
    advice: () => "More requests came than the rate of this source allows: raise rate if the sender may send faster.",
  },
  message_malformed: {
    status: 400,
    fault: "sender",
    tells: ({ field, says }) => ({ field, detail: `${field}: ${says}` }),
    advice: ({ field, says }) => `The message was none: ${field} ${says}. The app was told so.`,
  },
  name_reused: {
    status: 422,
    fault: "sender",
    tells: ({ field }) => ({ field, detail: `${field}: ${REUSED}` }),
    advice: ({ field }) => `The ${field} ${REUSED}. The app was told so.`,
  },
  busy: {
    status: 503,
    fault: "relay",
    headers: ({ retryAfterMs }) => retryAfter(retryAfterMs),
    advice: ({ why }) => `Not accepted, and the sender was asked to retry: ${why}.`,
  },
  key_missing: {
    // The sender is known and will come again; nothing may be kept unsealed meanwhile.
    status: 503,
    fault: "operator",
    headers: () => ({ "retry-after": "300" }),
    advice: ({ why }) =>
      `This source encrypts or redacts, and ${why}: nothing is accepted until it is put with npx wrangler secret put ENCRYPTION_KEY.`,
  },
  secret_missing: {
    ...UNFINISHED,
    advice: ({ names }) =>
      `No secret is set: npx wrangler secret put ${names[0] ?? "NAME"}, or for npm run dev a line in .dev.vars.`,
  },
  secret_unusable: {
    ...UNFINISHED,
    advice: ({ name: secret, form }, name) =>
      `${secret} is not written as ${name} writes it (${form}): copy it again, whole.`,
  },
  setting_missing: {
    ...UNFINISHED,
    advice: ({ setting }, name) => `${name} signs something that only you know: set ${setting} under settings.`,
  },
  key_unavailable: {
    // Not the sender's fault, and some senders (SNS) never repeat what was answered with 401.
    status: 503,
    fault: "relay",
    unproven: true,
    headers: () => ({ "retry-after": "60" }),
    advice: ({ why }, name) =>
      `${name} publishes its key, and it is unavailable (${why}): the relay tries again within a minute.`,
  },
  signature_missing: {
    ...FORGED,
    advice: ({ where }, name) =>
      `The request has no signature at ${where}: set the secret at ${name}, or somebody else is calling.`,
  },
  signature_malformed: {
    ...FORGED,
    advice: ({ where }, name) =>
      `${where} does not hold a signature of ${name}: is this the right provider, and its current version?`,
  },
  signature_mismatch: { ...FORGED, advice: NO_MATCH },
  part_missing: {
    ...FORGED,
    advice: ({ where }) =>
      `${where} is signed along with the body, but is not in the request: a proxy may have removed it.`,
  },
  part_refused: {
    ...FORGED,
    advice: ({ where }, name) => `${where} has a value that ${name} does not send or that this source does not take.`,
  },
  challenge_signed: {
    ...FORGED,
    advice: (_, name) =>
      `The signed content has the form of a challenge, for which anybody can get a signature: it is not an event of ${name}, and may be an attempt to forge one.`,
  },
  body_not_json: {
    ...FORGED,
    advice: ({ where }, name) =>
      `The signature is right, but the body is no JSON, and ${name} has ${where} in it: it was cut or moved on the way, or the table of this source reads its type or id from a place that is not there. Put a part that may be missing in square brackets.`,
  },
  body_mismatch: {
    ...FORGED,
    advice: ({ where }) =>
      `The signature is right, but belongs to another body (${where}): something rewrites the body on the way, or it is forged.`,
  },
  body_too_complex: {
    // The bound is the relay's own, and a genuine sender can exceed it: no provider's words for a forgery are used.
    status: 413,
    fault: "operator",
    unproven: true,
    advice: ({ what }, name) =>
      `The body has ${what}, which is more than the relay parses: have ${name} send less in one request.`,
  },
  timestamp_missing: {
    ...FORGED,
    advice: ({ where }) => `The request has no timestamp at ${where}.`,
  },
  timestamp_malformed: {
    ...FORGED,
    advice: ({ where }, name) => `${where} does not hold a time in the unit that ${name} uses.`,
  },
  timestamp_stale: { ...FORGED, advice: NO_MATCH },
  timestamp_future: { ...FORGED, advice: NO_MATCH },
};

/** Whether a request lacks proof; the sender of any other may well be genuine. */
export function isVerification(rejection: Rejection): rejection is VerificationRejection {
  return REASONS[rejection.reason].unproven === true;
}

/** Whether the sender has sent something wrong, as opposed to an unfinished setup and to a key that is unavailable. */
export function isSenders(rejection: Rejection): boolean {
  return isVerification(rejection) && REASONS[rejection.reason].fault === "sender";
}

/** What an operator can do about a refusal, in one sentence. */
export function adviseOn(rejection: Rejection, provider: string): string {
  const row: Row<Reason> = REASONS[rejection.reason];
  return row.advice(rejection, provider);
}

/** What the sender is told. */
export function toWire(rejection: Rejection): Problem {
  const row: Row<Reason> = REASONS[rejection.reason];
  const headers = row.headers?.(rejection);
  return {
    status: row.status,
    title: TITLES[row.status],
    ...row.tells?.(rejection),
    ...(headers === undefined ? {} : { headers }),
  };
}

/** Retry-After in whole seconds, never 0 (RFC 9110, 10.2.3). */
function retryAfter(ms: number): Readonly<Record<string, string>> {
  return { "retry-after": String(Math.max(1, Math.ceil(ms / 1000))) };
}
