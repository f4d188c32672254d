// Rules over the whole catalogue that keep a kind of fault out: a sender that is added later has to obey them too.

import { describe, expect, test } from "vitest";
import { findProvider, providerIds } from "../../../src/providers/catalogue.ts";
import { providerSchema, type Provider } from "../../../src/scheme/scheme.ts";
import { readConfig } from "../../../src/config/config.ts";
import { settingsOf } from "../../../src/scheme/settings.ts";
import { pinnedUrl } from "../../../src/verify/pinned.ts";

describe("every sender that publishes keys", () => {
  const senders = providerIds().flatMap((id): [string, Provider][] => {
    const provider = findProvider(id)!;
    return provider.keys === undefined ? [] : [[id, provider]];
  });

  test("there are some", () => {
    expect(senders.length).toBeGreaterThanOrEqual(9);
  });

  test.each(senders)(
    "%s pins whole hosts and paths, and says whose a certificate must be",
    (_, { keys, handshake = [] }) => {
      const pins = [keys!, ...handshake.flatMap(({ visits }) => visits ?? [])];
      for (const pin of pins) {
        // A pattern that takes any text is none, and neither is one whose dots are any character.
        for (const pattern of [pin.host, pin.path, "query" in pin ? (pin.query ?? "x") : "x"]) {
          const outside = pattern.replaceAll(/\[[^\]]+\]/g, "[]");
          expect(outside).not.toMatch(/(?<!\\)\.|\\[SWD]|[)\]]\*|\[\]\+$/);
          expect(new RegExp(`^(?:${pattern})$`).test("evil.example/x?y#z")).toBe(false);
        }
        expect(pin.path.startsWith("/")).toBe(true);
      }
      if (keys!.form === "certificate") expect(keys!.subject).toBeDefined();
      if (keys!.login !== undefined) expect(keys!.login.url).toMatch(/^https:/);
    },
  );

  test.each(senders.filter(([, { keys }]) => keys!.url.startsWith("https://")))(
    "%s: its own URL fits its own pin",
    (_, { keys }) => {
      const url = keys!.url
        .replaceAll(/\[[^\]]*\]/g, "")
        .replaceAll(/\{[^}|]*\|default:(\w+)\}/g, "$1")
        .replaceAll("{kid}", "k-1")
        .replaceAll("{header:x-adobe-public-key1-path}", "/prod/keys/pub-key-a1B2.pem");
      expect(pinnedUrl(url, keys!)).toBe(url);
      expect(pinnedUrl(`${url}?x`, keys!)).toBeNull();
      expect(pinnedUrl(`${url}/x`, keys!)).toBeNull();
    },
  );

  test("a sender of one's own cannot leave these out", () => {
    const own = { ...findProvider("paypal")! };
    expect(providerSchema.safeParse(own).success).toBe(true);
    for (const missing of ["host", "path", "subject"]) {
      const keys = Object.fromEntries(Object.entries(own.keys!).filter(([name]) => name !== missing));
      expect(providerSchema.safeParse({ ...own, keys }).success, missing).toBe(false);
    }
  });
});

const all = providerIds().map((id): [string, Provider] => [id, findProvider(id)!]);

describe("every sender with a token", () => {
  const senders = all.filter(([, { jwt }]) => jwt !== undefined);

  test.each(senders)("%s says for whom a token is, or why it does not", (_, { jwt, uncovered = "" }) => {
    if (jwt!.audience === undefined) expect(uncovered).toMatch(/audience/);
  });

  test.each(senders)("%s: a public key is only asked for where no code is allowed", (_, { jwt, secret = "text" }) => {
    const codes = jwt!.algorithms.filter((one) => one.startsWith("HS"));
    if (secret === "public") expect(codes).toEqual([]);
    else if (secret !== "public-or-text") expect(codes).toEqual(jwt!.algorithms);
  });
});

describe("every sender whose key is everybody's", () => {
  const shared = all.filter(([, { keys }]) => keys !== undefined);

  test.each(shared)("%s is bound to the source by a setting, or says that it is not", (_, scheme) => {
    const { signs = "", demands = {}, jwt, keys, uncovered = "" } = scheme;
    const bound = [signs, ...Object.values(demands).flat(), jwt?.issuer ?? "", jwt?.audience ?? ""].join("");
    // A key at an address that is wholly the operator's own is nobody else's.
    if (!bound.includes("{setting:") && !keys!.url.startsWith("{setting:"))
      expect(uncovered).toMatch(/all (?:customers|workspaces)'/);
  });
});

describe("every sender whose signature may name its algorithm", () => {
  const senders = all.filter(([, { signature }]) => /^(?:envelope|cavage|rfc9421|named)$/.test(signature.format ?? ""));

  test.each(senders)("%s has the name compared", (_, { algorithm, signature }) => {
    if (signature.format === "named") expect(algorithm).toMatchObject({ by: "pair:name" });
    else expect(Object.keys(signature.names ?? {}).length).toBeGreaterThan(0);
  });

  test("there are some of each kind", () => {
    expect(senders.map(([id]) => id)).toEqual(expect.arrayContaining(["ebay", "keygen", "mailchannels", "websub"]));
  });
});

/** The settings that a scheme needs, and those that it only reads. */
function namesOf(scheme: Provider): { readonly required: readonly string[]; readonly optional: readonly string[] } {
  const read = settingsOf(scheme);
  const names = (needed: boolean) => read.filter((one) => one.needed === needed).map(({ name }) => name);
  return { required: names(true), optional: names(false) };
}

describe("settings", () => {
  const withSettings = all.filter(([, scheme]) => JSON.stringify(scheme).includes("setting:"));

  test.each(withSettings)(
    "%s: without a setting that is required, the source is closed and says which",
    (id, scheme) => {
      const { required, optional } = namesOf(scheme);
      expect(required.length + optional.length).toBeGreaterThan(0);
      const given = Object.fromEntries(required.map((name) => [name, "x"]));
      const read = (settings: object) => readConfig({ SOURCES: { a: { provider: id, settings } }, A_SECRET: "s" });
      expect(read(given).sources.has("a")).toBe(true);
      for (const name of required) {
        for (const value of [undefined, ""]) {
          const config = read({ ...given, [name]: value });
          expect(config.sources.has("a")).toBe(false);
          expect(config.disabled.get("a")).toContain(`settings.${name}`);
        }
      }
    },
  );

  test.each([
    ["aws-sns", ["topic"], []],
    ["braintree", ["publicKey"], []],
    ["fireblocks", [], ["region"]],
    ["kinde", ["issuer"], []],
    ["paypal", ["webhook_id"], []],
    ["plaid", ["client_id"], ["environment"]],
    ["tiktok-shop", ["app_key"], []],
    ["websub", ["topic"], ["mode"]],
    ["github", [], []],
  ])("%s needs %j and knows %j", (id, required, optional) => {
    expect(namesOf(findProvider(id)!)).toEqual({ required, optional });
  });

  test("every demand that names a setting names nothing else: another value would let the setting be left out", () => {
    for (const [id, { demands = {} }] of all) {
      for (const templates of Object.values(demands))
        if (templates.some((one) => one.includes("setting:"))) expect(templates, id).toHaveLength(1);
    }
  });
});
