// Every reason to turn a request away, with its evidence, and problems as they are answered.

/** A request that Hookline refuses, with the evidence. The union is the threat model of the front door. */
export type Rejection =
  /** `meant` is the source whose address was missed, where that can be told. */
  | { readonly reason: "source_unknown"; readonly path: string; readonly meant?: string }
  | { readonly reason: "source_disabled"; readonly why: string }
  | { readonly reason: "method_not_allowed"; readonly method: string; readonly allow: string }
  | { readonly reason: "address_refused"; readonly address: string }
  /** The provider's own address list has never been fetched, so nobody is on it. */
  | { readonly reason: "addresses_unknown"; readonly address: string }
  | { readonly reason: "flooding"; readonly address: string }
  | { readonly reason: "body_too_large"; readonly limit: number }
  | { readonly reason: "body_too_slow"; readonly waitedMs: number }
  | { readonly reason: "body_broken" }
  /** A challenge that came without the right token, signature or form. */
  | { readonly reason: "handshake_refused"; readonly method: string }
  | { readonly reason: "rate_limited"; readonly retryAfterMs: number }
  /** A proven message of the operator's own app that is none; `field` is a member or a header. */
  | { readonly reason: "message_malformed"; readonly field: string; readonly says: string }
  /** The same, under a name that stands for another content already. */
  | { readonly reason: "name_reused"; readonly field: string }
  /** The source's events are kept sealed, and there is no key to seal them with. */
  | { readonly reason: "key_missing"; readonly why: string }
  | { readonly reason: "busy"; readonly why: string; readonly retryAfterMs: number }
  | VerificationRejection;

/** Why a request is not proven to come from its provider. */
export type VerificationRejection =
  | { readonly reason: "secret_missing"; readonly names: readonly string[] }
  /** The secret is set, but is not written in the form that the scheme takes. */
  | { readonly reason: "secret_unusable"; readonly name: string; readonly form: string }
  /** A setting of the source that the scheme asks for. */
  | { readonly reason: "setting_missing"; readonly setting: string }
  /** A key that the provider publishes could not be fetched. */
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

/** Either a value or the caller's fault. Our own faults are thrown. */
export type Result<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly rejection: Rejection };

/** RFC 9457 problem details, without the members that would tell a stranger more than the status does. */
export interface Problem {
  readonly status: number;
  readonly title: string;
  readonly detail?: string;
  /** The member, parameter or header that is wrong, where it is one. */
  readonly field?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export type Reason = Rejection["reason"];

/** A problem as a response. */
export function problem({ status, title, detail, field, headers }: Problem): Response {
  const body = {
    type: "about:blank",
    title,
    status,
    ...(detail === undefined ? {} : { detail }),
    ...(field === undefined ? {} : { field }),
  };
  return new Response(JSON.stringify(body), {
    status,
    headers: { "content-type": "application/problem+json", "cache-control": "no-store", ...headers },
  });
}
