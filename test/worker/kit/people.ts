// Who may come to the relay, each in every way there is: by token, key, session or Cloudflare Access.
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import type { Role } from "../../../src/contract/access.ts";
import { NOON, type Operator, TOKEN } from "./operator.ts";

const TEAM = "acme";
export const AUDIENCE = "c0ffee".padEnd(64, "0");
export const ISSUER = `https://${TEAM}.cloudflareaccess.com`;
export const CERTS = `${ISSUER}/cdn-cgi/access/certs`;

/** The relay's vars for Cloudflare Access. */
export const ACCESS = {
  team: TEAM,
  audience: AUDIENCE,
  operators: ["Operator@example.com"],
  admins: ["admin@example.com"],
};

/** One signing key of a Cloudflare Access team, and the document in which it is published. */
export async function signer(kid: string, algorithm: "RS256" | "ES256" = "RS256") {
  const { privateKey, publicKey } = await generateKeyPair(algorithm, { extractable: true });
  const jwk = { ...(await exportJWK(publicKey)), kid, alg: algorithm, use: "sig" };
  return {
    jwk,
    certs: JSON.stringify({ keys: [jwk] }),
    /** An assertion about a person, right in everything that `claims` do not change. */
    assert: async (email: string, claims: Record<string, unknown> = {}) =>
      await new SignJWT({
        email,
        iss: ISSUER,
        aud: [AUDIENCE],
        iat: NOON / 1000,
        nbf: NOON / 1000,
        exp: NOON / 1000 + 60,
        type: "app",
        ...claims,
      })
        .setProtectedHeader({ alg: algorithm, kid, typ: "JWT" })
        .sign(privateKey),
  };
}

export const bearer = (secret: string) => ({ authorization: `Bearer ${secret}` });

/** A new API key's secret. */
export async function newKey(operator: Operator, role: Role, name: string = role, days: number | null = null) {
  const response = await operator.call("/api/keys", {
    method: "POST",
    body: JSON.stringify({ name, role, days }),
  });
  if (response.status !== 200) throw new Error(`no key: ${response.status} ${await response.text()}`);
  const { key, secret } = await response.json<{ key: { id: string }; secret: string }>();
  return { id: key.id, secret };
}

/** The cookie of a browser that has signed in, as it sends it back. */
export async function signIn(operator: Operator, secret: string = TOKEN, earlier = ""): Promise<string> {
  const request = new Request("https://relay.example.com/signin", { method: "POST", headers: { cookie: earlier } });
  const signed = await operator.access().signIn(request, secret);
  if (signed === null) throw new Error("not signed in");
  return signed.cookie.split(";", 1)[0] ?? "";
}

/** What a page of the relay's own sends. */
export const own = { "sec-fetch-site": "same-origin" };

/** What a browser says when another site's page has it fetch something for itself. */
export const EMBEDDED: readonly Record<string, string>[] = [
  { "sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors", "sec-fetch-dest": "script" },
  { "sec-fetch-site": "same-site", "sec-fetch-mode": "cors", "sec-fetch-dest": "empty" },
  { "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "iframe" },
  { "sec-fetch-site": "cross-site" },
];

/** What it says when a person goes somewhere: from here, by the address bar, by a link elsewhere; or it is too old to say. */
export const REACHED: readonly Record<string, string>[] = [
  own,
  { "sec-fetch-site": "none", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document" },
  { "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document" },
  {},
];
