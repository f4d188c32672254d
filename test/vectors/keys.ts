// What a sender signs with: its shared secret, or its key pair, in the form in which the operator is given it. Two of each, to tell them apart.

import { createHash, generateKeyPairSync, type KeyObject } from "node:crypto";

/** The sender's own key, somebody else's, or none: a secret of no characters. */
export type Whose = "own" | "other" | "empty";

interface Pair {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

const made = () => ({
  rsa: generateKeyPairSync("rsa", { modulusLength: 2048 }),
  ec: generateKeyPairSync("ec", { namedCurve: "P-256" }),
  ed25519: generateKeyPairSync("ed25519"),
});

/** The senders' own pairs. */
export const pairs = made();
const others = made();

const HEX = {
  own: "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff",
  other: "ffeeddccbbaa99887766554433221100ffeeddccbbaa99887766554433221100",
};

/** A key, and how a row of known answers names it. */
export interface Key {
  /** The shared secret as the sender shows it; empty where there is a pair. */
  readonly text: string;
  /** The bytes that a message authentication code is made with. */
  readonly bytes: Buffer;
  readonly pair: Pair | null;
  readonly row:
    | { readonly secret: string }
    | { readonly publicKey: string }
    | { readonly publicKeyJwk: Record<string, unknown> };
}

/** Words of the facts for keys that come in pairs, and the kind of the pair. */
const KINDS: Readonly<Record<string, keyof typeof pairs>> = {
  "ed25519-hex": "ed25519",
  "ed25519-base64": "ed25519",
  whpk: "ed25519",
  spki: "ed25519",
  "jwks-ed25519": "ed25519",
  "spki-base64": "ec",
  jwk: "ec",
  remote: "ec",
  pem: "rsa",
  "cert-pem": "rsa",
  "jwk-rsa": "rsa",
  jwks: "rsa",
};

/**
 * The key of a sender.
 *
 * @param form the word that the facts have for it
 */
export function keyOf(id: string, form: string, whose: Whose = "own"): Key {
  const kind = KINDS[form];
  if (kind !== undefined) return published(form, whose === "own" ? pairs[kind] : others[kind]);
  return whose === "empty"
    ? { text: "", bytes: Buffer.alloc(0), pair: null, row: { secret: "" } }
    : shared(id, form, whose);
}

function shared(id: string, form: string, whose: "own" | "other"): Key {
  const raw = Buffer.from(HEX[whose], "hex");
  const plain = whose === "own" ? `secret-of-${id}` : `another-than-${id}`;
  const forms: Readonly<Record<string, readonly [text: string, bytes: Buffer]>> = {
    hex: [HEX[whose], raw],
    base64: [raw.toString("base64"), raw],
    whsec: [`whsec_${raw.toString("base64")}`, raw],
    "whsec-or-utf8": [`whsec_${raw.toString("base64")}`, raw],
    oauth1: [plain, Buffer.from(plain === "" ? "" : `${plain}&`)],
    sha1: [plain, createHash("sha1").update(plain).digest()],
    userpass: [`user:${plain}`, Buffer.from(`user:${plain}`)],
  };
  const [text, bytes] = forms[form] ?? [plain, Buffer.from(plain)];
  return { text, bytes, pair: null, row: { secret: text } };
}

function published(form: string, pair: Pair): Key {
  const { publicKey } = pair;
  const der = publicKey.export({ type: "spki", format: "der" });
  const raw = der.subarray(-32);
  const jwk = { ...publicKey.export({ format: "jwk" }), kid: "k1", use: "sig" };
  const text = {
    "ed25519-hex": raw.toString("hex"),
    "ed25519-base64": raw.toString("base64"),
    whpk: `whpk_${raw.toString("base64")}`,
    spki: der.toString("base64"),
    "spki-base64": der.toString("base64"),
    jwks: JSON.stringify({ keys: [jwk] }),
    "jwks-ed25519": JSON.stringify({ keys: [jwk] }),
  }[form];
  const key = { text: "", bytes: Buffer.alloc(0), pair };
  if (form === "jwk" || form === "jwk-rsa") return { ...key, row: { publicKeyJwk: jwk } };
  return { ...key, row: { publicKey: text ?? publicKey.export({ type: "spki", format: "pem" }).toString() } };
}
