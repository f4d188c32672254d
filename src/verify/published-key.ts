// Is a response the key that was requested? A page, an error or somebody else's certificate is not. Pure.

import { isValidAt, namesOfCertificate, soleCertificate } from "./der.ts";
import { member, parseJson } from "../bytes/json.ts";
import { parsesAsKey } from "./parses-as-key.ts";
import { namesFor } from "./pinned.ts";
import type { Provider } from "../scheme/scheme.ts";

/** What a provider says of its keys. */
export type PublishedKeys = NonNullable<Provider["keys"]>;

/** What was asked for: the URL, and the name of the key where the request has one. */
export interface Asked {
  readonly url: string;
  readonly kid: string | null;
}

/**
 * The key in a form that `publicKeys` reads, or `null` where the answer is not one that may be used;
 * `now` in milliseconds.
 */
export function keyIn(answer: string, keys: PublishedKeys, asked: Asked, now: number): string | null {
  switch (keys.form) {
    case "certificate":
      return isCertificateOf(answer, keys, asked, now) ? answer : null;
    case "jwks":
      return isSet(parseJson(answer)) ? answer : null;
    case "jwk":
      return namedKey(member(parseJson(answer), pathOf(keys)), asked, now);
    case "pem":
      return /^\s*-----BEGIN PUBLIC KEY-----/.test(answer) && parsesAsKey(answer) ? answer : null;
    case "text": {
      const key = member(parseJson(answer), pathOf(keys));
      return typeof key === "string" && parsesAsKey(key) ? key : null;
    }
  }
  return keys.form satisfies never;
}

function pathOf({ member: path = "" }: PublishedKeys): readonly string[] {
  return path.split(".");
}

/**
 * One certificate and nothing beside it, within its dates,
 * and issued to the sender by one of the names that it signs under.
 */
function isCertificateOf(answer: string, keys: PublishedKeys, { url }: Asked, now: number): boolean {
  const certificate = soleCertificate(answer);
  if (certificate === null || !isValidAt(certificate, now)) return false;
  const wanted = namesFor(url, keys, keys.subject ?? []);
  return namesOfCertificate(certificate).some((name) => wanted.includes(name));
}

/** A set of keys, each with a type, and at least one of them. */
function isSet(document: unknown): boolean {
  const all = member(document, ["keys"]);
  return Array.isArray(all) && all.length > 0 && all.every((key) => typeof member(key, ["kty"]) === "string");
}

/** A single key: of the name that was asked for, and not one that has expired (Plaid's `expired_at`, in seconds). */
function namedKey(key: unknown, { kid }: Asked, now: number): string | null {
  if (typeof member(key, ["kty"]) !== "string") return null;
  const [name, expired] = [member(key, ["kid"]), member(key, ["expired_at"])];
  if (name !== undefined && kid !== null && name !== kid) return null;
  return typeof expired === "number" && expired * 1000 <= now ? null : JSON.stringify(key);
}
