// A handshake that computes is no signing oracle: nothing that a stranger can have signed is taken as an event.

import { createHash, createHmac } from "node:crypto";
import { assert, asyncProperty, oneof, stringMatching, uuid } from "fast-check";
import { describe, expect, test } from "vitest";
import { readConfig } from "../../../src/config/config.ts";
import { handshake } from "../../../src/in/handshake.ts";
import { findProvider, providerIds } from "../../../src/providers/catalogue.ts";
import { resolveProvider } from "../../../src/config/custom.ts";
import { oracleFault } from "../../../src/scheme/oracle.ts";
import type { Provider } from "../../../src/scheme/scheme.ts";
import { verify, type Inbound } from "../../../src/verify/verify.ts";

const SECRETS = [{ name: "A_SECRET", value: "a secret of the sender" }];
const SETTINGS = { publicKey: "pk" };
const URL_HERE = "https://hooks.example.com/in/a";

const computing = providerIds().filter((id) => findProvider(id)!.handshake?.some((one) => one.compute !== undefined));

function request(method: string, url: string, headers: Record<string, string>, body = ""): Inbound {
  return { method, url, headers: new Headers(headers), body: new TextEncoder().encode(body) };
}

/** A document that holds a value at a path. */
function nested(path: string, value: string): object {
  const [last = "", ...above] = path.split(".").toReversed();
  return above.reduce<object>((inner, key) => ({ [key]: inner }), { [last]: value });
}

/** Codes in an answer, in every encoding that they could be rewritten into. */
async function codesFor(provider: Provider, challenge: string): Promise<string[]> {
  const found: string[] = [];
  for (const one of provider.handshake ?? []) {
    if (one.compute === undefined || one.challenge === undefined) continue;
    const [source, name = ""] = one.challenge.at.split(":");
    const url = source === "query" ? `${URL_HERE}?${name}=${encodeURIComponent(challenge)}` : URL_HERE;
    const body =
      source === "json" ? JSON.stringify({ event: "endpoint.url_validation", ...nested(name, challenge) }) : "";
    for (const phase of ["before-verify", "after-verify"] as const) {
      const answer = await handshake(request(one.method, url, {}, body), provider, SECRETS, SETTINGS, phase);
      found.push(...(answer?.body.match(/[\w+/=-]{27,}/g) ?? []));
    }
  }
  return found.flatMap((code) => {
    const bytes = Buffer.from(code.replace(/^sha256=/, ""), /^[0-9a-f]+$/.test(code) ? "hex" : "base64");
    return [bytes.toString("hex"), bytes.toString("base64"), bytes.toString("base64url")];
  });
}

/** An event of this content with this code at every place where the sender's signature may be. */
function forged(provider: Provider, content: string, code: string): Inbound {
  const { signature, signs = "{body}" } = provider;
  const field = /^\{form:([\w-]+)\}$/.exec(signs)?.[1];
  const written =
    signature.format === "pairs" ? `pk${signature.equals ?? "="}${code}` : `${signature.prefix ?? ""}${code}`;
  const [at] = [signature.at].flat();
  const [source, name = ""] = at!.split(":");
  const headers: Record<string, string> = source === "header" ? { [name]: written } : {};
  if (field === undefined) return request("POST", URL_HERE, headers, content);
  headers["content-type"] = "application/x-www-form-urlencoded";
  const body = new URLSearchParams({ [field]: content, ...(source === "form" ? { [name]: written } : {}) });
  return request("POST", URL_HERE, headers, body.toString());
}

const CHALLENGES = {
  token: stringMatching(/^[\w.~+/=-]{1,80}$/),
  hex: stringMatching(/^[0-9a-f]{20,32}$/),
  uuid: uuid(),
} as const;

describe.for(computing)("%s", (id) => {
  const provider = findProvider(id)!;

  test("the rule finds no fault", () => {
    expect(oracleFault(provider)).toBeNull();
  });

  test("no answer to a challenge proves an event", async () => {
    await assert(
      asyncProperty(oneof(CHALLENGES.token, CHALLENGES.hex, CHALLENGES.uuid), async (challenge) => {
        for (const code of await codesFor(provider, challenge)) {
          const forgery = forged(provider, challenge, code);
          expect((await verify(forgery, provider, SECRETS, SETTINGS, 1_760_000_000_000)).ok).toBe(false);
        }
      }),
      { numRuns: 60 },
    );
  });
});

test("the forgeries of the test are right but for the refusal: the same code over an event is taken", async () => {
  for (const [id, content, key, hash] of [
    ["x-twitter", '{"for_user_id":"1","order":77}', SECRETS[0]!.value, "sha256"],
    ["braintree", "PD94bWwgdmVyc2lvbj0iMS4wIj8+", createHash("sha1").update(SECRETS[0]!.value).digest(), "sha1"],
  ] as const) {
    const provider = findProvider(id)!;
    const code = createHmac(hash, key)
      .update(content)
      .digest(provider.signature.encoding === "base64" ? "base64" : "hex");
    expect(await verify(forged(provider, content, code), provider, SECRETS, SETTINGS, 0)).toMatchObject({ ok: true });
  }
});

test("the event that X signs for a stranger is refused, and says why", async () => {
  const provider = findProvider("x-twitter")!;
  const [, code = ""] = await codesFor(provider, "order-77=paid");
  expect(code).not.toBe("");
  const verdict = await verify(forged(provider, "order-77=paid", code), provider, SECRETS, SETTINGS, 0);
  expect(verdict).toEqual({ ok: false, rejection: { reason: "challenge_signed" } });
});

