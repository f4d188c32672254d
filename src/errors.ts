// Every way to say no, and the one switch that says it on the wire. The log gets the whole rejection, the sender much
// less.

/** A request that Hookline refuses, with the evidence. The union is the threat model of the front door. */
export type Rejection =
  /** `meant` is the source whose address was missed, where that can be told. */
  | { readonly reason: "source_unknown"; readonly path: string; readonly meant?: string }
  | { readonly reason: "source_disabled"; readonly why: string }
  | { readonly reason: "method_not_allowed"; readonly method: string; readonly allow: string }
  | { readonly reason: "address_refused"; readonly address: string }
  /** The provider's own address list has never been had, so nobody is on it. */
  | { readonly reason: "addresses_unknown"; readonly address: string }
  | { readonly reason: "flooding"; readonly address: string }
  | { readonly reason: "body_too_large"; readonly limit: number }
  | { readonly reason: "body_too_slow"; readonly waitedMs: number }
  | { readonly reason: "body_broken" }
  /** A challenge that came without the right token, signature or form. */
  | { readonly reason: "handshake_refused"; readonly method: string }
  | { readonly reason: "rate_limited"; readonly retryAfterMs: number }
  | { readonly reason: "busy"; readonly why: string; readonly retryAfterMs: number }
  | VerificationRejection;

/** Why a request is not proven to come from its provider. */
export type VerificationRejection =
  | { readonly reason: "secret_missing"; readonly names: readonly string[] }
  /** The secret is set, but is not written in the form that the scheme takes. */
  | { readonly reason: "secret_unusable"; readonly name: string; readonly form: string }
  /** A setting of the source that the scheme asks for. */
  | { readonly reason: "setting_missing"; readonly setting: string }
  /** A key that the provider publishes could not be had. */
  | { readonly reason: "key_unavailable"; readonly why: string }
  | { readonly reason: "signature_missing"; readonly where: string }
  | { readonly reason: "signature_malformed"; readonly where: string }
  | { readonly reason: "signature_mismatch"; readonly tried: readonly string[] }
  /** Something that is signed along with the body is not there. */
  | { readonly reason: "part_missing"; readonly where: string }
  /** Something that must have one of a few values has another. */
  | { readonly reason: "part_refused"; readonly where: string }
  /** The signature is right, but a stranger could have had it computed by asking for the answer to a challenge. */
  | { readonly reason: "challenge_signed" }
  /** The signature is right, but the body is no JSON, in which type or id of an event would stand. */
  | { readonly reason: "body_not_json"; readonly where: string }
  /** The signature is right, but it speaks of another body. */
  | { readonly reason: "body_mismatch"; readonly where: string }
  /** It would have to be read before it is proven, and has too many parts for that; `what` says which. */
  | { readonly reason: "body_too_complex"; readonly what: string }
  | { readonly reason: "timestamp_missing"; readonly where: string }
  | { readonly reason: "timestamp_malformed"; readonly where: string }
  | { readonly reason: "timestamp_stale"; readonly ageMs: number; readonly toleranceMs: number }
  | { readonly reason: "timestamp_future"; readonly aheadMs: number; readonly toleranceMs: number };

/** What a request lacks in proof; the sender of anything else may well be genuine. */
export function isVerification(rejection: Rejection): rejection is VerificationRejection {
  return toWire(rejection).status === 401 || ["key_unavailable", "body_too_complex"].includes(rejection.reason);
}

/**
 * Whether the sender has sent something wrong, as opposed to an operator who has not finished and a key that is not to
 * be had.
 */
export function isSenders(rejection: Rejection): boolean {
  const { reason } = rejection;
  return (
    isVerification(rejection) &&
    !["secret_missing", "secret_unusable", "setting_missing", "key_unavailable", "body_too_complex"].includes(reason)
  );
}

/** Either a value or the caller's fault. Our own faults are thrown. */
export type Result<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly rejection: Rejection };

/** RFC 9457 problem details, without the members that would tell a stranger more than the status does. */
export interface Problem {
  readonly status: number;
  readonly title: string;
  readonly detail?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What the sender is told. Every verification failure looks the same from outside. */
export function toWire(rejection: Rejection): Problem {
  switch (rejection.reason) {
    case "source_unknown":
      return { status: 404, title: "Not Found" };
    case "source_disabled":
      // The sender is known and will come again; the operator's mistake must not cost the event.
      return { status: 503, title: "Service Unavailable", headers: { "retry-after": "300" } };
    case "method_not_allowed":
      return { status: 405, title: "Method Not Allowed", headers: { allow: rejection.allow } };
    case "address_refused":
    case "addresses_unknown":
    case "handshake_refused":
      return { status: 403, title: "Forbidden" };
    case "flooding":
      return { status: 429, title: "Too Many Requests", headers: { "retry-after": "60" } };
    case "body_too_large":
    case "body_too_complex":
      return { status: 413, title: "Content Too Large" };
    case "body_too_slow":
      return { status: 408, title: "Request Timeout" };
    case "body_broken":
      return { status: 400, title: "Bad Request" };
    case "rate_limited":
      return {
        status: 429,
        title: "Too Many Requests",
        headers: { "retry-after": seconds(rejection.retryAfterMs) },
      };
    case "busy":
      return {
        status: 503,
        title: "Service Unavailable",
        headers: { "retry-after": seconds(rejection.retryAfterMs) },
      };
    case "key_unavailable":
      // Not the sender's fault, and some senders (SNS) never repeat what was answered with 401.
      return { status: 503, title: "Service Unavailable", headers: { "retry-after": "60" } };
    case "secret_missing":
    case "secret_unusable":
    case "setting_missing":
    case "part_missing":
    case "part_refused":
    case "challenge_signed":
    case "body_not_json":
    case "body_mismatch":
    case "signature_missing":
    case "signature_malformed":
    case "signature_mismatch":
    case "timestamp_missing":
    case "timestamp_malformed":
    case "timestamp_stale":
    case "timestamp_future":
      return { status: 401, title: "Unauthorized" };
  }
}

/** A problem as a response. */
export function problem({ status, title, detail, headers }: Problem): Response {
  const body = { type: "about:blank", title, status, ...(detail === undefined ? {} : { detail }) };
  return new Response(JSON.stringify(body), {
    status,
    headers: { "content-type": "application/problem+json", "cache-control": "no-store", ...headers },
  });
}

/** Retry-After in whole seconds, never 0 (RFC 9110, 10.2.3). */
function seconds(ms: number): string {
  return String(Math.max(1, Math.ceil(ms / 1000)));
}
