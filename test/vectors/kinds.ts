// Every kind of request that a sender, or somebody who would like to be it, may sign: with the verdict that each must get.

import type { Vector } from "../../src/cli/local/known-answers.ts";
import { altered } from "./altered.ts";
import { facts, type Facts } from "./facts.ts";
import { keyOf } from "./keys.ts";
import { type Asked, NOW, replaced, type Signed } from "./signed.ts";
import { signAs } from "./signer.ts";
import { written } from "./template.ts";

/** Beyond any tolerance, in seconds. */
const LATE = 61;

/** All requests of all senders. */
export function vectors(): Vector[] {
  const rows: Vector[] = [];
  for (const fact of facts) rows.push(...signedAnew(fact), ...altered(fact, signAs(fact)));
  return rows;
}

/** Requests that are signed for the purpose: genuine ones, by other keys, at other times, and forged tokens. */
export function signedAnew(fact: Facts): Vector[] {
  const rows: Vector[] = [];
  const add = (expect: Vector["expect"], description: string, request: Signed["request"]) =>
    rows.push({ ...request, description: `${fact.id}: ${description}`, now: NOW, expect });
  const genuine = signAs(fact);
  add("accept", "a genuine request", genuine.request);
  add("reject", "signed with somebody else's key", signAs(fact, { whose: "other" }).request);
  if (keyOf(fact.id, fact.scheme.key ?? "utf8").pair === null)
    add("reject", "signed with an empty secret", signAs(fact, { whose: "empty" }).request);
  for (const [expect, description, asked] of timesOf(fact, genuine))
    add(expect, description, signAs(fact, asked).request);
  for (const [description, request] of timesChanged(fact, genuine)) add("reject", description, request);
  if (fact.scheme.sig?.multi === true) {
    const rotating = rotation(fact, genuine, signAs(fact, { whose: "other" }));
    if (rotating !== null) add("accept", "two signatures while the sender rotates its keys", rotating);
  }
  for (const [description, asked] of forgedTokens(fact)) add("reject", description, signAs(fact, asked).request);
  return rows;
}

/** Signed at the edges of the tolerance and beyond them. */
function timesOf({ scheme }: Facts, { tolerance }: Signed): [Vector["expect"], string, Asked][] {
  if (tolerance === null) return [];
  const past: [Vector["expect"], string, Asked][] = [
    ["accept", "as old as it may be", { at: NOW - tolerance + (scheme.jwt ? 1 : 0) }],
    ["reject", "too old", { at: NOW - tolerance - LATE }],
  ];
  if (scheme.jwt) return past;
  return [
    ...past,
    ["accept", "by a clock that is as far ahead as it may be", { at: NOW + tolerance }],
    ["reject", "from the future", { at: NOW + tolerance + LATE }],
  ];
}

/** A signed time that is changed, missing or none. */
function* timesChanged({ scheme }: Facts, { request }: Signed): Generator<[string, Signed["request"]]> {
  const { ts, msg } = scheme;
  if (!ts || !(msg?.includes("{ts}") ?? false)) return;
  const time = written(NOW, ts.unit);
  yield ["another time than was signed", replaced(request, time, written(NOW + 1, ts.unit))];
  for (const none of ["", "0", "-1", "soon", "1e9", "Infinity", `${time}0`, `0${time}`, `${time}.0`])
    yield [`the time ${JSON.stringify(none)}`, replaced(request, time, none)];
  if (ts.in !== "header") return;
  const { [ts.name]: _, ...headers } = request.headers;
  yield ["no time at all", { ...request, headers }];
}

/** Somebody else's signature before the sender's own; `null` where the facts do not say how two are written. */
function rotation({ scheme }: Facts, own: Signed, others: Signed): Signed["request"] | null {
  const { sig } = scheme;
  if (!sig) return null;
  const tag = { taglist: `${sig.tag},`, kv: `${sig.key}=`, list: "", positional: "" }[sig.format ?? ""];
  if (tag === undefined) return null;
  const value = own.request.headers[sig.name] ?? "";
  const both = `${tag}${others.proof}${sig.sep ?? ","}${tag}${own.proof}`;
  return {
    ...own.request,
    headers: { ...own.request.headers, [sig.name]: value.replace(tag + own.proof, () => both) },
  };
}

/** Tokens that prove nothing (RFC 8725). */
function* forgedTokens({ id, scheme }: Facts): Generator<[string, Asked]> {
  const { alg, jwt, key } = scheme;
  if (!jwt) return;
  for (const none of ["none", "None", "NONE", "nOnE"]) yield [`a token with alg ${none}`, { token: { alg: none } }];
  const own = keyOf(id, key ?? "utf8");
  const family = alg.slice(4, 6).toUpperCase();
  if (jwt.anyHash !== true && family !== "ES")
    yield ["a token in another algorithm", { token: { alg: `${family}512` } }];
  if (own.pair !== null) {
    const published = Object.values(own.row).map((row) => (typeof row === "string" ? row : JSON.stringify(row)));
    const pem = own.pair.publicKey.export({ type: "spki", format: "pem" }).toString();
    for (const text of [...published, pem, pem.trim()]) {
      const secret = { text, bytes: Buffer.from(text), pair: null, row: { secret: text } };
      yield ["a token under the public key as a shared secret", { token: { alg: "HS256", key: secret } }];
    }
  }
  if (jwt.iss) yield ["a token of another issuer", { token: { claims: { iss: "https://evil.example" } } }];
  if (jwt.bodyHashClaim)
    yield ["a token without the body's hash", { token: { claims: { [jwt.bodyHashClaim]: undefined } } }];
  if (jwt.urlHashClaim)
    yield ["a token without the URL's hash", { token: { claims: { [jwt.urlHashClaim]: undefined } } }];
  if (jwt.qsh) yield ["a token without the query's hash", { token: { claims: { qsh: undefined } } }];
  if (jwt.aud) yield ["a token for nobody", { token: { claims: { aud: undefined } } }];
  if (jwt.exp || jwt.iatExp) yield ["a token without an end", { token: { claims: { exp: undefined } } }];
  if (jwt.iatMaxAge) yield ["a token without a time", { token: { claims: { iat: undefined } } }];
  yield ["a token that has ended", { token: { claims: { exp: NOW - LATE } } }];
  yield ["a token that has not begun", { token: { claims: { nbf: NOW + 10 * LATE } } }];
}