const own = {
  name: "Own",
  algorithm: "hmac-sha256",
  signature: { at: "header:x-signature" },
  handshake: [
    {
      method: "GET",
      challenge: { at: "query:c", syntax: "token" },
      compute: { algorithm: "hmac-sha256", over: "{challenge}" },
      answer: { text: "{computed}" },
    },
  ],
} as const;
const [asked] = own.handshake;

test.for<[string, object, RegExp]>([
  ["a place that whoever asks may choose", { compute: { ...asked.compute, over: "{challenge}{query:d}" } }, /query:d/],
  ["the body", { compute: { ...asked.compute, over: "{body}" } }, /without one \{challenge\}/],
  ["two challenges", { compute: { ...asked.compute, over: "{challenge}{challenge}" } }, /without one \{challenge\}/],
  ["a challenge of no known syntax", { challenge: undefined }, /syntax is known/],
  ["the URL, which holds a query", { compute: { ...asked.compute, over: "{challenge}{url}" } }, /\{url\}/],
  [
    "the host, which whoever asks names",
    { compute: { ...asked.compute, over: "{challenge}{url-without-query}" } },
    /Host/,
  ],
  ["the secret itself", { answer: { json: { proof: "{secret}" } } }, /gives the secret away in proof/],
])("a table whose handshake signs or tells %s is refused with the fix", ([, changed, says]) => {
  const resolved = resolveProvider({ ...own, handshake: [{ ...asked, ...changed }] });
  expect(resolved.ok).toBe(false);
  if (resolved.ok) return;
  expect(resolved.faults[0]?.path.join(".")).toMatch(/^provider\.handshake\.0\./);
  expect(resolved.faults[0]?.message).toMatch(says);
});

test.for<[string, object]>([
  [
    "a token (JWT) has the form of a challenge",
    { algorithm: "jwt", jwt: { algorithms: ["HS256"] }, uncovered: "All." },
  ],
  ["a detached token has the form of a challenge", { algorithm: "jws-detached", jwt: { algorithms: ["HS256"] } }],
  ["ids and times have the form of a challenge", { signs: "{header:x-id}.{header:x-time}", uncovered: "The body." }],
  ["a field has the form of a challenge", { signs: "{form:payload}", uncovered: "The rest." }],
  [
    "a plain hash can be extended",
    {
      algorithm: "sha256",
      signs: "{secret}{body}",
      handshake: [{ ...asked, compute: { algorithm: "sha256", over: "{secret}{challenge}" } }],
    },
  ],
])("a table whose events could all be computed is refused: %s", ([, changed]) => {
  expect(resolveProvider({ ...own, ...changed })).toMatchObject({ ok: false });
});

test.for<[string, object]>([
  ["the body, where what looks like a challenge is refused", {}],
  ["behind a prefix", { signs: "v0:{body}" }],
  ["under another hash", { algorithm: "hmac-sha512" }],
  ["under a public key", { algorithm: "ed25519", secret: "public" }],
  [
    "as a token that has dots, where a challenge has none",
    {
      algorithm: "jwt",
      jwt: { algorithms: ["HS256"] },
      uncovered: "All.",
      handshake: [{ ...asked, challenge: { at: "query:c", syntax: "uuid" } }],
    },
  ],
])("a table is taken that signs %s", ([, changed]) => {
  expect(resolveProvider({ ...own, ...changed })).toMatchObject({ ok: true });
});

test("a source whose handshake would sign events takes nothing, at the check and at run time alike", () => {
  const provider = { ...own, handshake: [{ ...asked, compute: { ...asked.compute, over: "{header:x-any}" } }] };
  const { sources, disabled, findings } = readConfig({ SOURCES: { a: { provider } }, A_SECRET: "s" });
  expect([...sources.keys()]).toEqual([]);
  expect(disabled.get("a")).toMatch(/SOURCES\.a\.provider\.handshake\.0\.compute/);
  expect(findings[0]).toMatchObject({ level: "error" });
});

const both = (b: object): object => ({
  a: { provider: "x-twitter", secrets: ["SHARED"] },
  b: { secrets: ["SHARED"], ...b },
});

describe("a secret of two sources", () => {
  test("is refused where one of them signs for strangers what the other believes", () => {
    for (const provider of ["github", "stripe", "dropbox"]) {
      const { sources, findings } = readConfig({ SOURCES: both({ provider }) });
      expect([...sources.keys()]).toEqual(["a"]);
      expect(findings.find(({ key }) => key === "SOURCES.b.secrets")?.says).toMatch(/shares SHARED with a/);
    }
  });

  test("is refused by its value too, which only the running relay knows", () => {
    const vars = {
      SOURCES: { a: { provider: "x-twitter" }, b: { provider: "github" } },
      A_SECRET: "one",
      B_SECRET: "one",
    };
    expect([...readConfig(vars).sources.keys()]).toEqual(["a"]);
    expect([...readConfig({ ...vars, B_SECRET: "two" }).sources.keys()]).toEqual(["a", "b"]);
  });

  test("is taken where both refuse the same challenges, and where the codes are of another kind", () => {
    for (const provider of ["x-twitter", "intercom", "discord", "gitlab"])
      expect([...readConfig({ SOURCES: both({ provider }) }).sources.keys()]).toEqual(["a", "b"]);
  });
});
