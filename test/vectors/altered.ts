// What a stranger may do to a genuine request without a key: each change is a request that must be refused. Runs under Node and on workerd.

import type { KnownRequest, Vector } from "../../src/cli/local/known-answers.ts";
import type { Facts, Signature } from "./facts.ts";
import { NOW, replaced, type Signed } from "./signed.ts";

/** A genuine request of a sender, with every change that must be seen. */
export function altered({ id, scheme }: Facts, signed: Signed): Vector[] {
  const { request, covered } = signed;
  const rows: Vector[] = [];
  const refuse = (description: string, changed: KnownRequest) =>
    rows.push({ ...changed, description: `${id}: ${description}`, now: NOW, expect: "reject" });
  for (const [part, [from, to]] of Object.entries(covered)) {
    const changed = replaced(request, from, to);
    if (JSON.stringify(changed) === JSON.stringify(request)) throw new TypeError(`${id}: nothing to change in ${part}`);
    refuse(`another ${part} than was signed`, changed);
  }
  for (const [how, proof] of Object.entries(spoiltProofs(signed.proof)))
    refuse(`the signature ${how}`, replaced(request, signed.proof, proof));
  const { sig } = scheme;
  if (sig) for (const [how, changed] of spoiltPlaces(request, sig, signed.proof)) refuse(how, changed);
  return rows;
}

const other = (character: string): string => (character === "1" ? "2" : "1");
const changedAt = (text: string, at: number): string => text.slice(0, at) + other(text[at] ?? "") + text.slice(at + 1);

/** Other texts in place of the signature or token. */
function spoiltProofs(proof: string): Record<string, string> {
  const end = proof.replace(/=+$/, "").length - 1;
  const hex = /^[0-9a-f]+$/.test(proof) && proof.length % 2 === 0;
  return {
    "is empty": "",
    "is no signature": "not-a-signature",
    "lacks its last character": proof.slice(0, -1),
    "lacks its first character": proof.slice(1),
    "is cut to half": proof.slice(0, proof.length >> 1),
    "has a character more": `${proof}1`,
    "is there twice": proof + proof,
    "has another first character": changedAt(proof, 0),
    "has another character in the middle": changedAt(proof, proof.length >> 1),
    "has another last character": changedAt(proof, end),
    "is zeros": proof.replaceAll(/[0-9A-Za-z]/g, "0"),
    ...(hex ? { "is in base64": Buffer.from(proof, "hex").toString("base64") } : {}),
    ...(proof.endsWith("=") ? { "is the same bytes in another spelling": respelled(proof) } : {}),
  };
}

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** Base64 with bits set that nobody decodes: the last character before the padding is the next one of the alphabet. */
function respelled(base64: string): string {
  const at = base64.indexOf("=") - 1;
  return base64.slice(0, at) + ALPHABET[ALPHABET.indexOf(base64[at] ?? "") + 1] + base64.slice(at + 1);
}

/** Signatures that are missing, doubled, or under another name. */
function* spoiltPlaces(request: KnownRequest, sig: Signature, proof: string): Generator<[string, KnownRequest]> {
  if (sig.in === "header") {
    const { [sig.name]: value = "", ...headers } = request.headers;
    yield ["no signature header", { ...request, headers }];
    yield ["a signature header without a value", { ...request, headers: { ...headers, [sig.name]: "" } }];
    yield ["the signature in another header", { ...request, headers: { ...headers, "x-another": value } }];
    if (sig.format === "plain" && sig.multi !== true)
      yield ["the signature header twice", { ...request, headers: { ...headers, [sig.name]: `${value}, ${value}` } }];
    const tag = sig.format === "taglist" ? `${sig.tag},` : sig.format === "kv" ? `${sig.key}=` : null;
    if (tag !== null) {
      const renamed = value.replace(tag + proof, `v9${tag.at(-1)}${proof}`);
      yield ["only versions that nobody knows", { ...request, headers: { ...headers, [sig.name]: renamed } }];
    }
  } else if (sig.in === "query") {
    const url = new URL(request.url);
    url.searchParams.delete(sig.name);
    yield ["no signature in the query", { ...request, url: url.href }];
  }
}
