// A secret in the form that a sender's have, for a relay that is only tried.
import { generateKeyPairSync, randomBytes } from "node:crypto";
import type { Provider } from "../../scheme/scheme.ts";
import type { Secret } from "../../types.ts";

/** A made-up secret: what the sender signs with, and what its source must hold to take it. */
export interface MadeSecret {
  readonly secret: Secret;
  readonly proves: string;
}

export function secretForSending(provider: Provider): MadeSecret {
  const { algorithm, secret: form = "text" } = provider;
  const name = typeof algorithm === "string" ? algorithm : (Object.values(algorithm.of)[0] ?? "");
  if (/^(?:ed25519|ecdsa|rsa)/.test(name)) {
    const pair =
      name === "ed25519"
        ? generateKeyPairSync("ed25519")
        : name.startsWith("rsa")
          ? generateKeyPairSync("rsa", { modulusLength: 2048 })
          : generateKeyPairSync("ec", { namedCurve: "P-256" });
    const pem = pair.privateKey.export({ type: "pkcs8", format: "pem" }).toString();
    return {
      secret: { name: "S", value: pem },
      proves: pair.publicKey.export({ type: "spki", format: "pem" }).toString(),
    };
  }
  const bytes = randomBytes(32);
  const value =
    form === "hex"
      ? bytes.toString("hex")
      : form === "base64"
        ? bytes.toString("base64")
        : form === "whsec" || form === "whsec-or-text"
          ? `whsec_${bytes.toString("base64")}`
          : form === "user:password" || algorithm === "basic"
            ? `hookline:${bytes.toString("hex")}`
            : form === "after-colon"
              ? `a:${bytes.toString("hex")}`
              : bytes.toString("hex");
  return { secret: { name: "S", value }, proves: value };
}
