// The provider says which algorithm counts, never the request; and a request with a thousand signatures costs what one with ten does.

import { createHash, createHmac, sign } from "node:crypto";
import { afterEach, describe, expect, test, vi } from "vitest";
import type { Provider } from "../../../src/scheme/scheme.ts";
import { NOW, reason, sent, WHSEC } from "../../vectors/request.ts";
import { pairs } from "../../vectors/keys.ts";

const whsecKey = Buffer.from(WHSEC.slice(6), "base64");
const b64url = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
const rsaPem = pairs.rsa.publicKey.export({ type: "spki", format: "pem" }).toString();
const rsaJwks = JSON.stringify({ keys: [pairs.rsa.publicKey.export({ format: "jwk" })] });

const ISSUER = "https://acme.kinde.com";

const kinde = (token: string, secret = rsaJwks) =>
  reason("kinde", sent(token, {}), secret, NOW * 1000, { issuer: ISSUER });

const fusionauth = (token: string, secret: string) =>
  reason("fusionauth", sent("{}", { "x-fusionauth-signature-jwt": token }), secret);
const rs256 = (input: string) => sign("sha256", Buffer.from(input), pairs.rsa.privateKey);

const rs512 = (input: string) => sign("sha512", Buffer.from(input), pairs.rsa.privateKey);

const trio = (value: string) =>
  sent("{}", { "webhook-id": "m", "webhook-timestamp": String(NOW), "webhook-signature": value });

describe("algorithm confusion", () => {
  // FusionAuth binds the body by a claim, Kinde's body is the token.
  const hash = createHash("sha256").update("{}").digest("base64");
  const claims = b64url({ iss: ISSUER, event_id: "e", type: "user.created", request_body_sha256: hash });
  const signedBy = (header: object, code: (input: string) => Buffer): string => {
    const input = `${b64url(header)}.${claims}`;
    return `${input}.${code(input).toString("base64url")}`;
  };

  test("the token that the sender signs is accepted", async () => {
    expect(await kinde(signedBy({ alg: "RS256" }, rs256))).toBe("ok");
    expect(await fusionauth(signedBy({ alg: "RS256" }, rs256), rsaPem)).toBe("ok");
    const shared = signedBy({ alg: "HS256" }, (input) => createHmac("sha256", "shared").update(input).digest());
    expect(await fusionauth(shared, "shared")).toBe("ok");
  });

  test.each(["none", "None", "NONE", "nOnE", "", " "])("a token with alg %j is refused, signed or not", async (alg) => {
    const head = b64url({ alg });
    for (const token of [`${head}.${claims}.`, `${head}.${claims}`, `${head}.${claims}.AA`, signedBy({ alg }, rs256)])
      expect(await kinde(token)).not.toBe("ok");
  });

  test("a public key is never taken for the shared secret of an HS256 token, in any spelling of the key", async () => {
    const der = pairs.rsa.publicKey.export({ type: "spki", format: "der" });
    for (const published of [rsaPem, rsaPem.trim(), rsaJwks, der.toString("base64"), der]) {
      for (const alg of ["HS256", "HS384", "HS512", "RS256"]) {
        const token = signedBy({ alg }, (input) =>
          createHmac(`sha${alg.slice(2)}`, published)
            .update(input)
            .digest(),
        );
        for (const secret of [rsaPem, rsaJwks, der.toString("base64")])
          expect(await kinde(token, secret)).not.toBe("ok");
        for (const secret of [rsaPem, rsaJwks]) expect(await fusionauth(token, secret)).not.toBe("ok");
      }
    }
  });

  test("an algorithm that the provider did not list is refused, even with a right signature", async () => {
    expect(await kinde(signedBy({ alg: "RS512" }, rs512))).toBe("part_refused");
    expect(await kinde(signedBy({ alg: "RS256" }, rs512))).toBe("signature_mismatch");
    for (const alg of ["__proto__", "constructor", "toString"])
      expect(await kinde(signedBy({ alg }, rs256))).toBe("part_refused");
  });

  test("a token's own key or key URL is never used", async () => {
    const jwk = pairs.rsa.publicKey.export({ format: "jwk" });
    for (const extra of [{ jwk }, { jku: "https://evil.example/jwks" }, { x5c: ["AA"] }, { kid: "../../dev/null" }]) {
      const other = JSON.stringify({ keys: [{ ...jwk, n: `${String(jwk.n).slice(0, -4)}AAAA` }] });
      expect(await kinde(signedBy({ alg: "RS256", ...extra }, rs256), other)).not.toBe("ok");
    }
  });

  test("v1 and v1a: neither a code under the public key nor a signature for another tag is taken", async () => {
    const raw = pairs.ed25519.publicKey.export({ type: "spki", format: "der" }).subarray(-32);
    const whpk = `whpk_${raw.toString("base64")}`;
    const content = `m.${NOW}.{}`;
    const right = sign(null, Buffer.from(content), pairs.ed25519.privateKey).toString("base64");
    const asymmetric = (value: string) => reason("standard-webhooks-ed25519", trio(value), whpk);
    expect(await asymmetric(`v1a,${right}`)).toBe("ok");
    expect(await asymmetric(`v1,${right}`)).not.toBe("ok");
    for (const key of [raw, Buffer.from(whpk), Buffer.from(whpk.slice(5))]) {
      const code = createHmac("sha256", key).update(content).digest("base64");
      for (const tag of ["v1", "v1a"]) expect(await asymmetric(`${tag},${code}`)).not.toBe("ok");
    }
    const symmetric = createHmac("sha256", whsecKey).update(content).digest("base64");
    expect(await reason("standard-webhooks", trio(`v1,${symmetric}`), WHSEC)).toBe("ok");
    expect(await reason("standard-webhooks", trio(`v1a,${symmetric}`), WHSEC)).not.toBe("ok");
  });
});

describe("a thousand signatures are bounded work", () => {
  afterEach(() => vi.restoreAllMocks());

  const signer: Provider = {
    name: "many",
    algorithm: "ed25519",
    signature: { at: ["header:a", "header:b", "header:c"], format: "list", encoding: "hex" },
    secret: "public",
  };

  test("a public key is asked at most ten times for a header", async () => {
    const asked = vi.spyOn(crypto.subtle, "verify");
    const raw = pairs.ed25519.publicKey.export({ type: "spki", format: "der" }).subarray(-32).toString("hex");
    const wrong = `${"00".repeat(64)},`.repeat(1000);
    const headers = { a: wrong.slice(0, 8000), b: wrong.slice(0, 8000), c: wrong };
    expect(await reason(signer, sent("{}", headers), raw)).not.toBe("ok");
    expect(asked.mock.calls.length).toBeGreaterThan(0);
    expect(asked.mock.calls.length).toBeLessThanOrEqual(30);
  });

  test("a thousand message signatures cost no more looks at their inputs than four do", async () => {
    const provider: Provider = {
      name: "many",
      algorithm: "hmac-sha256",
      signature: { at: "header:Signature", format: "rfc9421", encoding: "base64", covers: ["content-digest"] },
      signs: "{signature-base}",
    };
    const looks = vi.spyOn(String.prototype, "matchAll");
    const many = Array.from({ length: 1000 }, (_, n) => `s${n}=:AA==:`)
      .join(",")
      .slice(0, 8000);
    const request = sent("{}", { signature: many, "signature-input": 's="', "content-digest": "x" });
    expect(await reason(provider, request)).not.toBe("ok");
    expect(looks.mock.calls.length).toBeLessThanOrEqual(20);
  });
});
