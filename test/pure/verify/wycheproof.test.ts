// Project Wycheproof's vectors through our own code: the whole verifier for message codes and signatures, the token parser for JWS.

import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { isSigned, parseJws } from "../../../src/verify/jws.ts";
import type { JwsAlgorithm, Provider } from "../../../src/scheme/scheme.ts";
import { verify } from "../../../src/verify/verify.ts";

interface Case {
  readonly tcId: number;
  readonly comment: string;
  readonly result: "valid" | "invalid" | "acceptable";
  readonly key?: string;
  readonly msg?: string;
  readonly tag?: string;
  readonly sig?: string;
  readonly jws?: string;
}

type Jwk = Readonly<Record<string, unknown>>;

interface Group {
  readonly comment?: string;
  readonly tagSize?: number;
  readonly publicKey?: { readonly pk?: string };
  readonly publicKeyPem?: string;
  readonly private?: Jwk & { readonly keys?: readonly Jwk[] };
  readonly public?: Jwk;
  readonly tests: readonly Case[];
}

function groups(name: string): readonly Group[] {
  const file: { testGroups: Group[] } = JSON.parse(
    readFileSync(new URL(`../../../../shared/security/wycheproof/${name}_test.json`, import.meta.url), "utf8"),
  );
  return file.testGroups;
}

/** A provider that signs the body and nothing else. */
const plain = (algorithm: Provider["algorithm"], secret: Provider["secret"], der?: boolean): Provider => ({
  name: "Wycheproof",
  algorithm,
  signature: { at: "header:signature", encoding: "hex", der },
  secret,
});

async function accepts(provider: Provider, key: string, message: string, signature: string): Promise<boolean> {
  const request = {
    method: "POST",
    url: "https://x.example/",
    headers: new Headers({ signature }),
    body: Buffer.from(message, "hex"),
  };
  return (await verify(request, provider, [{ name: "K", value: key }], {}, 0)).ok;
}

test.for([
  ["hmac_sha1", "hmac-sha1", 160],
  ["hmac_sha256", "hmac-sha256", 256],
  ["hmac_sha512", "hmac-sha512", 512],
] as const)("%s: every verdict is right, and a truncated tag is refused", async ([file, algorithm, size]) => {
  for (const { tagSize, tests } of groups(file)) {
    for (const { tcId, key = "", msg = "", tag = "", result } of tests) {
      const right = result === "valid" && tagSize === size && key !== "";
      expect(await accepts(plain(algorithm, "hex"), key, msg, tag), `${file} ${tcId}`).toBe(right);
    }
  }
});

test("ed25519: every verdict is right", async () => {
  for (const { publicKey, tests } of groups("ed25519")) {
    for (const { tcId, msg = "", sig = "", result } of tests) {
      expect(await accepts(plain("ed25519", "public"), publicKey?.pk ?? "", msg, sig), `${tcId}`).toBe(
        result === "valid",
      );
    }
  }
});

test.for([
  ["ecdsa_secp256r1_sha256", "ecdsa-p256-sha256", true],
  ["ecdsa_secp256r1_sha256_p1363", "ecdsa-p256-sha256", false],
  ["rsa_signature_2048_sha256", "rsa-sha256", false],
] as const)("%s: every verdict is right", async ([file, algorithm, der]) => {
  for (const { publicKeyPem = "", tests } of groups(file)) {
    for (const { tcId, comment, msg = "", sig = "", result } of tests) {
      // The one "acceptable" signature leaves out a NULL that PKCS#1 demands; both verdicts are right.
      if (result === "acceptable") continue;
      expect(await accepts(plain(algorithm, "public", der), publicKeyPem, msg, sig), `${file} ${tcId} ${comment}`).toBe(
        result === "valid",
      );
    }
  }
});

const ALL: readonly JwsAlgorithm[] = [
  "HS256",
  "HS384",
  "HS512",
  "RS256",
  "RS384",
  "RS512",
  "PS256",
  "PS384",
  "PS512",
  "ES256",
  "ES384",
  "ES512",
  "EdDSA",
];

/** As an operator would set it up: a public key as it is published, a shared secret as base64. */
async function jwsAccepted(group: Group, token: string): Promise<boolean> {
  const parsed = parseJws(token);
  if (parsed === null) return false;
  if (group.public !== undefined)
    return isSigned(parsed, { name: "K", value: JSON.stringify(group.public) }, "public", ALL);
  const value = Buffer.from(String(group.private?.["k"]), "base64url").toString("base64");
  return isSigned(parsed, { name: "K", value }, "base64", ["HS256"]);
}

/** Where the suite contradicts itself or the standard, and what we say there. */
const DISPUTED: Readonly<Record<number, { readonly why: string; readonly ours: boolean }>> = {
  346: {
    why: "a token in PS384 under a key that says it is for PS256 (RFC 7517, 4.4); 340 is the same and invalid",
    ours: false,
  },
  347: { why: "the key says it is for ES521, which is no algorithm", ours: false },
  350: { why: "as 346", ours: false },
  351: { why: "as 347", ours: false },
  367: { why: "byte for byte the token of 357, which is valid", ours: true },
  370: { why: "byte for byte the token of 357, which is valid", ours: true },
  372: { why: "a character outside base64url in the header (RFC 7515, 2); 366 is the same and invalid", ours: false },
  373: { why: "a character outside base64url in the payload; 371 is the same and invalid", ours: false },
};

test("json_web_signature: every verdict is right", async () => {
  const wrong: string[] = [];
  for (const group of groups("json_web_signature")) {
    for (const { tcId, comment, jws = "", result } of group.tests) {
      const right = DISPUTED[tcId]?.ours ?? result === "valid";
      if ((await jwsAccepted(group, jws)) !== right) wrong.push(`${tcId} ${group.comment} ${comment} ${result}`);
    }
  }
  expect(wrong).toEqual([]);
});

test.for(["json_web_key", "json_web_crypto"] as const)(
  "%s: every verdict on public keys is right, and a shared secret is no public key",
  async (file) => {
    const wrong: string[] = [];
    for (const group of groups(file)) {
      for (const { tcId, comment, jws, result } of group.tests) {
        if (typeof jws !== "string") continue;
        const keys = JSON.stringify(group.public ?? group.private);
        const parsed = parseJws(jws);
        const accepted = parsed !== null && (await isSigned(parsed, { name: "K", value: keys }, "public", ALL));
        if (accepted !== (result === "valid" && group.public !== undefined))
          wrong.push(`${tcId} ${group.comment} ${comment} ${result}`);
      }
    }
    expect(wrong).toEqual([]);
  },
);
