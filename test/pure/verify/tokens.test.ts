// JSON Web Signatures that are written otherwise than RFC 7515 says, under keys that are for something else, or in another algorithm than was agreed.

import { constants, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { describe, expect, test } from "vitest";
import type { JwsAlgorithm } from "../../../src/scheme/scheme.ts";
import { isSigned, parseJws } from "../../../src/verify/jws.ts";
import { pairs } from "../../vectors/keys.ts";

const part = (value: object | string): string =>
  Buffer.from(typeof value === "string" ? value : JSON.stringify(value)).toString("base64url");
const CLAIMS = part({ sub: "someone", n: 1 });

/** What each algorithm is, for node:crypto. */
const signers: Readonly<Record<string, (input: string, key: KeyObject) => Buffer>> = {
  RS256: (input, key) => sign("sha256", Buffer.from(input), key),
  RS384: (input, key) => sign("sha384", Buffer.from(input), key),
  RS512: (input, key) => sign("sha512", Buffer.from(input), key),
  PS256: (input, key) =>
    sign("sha256", Buffer.from(input), { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 }),
  ES256: (input, key) => sign("sha256", Buffer.from(input), { key, dsaEncoding: "ieee-p1363" }),
  EdDSA: (input, key) => sign(null, Buffer.from(input), key),
};

const token = (alg: string, key: KeyObject, { head = {}, by = alg, claims = CLAIMS } = {}): string => {
  const input = `${part({ alg, ...head })}.${claims}`;
  return `${input}.${signers[by]!(input, key).toString("base64url")}`;
};

const jwk = (key: KeyObject, members: object = {}) => JSON.stringify({ ...key.export({ format: "jwk" }), ...members });

async function taken(text: string, key: string, ...allowed: readonly JwsAlgorithm[]): Promise<boolean> {
  const parsed = parseJws(text);
  return parsed !== null && (await isSigned(parsed, { name: "K", value: key }, "public", allowed));
}

const { privateKey, publicKey } = pairs.rsa;
const KEY = jwk(publicKey);
const genuine = token("RS256", privateKey);

describe("each algorithm", () => {
  test.for([
    ["RS256", pairs.rsa],
    ["RS384", pairs.rsa],
    ["RS512", pairs.rsa],
    ["PS256", pairs.rsa],
    ["ES256", pairs.ec],
    ["EdDSA", pairs.ed25519],
  ] as const)("%s is taken where it was agreed, and nowhere else", async ([alg, pair]) => {
    const right = token(alg, pair.privateKey);
    expect(await taken(right, jwk(pair.publicKey), alg)).toBe(true);
    const others = (["RS256", "RS384", "RS512", "PS256", "ES256", "EdDSA"] as const).filter((one) => one !== alg);
    expect(await taken(right, jwk(pair.publicKey), ...others)).toBe(false);
    expect(await taken(right, jwk(pair.publicKey))).toBe(false);
    for (const by of Object.keys(signers).filter((one) => one !== alg)) {
      const { privateKey: other } = by.startsWith("E") ? (by === "ES256" ? pairs.ec : pairs.ed25519) : pairs.rsa;
      expect(await taken(token(alg, other, { by }), jwk(pair.publicKey), alg), by).toBe(false);
    }
  });

  test("a signature in DER is none here, and neither are zeros", async () => {
    const input = `${part({ alg: "ES256" })}.${CLAIMS}`;
    const der = sign("sha256", Buffer.from(input), pairs.ec.privateKey);
    for (const code of [der, Buffer.alloc(64), Buffer.alloc(0), Buffer.concat([Buffer.alloc(63), Buffer.from([1])])])
      expect(await taken(`${input}.${code.toString("base64url")}`, jwk(pairs.ec.publicKey), "ES256")).toBe(false);
  });
});

describe("the compact form", () => {
  const [head = "", claims = "", code = ""] = genuine.split(".");

  test.for([
    ["no signature", `${head}.${claims}.`],
    ["two parts", `${head}.${claims}`],
    ["four parts", `${genuine}.`],
    ["five parts", `${genuine}.${claims}.${code}`],
    ["a part before it", `.${genuine}`],
    ["no header", `.${claims}.${code}`],
    ["no payload", `${head}..${code}`],
    ["parts that changed places", `${claims}.${head}.${code}`],
    ["white space before it", ` ${genuine}`],
    ["a line end after it", `${genuine}\n`],
    ["white space within", `${head}. ${claims}.${code}`],
    ["padding", `${head}.${claims}.${code}==`],
    ["a padded payload", `${head}.${claims}=.${code}`],
    ["base64 in place of base64url", `${head}.${claims}.${Buffer.from(code, "base64url").toString("base64")}`],
    ["a character that is no base64url", `${head}.${claims}.${code.slice(0, -1)}*`],
    ["a null byte", `${head}.${claims}.${code}\0`],
    ["the JSON form", JSON.stringify({ protected: head, payload: claims, signature: code })],
    ["the signature of another token", `${head}.${part({ sub: "someone else" })}.${code}`],
    ["a payload that is not encoded", `${head}.{"sub":"someone"}.${code}`],
    ["an array as header", `${part("[]")}.${claims}.${code}`],
    ["null as header", `${part("null")}.${claims}.${code}`],
    ["a header that is no JSON", `${part('{"alg":"RS256"')}.${claims}.${code}`],
    ["an empty text", ""],
    ["dots alone", ".."],
  ] as const)("with %s is no token", async ([, text]) => {
    expect(await taken(genuine, KEY, "RS256")).toBe(true);
    expect(await taken(text, KEY, "RS256")).toBe(false);
  });

  test("every other spelling of the same bytes is refused: the last character's unused bits count", async () => {
    const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    for (const text of [genuine, token("ES256", pairs.ec.privateKey)]) {
      const [key, alg] = text === genuine ? ([KEY, "RS256"] as const) : ([jwk(pairs.ec.publicKey), "ES256"] as const);
      for (const last of alphabet)
        expect(await taken(text.slice(0, -1) + last, key, alg), last).toBe(last === text.at(-1));
    }
  });
});

describe("the header", () => {
  test.for([
    { crit: ["exp"], exp: 1 },
    { crit: ["b64"], b64: false },
    { crit: [] },
    { b64: false },
    { b64: true },
    { kid: 5 },
    { kid: null },
    { alg: "rs256" },
    { alg: "RS256 " },
    { alg: ["RS256"] },
    { alg: null },
    { alg: "" },
  ])("with %j is refused, rightly signed as it is", async (head) => {
    expect(await taken(token("RS256", privateKey, { head, by: "RS256" }), KEY, "RS256")).toBe(false);
  });

  test("a key that comes along is never used", async () => {
    const stranger = generateKeyPairSync("rsa", { modulusLength: 2048 });
    const own = stranger.publicKey.export({ format: "jwk" });
    for (const head of [
      { jwk: own },
      { jku: "https://evil.example/keys" },
      { x5u: "https://evil.example/c" },
      { x5c: ["AA=="] },
    ])
      expect(await taken(token("RS256", stranger.privateKey, { head }), KEY, "RS256")).toBe(false);
  });
});

describe("a detached signature over the payload as it is (RFC 7797)", () => {
  const BODY = new TextEncoder().encode('{"event_type":"tier.increase","at":"1.5"}\u0000\u00ff.');
  const text = new TextDecoder().decode(BODY);
  const detached = (head: object, payload = text): string => {
    const protectedHead = part({ alg: "RS256", ...head });
    return `${protectedHead}..${signers["RS256"]!(`${protectedHead}.${payload}`, privateKey).toString("base64url")}`;
  };
  const isTaken = async (written: string, body = BODY, unencoded = true): Promise<boolean> => {
    const parsed = parseJws(written, body, unencoded);
    return parsed !== null && (await isSigned(parsed, { name: "K", value: KEY }, "public", ["RS256"]));
  };
  const RIGHT = { b64: false, crit: ["b64"] };

  test("is taken over these bytes and no others, and only of a sender that is known to sign so", async () => {
    expect(await isTaken(detached(RIGHT))).toBe(true);
    expect(await isTaken(detached(RIGHT), BODY.slice(0, -1))).toBe(false);
    expect(await isTaken(detached(RIGHT), BODY, false)).toBe(false);
    expect(await isTaken(detached(RIGHT).replace("..", `.${part(text)}.`))).toBe(false);
  });

  test.for([
    {},
    { b64: false },
    { crit: ["b64"] },
    { b64: true, crit: ["b64"] },
    { b64: "false", crit: ["b64"] },
    { b64: null, crit: ["b64"] },
    { b64: false, crit: [] },
    { b64: false, crit: "b64" },
    { b64: false, crit: ["b64", "b64"] },
    { b64: false, crit: ["b64", "exp"], exp: 1 },
    { b64: false, crit: ["exp"], exp: 1 },
  ])("with the header %j is refused, signed either way", async (head) => {
    expect(await isTaken(detached(head))).toBe(false);
    expect(await isTaken(detached(head, part(text)))).toBe(false);
  });

  test("over the payload in base64url is another one", async () => {
    expect(await isTaken(detached(RIGHT, part(text)))).toBe(false);
    expect(await isTaken(detached({}, part(text)), BODY, false)).toBe(true);
  });
});

const named = (kid: string) => token("RS256", privateKey, { head: { kid } });

describe("the key", () => {
  test.for([
    [{ use: "sig" }, true],
    [{ use: "enc" }, false],
    [{ use: "" }, false],
    [{ key_ops: ["verify"] }, true],
    [{ key_ops: ["sign", "verify"] }, true],
    [{ key_ops: ["encrypt"] }, false],
    [{ key_ops: [] }, false],
    [{ alg: "RS256" }, true],
    [{ alg: "RS512" }, false],
    [{ alg: "PS256" }, false],
    [{ alg: "ES256" }, false],
    [{ kty: "EC" }, false],
    [{ kty: "oct" }, false],
    [{ n: undefined }, false],
    [{ e: undefined }, false],
    [{ n: "AQAB" }, false],
    [{ e: "AQ" }, false],
  ] as const)("with %j: %s", async ([members, right]) => {
    expect(await taken(genuine, jwk(publicKey, members), "RS256")).toBe(right);
  });

  test("of another curve, another kind or another size is not this token's", async () => {
    const p384 = generateKeyPairSync("ec", { namedCurve: "P-384" });
    const small = generateKeyPairSync("rsa", { modulusLength: 1024 });
    expect(await taken(token("ES256", p384.privateKey), jwk(p384.publicKey), "ES256")).toBe(false);
    expect(await taken(token("ES256", pairs.ec.privateKey), jwk(pairs.ec.publicKey, { crv: "P-384" }), "ES256")).toBe(
      false,
    );
    expect(await taken(token("RS256", small.privateKey), jwk(publicKey), "RS256")).toBe(false);
    expect(await taken(genuine, jwk(pairs.ec.publicKey), "RS256")).toBe(false);
    expect(await taken(genuine, jwk(pairs.ed25519.publicKey), "RS256")).toBe(false);
  });

  test("of a set is chosen by its name, and a name that the set does not have chooses none", async () => {
    const other = generateKeyPairSync("rsa", { modulusLength: 2048 }).publicKey.export({ format: "jwk" });
    const own = publicKey.export({ format: "jwk" });
    const set = JSON.stringify({
      keys: [
        { ...other, kid: "a" },
        { ...own, kid: "b" },
      ],
    });
    expect(await taken(named("b"), set, "RS256")).toBe(true);
    expect(await taken(named("a"), set, "RS256")).toBe(false);
    expect(await taken(named("c"), set, "RS256")).toBe(false);
    expect(await taken(named("__proto__"), set, "RS256")).toBe(false);
    for (const keys of ["[]", '"b"', "null", "{}", "[null]", '[{"kid":"b"}]'])
      expect(await taken(named("b"), `{"keys":${keys}}`, "RS256"), keys).toBe(false);
  });

  test("a shared secret is no public key, whatever it holds", async () => {
    const secret = { kty: "oct", k: Buffer.from("secret").toString("base64url") };
    for (const key of [JSON.stringify(secret), JSON.stringify({ keys: [secret] }), "secret", ""])
      expect(await taken(genuine, key, "RS256", "HS256")).toBe(false);
  });
});
