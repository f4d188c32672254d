// A sender's public key in every spelling in which one gets pasted, and a sentence for what is none.

import { generateKeyPairSync, sign } from "node:crypto";
import { describe, expect, test } from "vitest";
import { keyTextFault } from "../../../src/verify/key-text.ts";
import { parsesAsKey } from "../../../src/verify/parses-as-key.ts";
import type { Provider } from "../../../src/scheme/scheme.ts";
import { reason, sent } from "../../vectors/request.ts";
import { pairs } from "../../vectors/keys.ts";

const BODY = '{"id":1}';
const wise = (hash: string) =>
  sent(BODY, { "x-signature-sha256": sign(hash, Buffer.from(BODY), pairs.rsa.privateKey).toString("base64") });

const spki = pairs.rsa.publicKey.export({ type: "spki", format: "pem" }).toString();
const pkcs1 = pairs.rsa.publicKey.export({ type: "pkcs1", format: "pem" }).toString();
const der = (type: "spki" | "pkcs1") => pairs.rsa.publicKey.export({ type, format: "der" });

/** Every way in which a key of this text has been seen in a console, a file or a variable. */
const spellings = (pem: string, bytes: Buffer): Record<string, string> => ({
  PEM: pem,
  "PEM with literal \\n": pem.replaceAll("\n", "\\n"),
  "PEM with literal \\r\\n": pem.replaceAll("\n", "\\r\\n"),
  "PEM in quotes with literal \\n": `"${pem.trim().replaceAll("\n", "\\n")}"`,
  "PEM with spaces for line ends": pem.trim().replaceAll("\n", " "),
  "PEM on one line": pem.replaceAll("\n", ""),
  "PEM with CRLF": pem.replaceAll("\n", "\r\n"),
  "PEM indented": pem.replaceAll(/^/gm, "    "),
  "a PEM file in base64": Buffer.from(pem).toString("base64"),
  base64: bytes.toString("base64"),
  "base64 wrapped at 64": bytes.toString("base64").replaceAll(/(.{64})/g, "$1\n"),
  "base64 wrapped, with literal \\n": bytes.toString("base64").replaceAll(/(.{64})/g, "$1\\n"),
  "base64 without padding": bytes.toString("base64").replace(/=+$/, ""),
  base64url: bytes.toString("base64url"),
  hexadecimal: bytes.toString("hex"),
  "hexadecimal with colons": bytes
    .toString("hex")
    .replaceAll(/(..)(?=.)/g, "$1:")
    .toUpperCase(),
});

describe.each([
  ["SubjectPublicKeyInfo", spellings(spki, der("spki"))],
  ["PKCS#1", spellings(pkcs1, der("pkcs1"))],
])("%s", (_, all) => {
  test.each(Object.entries(all))("%s", async (_name, text) => {
    expect(await reason("wise", wise("sha256"), text)).toBe("ok");
    expect(await reason("wise", wise("sha1"), text)).toBe("signature_mismatch");
    expect(keyTextFault(text)).toBeNull();
    expect(parsesAsKey(text)).toBe(true);
  });
});

test("a JWK in quotes, and an Ed25519 key with and without its wrapping", async () => {
  const jwk = JSON.stringify(pairs.rsa.publicKey.export({ format: "jwk" }));
  expect(await reason("wise", wise("sha256"), `'${jwk}'`)).toBe("ok");
  const ed: Provider = { name: "ed", algorithm: "ed25519", signature: { at: "header:x" }, secret: "public" };
  const request = sent(BODY, { x: sign(null, Buffer.from(BODY), pairs.ed25519.privateKey).toString("hex") });
  const whole = pairs.ed25519.publicKey.export({ type: "spki", format: "der" });
  const raw = whole.subarray(-32);
  const texts = [raw.toString("hex"), raw.toString("base64"), raw.toString("base64url"), `0x${raw.toString("hex")}`];
  for (const text of [...texts, `whpk_${raw.toString("base64")}`, whole.toString("base64"), whole.toString("hex")])
    expect(await reason(ed, request, text), text).toBe("ok");
});

test("what is no public key is told in a sentence, which shows nothing of it", async () => {
  const secret = pairs.rsa.privateKey.export({ type: "pkcs8", format: "pem" }).toString();
  const other = generateKeyPairSync("rsa", { modulusLength: 2048 }).publicKey;
  const cases: [string, RegExp][] = [
    [secret, /private key/],
    [secret.replaceAll("\n", "\\n"), /private key/],
    [pairs.rsa.privateKey.export({ type: "pkcs1", format: "pem" }).toString(), /private key/],
    ["ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABgQ== me@example", /ssh-keygen/],
    [spki.slice(0, 200), /cut off/],
    [spki.replace(/A/, "?"), /nothing inside its PUBLIC KEY/],
    ["https://keys.example.com/key.pem", /address/],
    ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", /no PEM/],
  ];
  for (const [text, fault] of cases) {
    expect(keyTextFault(text), text).toMatch(fault);
    expect(keyTextFault(text)).not.toContain(text.slice(30, 60));
    expect(await reason("wise", wise("sha256"), text)).toBe("secret_unusable");
  }
  expect(keyTextFault(other.export({ type: "spki", format: "pem" }).toString())).toBeNull();
});

test("a weak key is no better for being PKCS#1", async () => {
  const weak = generateKeyPairSync("rsa", { modulusLength: 1024 });
  const text = weak.publicKey.export({ type: "pkcs1", format: "pem" }).toString();
  expect(await reason("wise", wise("sha256"), text)).toBe("secret_unusable");
});
