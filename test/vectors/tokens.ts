// Senders that show a secret, or a JSON Web Token of their own making, as the facts say.

import { createHash, createHmac, createSign, sign } from "node:crypto";
import type { Facts, Token } from "./facts.ts";
import { type Key, keyOf } from "./keys.ts";
import { type Asked, BODY, JSON_TYPE, NOW, type Signed, URL_SIGNED, withQuery } from "./signed.ts";

/** A request that shows the secret itself: in a header, the query or the JSON; a sender that shows nothing carries it in its URL. */
export function signByToken({ id, scheme }: Facts, { body = BODY, whose = "own" }: Asked): Signed {
  const { alg, sig } = scheme;
  const { text } = keyOf(id, scheme.key ?? "utf8", whose);
  const proof = alg === "basic" ? Buffer.from(text).toString("base64") : text;
  const place = sig ?? { in: "query", name: "token" };
  const value = `${alg === "basic" ? "Basic " : (sig?.prefix ?? "")}${proof}`;
  return {
    request: {
      provider: id,
      method: "POST",
      url: place.in === "query" ? withQuery(URL_SIGNED, place.name, value) : URL_SIGNED,
      headers: place.in === "header" ? { ...JSON_TYPE, [place.name]: value } : JSON_TYPE,
      body: place.in === "json" ? JSON.stringify(nested(place.name.split("."), value)) : body,
      ...keyOf(id, scheme.key ?? "utf8").row,
    },
    proof,
    covered: {},
    tolerance: null,
  };
}

/** A value at a path of member names and indices. */
function nested([name, ...rest]: readonly string[], value: string): unknown {
  if (name === undefined) return value;
  const inner = nested(rest, value);
  return name === "0" ? [inner] : { [name]: inner };
}

/** A request with a JSON Web Token, in a header or as the whole body. */
export function signByJwt(
  { id, scheme }: Facts,
  { body = BODY, at = NOW, whose = "own", token: forged = {} }: Asked,
): Signed {
  const { alg, sig, jwt } = scheme;
  if (!sig || !jwt) throw new TypeError(`${id}: the facts have no token`);
  const key = keyOf(id, scheme.key ?? "utf8", whose);
  const claims = { ...claimsOf(jwt, body, at), ...forged.claims };
  const named = alg.replace(/^jwt-/, "").toUpperCase();
  const proof = token({ alg: forged.alg ?? named, typ: "JWT", kid: "k1" }, claims, forged.key ?? key);
  const whole = sig.in === "body";
  return {
    request: {
      provider: id,
      method: "POST",
      url: URL_SIGNED,
      headers: whole ? { "content-type": "application/jwt" } : { ...JSON_TYPE, [sig.name]: (sig.prefix ?? "") + proof },
      body: whole ? proof : body,
      ...(jwt.iss === "issuer" ? { config: { issuer: ISSUER } } : {}),
      ...keyOf(id, scheme.key ?? "utf8").row,
    },
    proof,
    covered: {
      ...(jwt.bodyHashClaim ? { body: ['"n":1', '"n":2'] } : {}),
      ...(jwt.urlHashClaim || jwt.qsh || jwt.aud ? { url: ["?foo=1", "?foo=2"] } : {}),
      ...(jwt.qsh ? { path: ["/in/abc123", "/in/abc124"] } : {}),
    },
    tolerance: jwt.iatMaxAge ?? (jwt.exp || jwt.iatExp || jwt.expNbf ? LIFE : null),
  };
}

/** Of a sender that has an issuer for each customer. */
const ISSUER = "https://acme.kinde.com";

/** Seconds that a token with an end lives. */
const LIFE = 60;

const sha256 = (text: string) => createHash("sha256").update(text).digest();

function claimsOf(jwt: Token, body: string, at: number): object {
  const ends = jwt.exp || jwt.iatExp || jwt.expNbf;
  return {
    jti: "j1",
    ...(jwt.iss ? { iss: jwt.iss === "issuer" ? ISSUER : jwt.iss } : {}),
    ...(jwt.iatMaxAge || jwt.iatExp ? { iat: at } : {}),
    ...(jwt.expNbf ? { nbf: at - 1 } : {}),
    ...(ends ? { exp: at + LIFE } : {}),
    ...(jwt.aud ? { aud: URL_SIGNED } : {}),
    ...(jwt.qsh ? { qsh: sha256("POST&/in/abc123&foo=1").toString("hex") } : {}),
    ...(jwt.urlHashClaim ? { [jwt.urlHashClaim]: sha256(URL_SIGNED).toString("hex") } : {}),
    ...(jwt.bodyHashClaim
      ? { [jwt.bodyHashClaim]: sha256(body).toString(jwt.enc === "base64" ? "base64" : "hex") }
      : {}),
  };
}

const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");

/** A token in compact form (RFC 7515), signed in the algorithm that its header names. */
function token(
  header: { readonly alg: string; readonly typ: string; readonly kid: string },
  claims: object,
  key: Key,
): string {
  const input = `${part(header)}.${part(claims)}`;
  return `${input}.${jwsCode(header.alg, input, key).toString("base64url")}`;
}

/** The code or signature of a token. An algorithm that is none has none. */
export function jwsCode(alg: string, input: string, { bytes, pair }: Key): Buffer {
  if (alg.toLowerCase() === "none") return Buffer.alloc(0);
  const hash = `sha${alg.slice(2)}`;
  if (pair === null) return createHmac(hash, bytes).update(input).digest();
  if (alg.startsWith("RS")) return createSign(hash).update(input).sign(pair.privateKey);
  if (alg.startsWith("ES")) return sign(hash, Buffer.from(input), { key: pair.privateKey, dsaEncoding: "ieee-p1363" });
  return sign(null, Buffer.from(input), pair.privateKey);
}
