// The settings of a source are those that its scheme reads: an unknown one and a needed one that is missing are errors, for every sender.
import { describe, expect, test } from "vitest";
import { readConfig } from "../../../src/config/config.ts";
import { findProvider, providerIds } from "../../../src/providers/catalogue.ts";
import { settingsOf } from "../../../src/scheme/settings.ts";
import { working } from "../../kit/working-config.ts";

const ofSource = (entry: unknown) =>
  readConfig({ ...working, SOURCES: { github: entry } }).findings.map(
    ({ level, key, says }) => `${level} ${key}: ${says}`,
  );

describe("settings of a sender of the catalogue", () => {
  test.each([
    ["braintree", "publicKey"],
    ["paypal", "webhook_id"],
    ["websub", "topic"],
    ["aws-sns", "topic"],
    ["plaid", "client_id"],
    ["kinde", "issuer"],
    ["tiktok-shop", "app_key"],
  ])("%s is nothing without %s", (provider, setting) => {
    const missing = new RegExp(
      `^error SOURCES\\.github\\.settings\\.${setting}: is missing, and .* needs it \\(.*\\)\\. Write settings = \\{ ${setting} = "…" \\}$`,
    );
    expect(ofSource({ provider })).toContainEqual(expect.stringMatching(missing));
    expect(ofSource({ provider, settings: { [setting]: "x" } })).toEqual([]);
    expect(ofSource({ provider, settings: { [setting]: " " } })).toContainEqual(
      expect.stringContaining(
        `error SOURCES.github.settings.${setting}: " " is empty. Write settings = { ${setting} = "…" }`,
      ),
    );
    const [known] = ofSource({ provider, settings: { [setting]: "x", [`${setting}s`]: "hunter2" } });
    expect(known).toBe(`error SOURCES.github.settings.${setting}s: is unknown here. Did you mean ${setting}?`);
  });

  test("one that has a default may be left out", () => {
    expect(ofSource({ provider: "plaid", settings: { client_id: "x" } })).toEqual([]);
    expect(ofSource({ provider: "plaid", settings: { client_id: "x", environment: "sandbox" } })).toEqual([]);
  });

  test("a sender that reads none is told so", () => {
    expect(ofSource({ provider: "github", settings: { secret: "hunter2" } })).toEqual([
      "error SOURCES.github.settings.secret: is unknown here. GitHub reads no settings: leave it out",
    ]);
  });

  test("every sender of the catalogue is in order with what it needs, and with all that it reads, and not without", () => {
    for (const provider of providerIds()) {
      const read = settingsOf(findProvider(provider)!);
      const given = (some: typeof read) => Object.fromEntries(some.map(({ name }) => [name, "x"]));
      const needed = read.filter(({ needed: one }) => one);
      expect(ofSource({ provider, settings: given(needed) }), provider).toEqual([]);
      expect(ofSource({ provider, settings: given(read) }), provider).toEqual([]);
      for (const { name } of needed) {
        const rest = needed.filter((one) => one.name !== name);
        expect(ofSource({ provider, settings: given(rest) }), provider).toHaveLength(1);
      }
    }
  });

  test("a table of one's own is held to what its templates read", () => {
    const provider = {
      name: "Acme",
      algorithm: "hmac-sha256",
      signature: { at: "header:X" },
      signs: "{setting:shop}[{setting:region}]{body}",
    };
    expect(ofSource({ provider, settings: { shop: "a" } })).toEqual([]);
    expect(ofSource({ provider, settings: { shop: "a", region: "b" } })).toEqual([]);
    expect(ofSource({ provider, settings: { region: "b" } })).toEqual([
      'error SOURCES.github.settings.shop: is missing, and Acme needs it (signs). Write settings = { shop = "…" }',
    ]);
    expect(ofSource({ provider, settings: { shop: "a", regoin: "b" } })).toEqual([
      "error SOURCES.github.settings.regoin: is unknown here. Did you mean region?",
    ]);
  });
});
