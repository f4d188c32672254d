// The other side: signs a request as a sender would, from facts.json and node:crypto. It shares no code with the verifier.

import type { KnownRequest } from "../../src/cli/local/known-answers.ts";
import { isByHand, signByHand } from "./by-hand.ts";
import type { Facts } from "./facts.ts";
import type { Asked, Signed } from "./signed.ts";
import { signByTemplate } from "./template.ts";
import { signByJwt, signByToken } from "./tokens.ts";

/** A request as this sender would sign it. Every sender of the facts can be signed for. */
export function signAs(fact: Facts, asked: Asked = {}): Signed {
  const { alg } = fact.scheme;
  if (isByHand(fact.id)) return signByHand(fact, asked);
  if (alg.startsWith("jwt")) return signByJwt(fact, asked);
  return ["token", "basic", "none"].includes(alg) ? signByToken(fact, asked) : signByTemplate(fact, asked);
}

/** A genuine request of this sender. */
export function signedRequest(fact: Facts, body?: string): KnownRequest {
  return signAs(fact, { body }).request;
}
