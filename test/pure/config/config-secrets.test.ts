// Which secrets an entry takes, by convention or by name, and that no value of one is ever said.
import { describe, expect, test } from "vitest";
import { readConfig } from "../../../src/config/config.ts";
import { working } from "../../kit/working-config.ts";

const OWN_KEY = `whsec_${Buffer.alloc(24, 1).toString("base64")}`;
const read = (vars: Record<string, unknown>) => readConfig({ ...working, ...vars });
const source = (entry: object, vars = {}) => read({ SOURCES: { github: entry }, ...vars }).sources.get("github");
const destination = (entry: object, vars = {}) =>
  read({ DESTINATIONS: { billing: entry }, ...vars }).destinations.get("billing");

describe("secrets of sources", () => {
  test("acme-pay uses ACME_PAY_SECRET, and the old one beside it", () => {
    const config = readConfig({
      SOURCES: { "acme-pay": { provider: "stripe" } },
      ACME_PAY_SECRET: "new",
      ACME_PAY_SECRET_OLD: "old",
    });
    const { secrets, secretNames } = config.sources.get("acme-pay") ?? expect.fail();
    expect(secrets.map(({ value }) => value)).toEqual(["new", "old"]);
    expect(secretNames).toEqual(["ACME_PAY_SECRET", "ACME_PAY_SECRET_OLD"]);
    expect(config.missing).not.toContain("ACME_PAY_SECRET");
  });

  test.each([{}, { GITHUB_SECRET: "" }, { GITHUB_SECRET: { not: "text" } }])(
    "a source without its secret (%j) stays, without any: it refuses everything",
    (vars) => {
      const config = readConfig({ ...working, GITHUB_SECRET: undefined, ...vars });
      expect(config.sources.get("github")?.secrets).toEqual([]);
      expect(config.missing).toEqual(["GITHUB_SECRET"]);
      expect(config.findings).toEqual([]);
    },
  );

  test("a list of secrets replaces the convention, and each of them is asked for", () => {
    const vars = { MAIN_KEY: "a" };
    const entry = { provider: "github", secrets: ["MAIN_KEY", "SECOND_KEY"] };
    expect(source(entry, vars)?.secrets).toEqual([{ name: "MAIN_KEY", value: "a" }]);
    expect(read({ SOURCES: { github: entry }, ...vars }).missing).toEqual(["SECOND_KEY"]);
  });

  test("names of an object's own members are no secrets", () => {
    const config = readConfig({ SOURCES: { constructor: { provider: "github" } } });
    expect(config.sources.get("constructor")?.secrets).toEqual([]);
    expect(config.missing).toContain("CONSTRUCTOR_SECRET");
  });
});

describe("secrets of destinations", () => {
  test("a secret of its own beats the derived key, and the old one signs too", () => {
    const vars = { BILLING_KEY: OWN_KEY, BILLING_KEY_OLD: OWN_KEY.slice("whsec_".length) };
    const keys = destination({ url: "https://example.com/", secret: "BILLING_KEY" }, vars)?.keys;
    expect(keys?.map((key) => key.kind === "own" && key.secret.name)).toEqual(["BILLING_KEY", "BILLING_KEY_OLD"]);
  });

  test("a secret of its own that is not there is asked for, and no other key takes its place", () => {
    const config = read({ DESTINATIONS: { billing: { url: "https://example.com/", secret: "BILLING_KEY" } } });
    expect(config.missing).toEqual(["BILLING_KEY"]);
    expect(config.destinations.get("billing")?.keys).toEqual([]);
  });

  test("SIGNING_KEY_OLD signs too, after the new one", () => {
    const keys = destination({ url: "https://example.com/" }, { SIGNING_KEY_OLD: working.SIGNING_KEY })?.keys;
    expect(keys?.map((key) => key.kind === "derived" && key.from.name)).toEqual(["SIGNING_KEY", "SIGNING_KEY_OLD"]);
  });

  test("SIGNING_KEY is asked for where one destination derives its key, even if the old one is still there", () => {
    const destinations = { own: { url: "https://example.com/", secret: "OWN_KEY" }, ...working.DESTINATIONS };
    const vars = { OWN_KEY, SIGNING_KEY: undefined, SIGNING_KEY_OLD: working.SIGNING_KEY };
    expect(read({ DESTINATIONS: destinations, ...vars }).missing).toEqual(["SIGNING_KEY"]);
  });

  test("SIGNING_KEY is not asked for where every destination has a key of its own", () => {
    const own = { url: "https://example.com/", secret: "BILLING_KEY" };
    const vars = { DESTINATIONS: { billing: own }, SIGNING_KEY: undefined };
    expect(read({ ...vars, BILLING_KEY: OWN_KEY }).missing).toEqual([]);
    expect(read(vars).missing).toEqual(["BILLING_KEY"]);
  });

  test.each(["hunter2", "whsec_aHVudGVyMg==", "whsec_not base64", `whsec_${Buffer.alloc(23).toString("base64")}`])(
    "a secret of its own that is no key (%j) leaves the destination without one, and is in no message",
    (value) => {
      const config = read({
        DESTINATIONS: { billing: { url: "https://example.com/", secret: "BILLING_KEY" } },
        BILLING_KEY: value,
      });
      expect(config.destinations.get("billing")?.keys).toEqual([]);
      expect(config.findings.map(({ key }) => key)).toEqual(["DESTINATIONS.billing.secret"]);
      expect(JSON.stringify(config.findings)).not.toContain(value);
    },
  );

  test("a URL may itself be a secret; until it is put, the destination waits without one", () => {
    const entry = { url_secret: "CHAT_URL" };
    expect(destination(entry, { CHAT_URL: "https://chat.example.com/t0k3n" })?.url).toBe(
      "https://chat.example.com/t0k3n",
    );
    expect(destination(entry)?.url).toBeNull();
    expect(read({ DESTINATIONS: { billing: entry } }).missing).toEqual(["CHAT_URL"]);
  });

  test("a secret URL is judged like any other, and is in no message", () => {
    const config = read({
      DESTINATIONS: { billing: { url_secret: "CHAT_URL" } },
      CHAT_URL: "http://10.0.0.1/t0k3n",
    });
    expect(config.destinations.get("billing")?.url).toBeNull();
    expect(config.findings).toMatchObject([{ level: "error", key: "DESTINATIONS.billing.url_secret" }]);
    expect(JSON.stringify(config.findings)).not.toContain("t0k3n");
  });
});
