// Project Wycheproof's vectors through our own code: the whole verifier for message codes and signatures, the token parser for JWS.

import { isSigned, parseJws } from "../../../src/verify/jws.ts";
import type { JwsAlgorithm } from "../../../src/scheme/scheme.ts";
import { testCorpus } from "../../vectors/corpora.ts";
import { accepts, plain } from "../../vectors/primitives.ts";

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

interface File {
  readonly testGroups: readonly Group[];
}

/** A case with its group. */
type Row = Case & { readonly group: Group };

const rowsOf = ({ testGroups }: File): Row[] =>
  testGroups.flatMap((group) => group.tests.map((one) => ({ ...one, group })));

/** One test over a file: what is right of a case, and what we say. */
function suite(
  name: string,
  claim: string,
  right: (row: Row) => boolean,
  ours: (row: Row) => Promise<boolean>,
  counts: (row: Row) => boolean = () => true,
): void {
  testCorpus(
    `security/wycheproof/${name}_test.json`,
    claim,
    (file: File) => rowsOf(file).filter(counts),
    async (row) =>
      (await ours(row)) === right(row) ? null : `${row.tcId} ${row.group.comment ?? ""} ${row.comment} ${row.result}`,
  );
}

const hex = (text: string | undefined) => Buffer.from(text ?? "", "hex");

for (const [file, algorithm, size] of [
  ["hmac_sha1", "hmac-sha1", 160],
  ["hmac_sha256", "hmac-sha256", 256],
  ["hmac_sha512", "hmac-sha512", 512],
] as const)
  suite(
    file,
    "every verdict is right, and a truncated tag is refused",
    ({ result, group, key }) => result === "valid" && group.tagSize === size && key !== "",
    ({ key = "", msg, tag }) => accepts(plain(algorithm, "hex"), key, hex(msg), hex(tag)),
  );

suite(
  "ed25519",
  "every verdict is right",
  ({ result }) => result === "valid",
  ({ group, msg, sig }) => accepts(plain("ed25519", "public"), group.publicKey?.pk ?? "", hex(msg), hex(sig)),
);

for (const [file, algorithm, der] of [
  ["ecdsa_secp256r1_sha256", "ecdsa-p256-sha256", true],
  ["ecdsa_secp256r1_sha256_p1363", "ecdsa-p256-sha256", false],
  ["rsa_signature_2048_sha256", "rsa-sha256", false],
] as const)
  suite(
    file,
    "every verdict is right",
    ({ result }) => result === "valid",
    ({ group, msg, sig }) => accepts(plain(algorithm, "public", der), group.publicKeyPem ?? "", hex(msg), hex(sig)),
    // The one "acceptable" signature leaves out a NULL that PKCS#1 demands; both verdicts are right.
    ({ result }) => result !== "acceptable",
  );

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

suite(
  "json_web_signature",
  "every verdict is right",
  ({ tcId, result }) => DISPUTED[tcId]?.ours ?? result === "valid",
  ({ group, jws = "" }) => jwsAccepted(group, jws),
);

for (const file of ["json_web_key", "json_web_crypto"])
  suite(
    file,
    "every verdict on public keys is right, and a shared secret is no public key",
    ({ result, group }) => result === "valid" && group.public !== undefined,
    async ({ group, jws = "" }) => {
      const parsed = parseJws(jws);
      const keys = JSON.stringify(group.public ?? group.private);
      return parsed !== null && (await isSigned(parsed, { name: "K", value: keys }, "public", ALL));
    },
    ({ jws }) => typeof jws === "string",
  );
