// Which headers name the events of a sender, and which of them may be kept and passed on? Pure.

import type { Place } from "./places.ts";
import type { Provider } from "./scheme.ts";
import { placesOf } from "./template.ts";

/**
 * The last word of a header that names an event. A list of what may pass: a header of another name stays here, whatever
 * it is called, and so does one of these that has a word of a credential before it (`X-Session-Id`).
 */
const NAMING = new Set(
  (
    "action category delivery event events hook id identifier ids invocation kind message model name notification number object " +
    "operation request resource revision sequence source status subject submission subtype timestamp topic trigger type uuid version webhook"
  ).split(" "),
);
/** Ids and types that are called keys, tokens and codes by those who send them. */
const CALLED_KEYS = /(?:^|-)(?:idempotency-(?:key|token)|event-(?:key|code))$/;
/** In one word, without separators. */
const RUN_TOGETHER = /^(?:event|webhook|hook|delivery|message|request|notification)(?:id|uuid|type|kind|name|topic)$/;

/**
 * Texts in the name of a header that carries a credential or an address, or belongs to one connection (RFC 9110,
 * 7.6.1).
 */
const TEXTS =
  /auth(?!or(?!i))|token|secret|passw|passphrase|cookie|credential|session|jwt|hmac|signature|signing|signed|bearer|csrf|xsrf|saml|assertion|certificate|verif|api-?key|forwarded|^cf-|^proxy-|^if-|^accept|^content-|^transfer-|^keep-alive/;
/** The same as whole words. */
const WORDS = new Set(
  (
    "key keys sig sign mac pin otp totp mfa 2fa sid sess pass pwd pw cert sso ticket grant login user username identity license access refresh " +
    "private client ip host connection te trailer upgrade expect range via origin referer cred creds account oauth oidc csr"
  ).split(" "),
);

/**
 * Whether a header of this name, in lower case, says what an event is or how it is called,
 * and nothing that others should not see.
 */
export function namesEvents(name: string): boolean {
  if (CALLED_KEYS.test(name)) return !TEXTS.test(name.replace(CALLED_KEYS, ""));
  const words = name.split(/[-_.]/);
  const last = words.at(-1) ?? "";
  return (NAMING.has(last) || RUN_TOGETHER.test(last)) && !TEXTS.test(name) && !words.some((word) => WORDS.has(word));
}

/**
 * Headers by which a scheme names its events and which are not kept,
 * because they are called like something else, or like a credential.
 */
export function unkeptNames(provider: Provider): readonly string[] {
  return namingHeaders(provider).filter((name) => !namesEvents(name));
}

/** Headers by which a scheme names its events, in lower case, once each. */
export function namingHeaders({ type, id }: Provider): readonly string[] {
  return [...new Set(headersOf([type, id].flatMap((template) => (template === undefined ? [] : placesOf(template)))))];
}

/** The headers among places, in lower case. */
export function headersOf(places: readonly Place[]): string[] {
  return places.flatMap(({ source, name }) => (source === "header" ? [name.toLowerCase()] : []));
}
