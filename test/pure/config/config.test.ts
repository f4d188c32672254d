// What an operator wrote, read: the common case, several vars of one kind, and what a mistake disables.
import { describe, expect, test } from "vitest";
import { readConfig } from "../../../src/config/config.ts";
import { PRESETS } from "../../../src/out/retry.ts";
import { working } from "../../kit/working-config.ts";

const read = (vars: Record<string, unknown>) => readConfig({ ...working, ...vars });

describe("the common case", () => {
  test("says nothing that is not worth saying", () => {
    const config = readConfig(working);
    expect(config.findings).toEqual([]);
    expect(config.missing).toEqual([]);
    expect(config.sources.get("github")).toMatchObject({
      name: "github",
      provider: "github",
      secrets: [{ name: "GITHUB_SECRET", value: "it's a secret" }],
      allow: [],
      rate: null,
      maxBody: 1_048_576,
      publicUrl: null,
      settings: {},
    });
    expect(config.sources.get("github")?.scheme.name).toBe("GitHub");
    expect(config.destinations.get("billing")).toEqual({
      name: "billing",
      url: "https://billing.example.com/webhooks",
      retry: PRESETS.standard,
      keys: [{ kind: "derived", from: { name: "SIGNING_KEY", value: working.SIGNING_KEY } }],
    });
    expect(config.routes).toEqual([{ name: "money", from: ["github"], events: [], to: ["billing"] }]);
    expect(config.adminToken).toEqual({ name: "ADMIN_TOKEN", value: working.ADMIN_TOKEN });
    expect(config).toMatchObject({ shards: 1, retentionMs: 30 * 86_400_000, loopback: false });
  });

  test("an empty relay has nothing wrong, and names what to put next", () => {
    const config = readConfig({});
    expect(config.findings).toEqual([]);
    expect(config.missing).toEqual(["SIGNING_KEY", "ADMIN_TOKEN"]);
    expect(config.adminToken).toBeNull();
  });

  test("bindings and whatever else stands in the environment are nobody's business", () => {
    expect(read({ DB: { prepare: () => null }, OTHER: 1 }).findings).toEqual([]);
  });
});

test("a destination that is named but written wrong is told from one that was removed: it waits, without an address", () => {
  const { destinations, unreadable } = read({ DESTINATIONS: { billing: { url: "billing.example.com" } } });
  expect(destinations.get("billing")).toBeUndefined();
  expect([...unreadable.values()]).toEqual([{ name: "billing", url: null, retry: PRESETS.standard, keys: [] }]);
  expect(read({}).unreadable.size).toBe(0);
});

describe("several vars of one kind", () => {
  test("merge, the base name first and the others by alphabet", () => {
    const config = read({
      ROUTES_B: { b: { from: "github", to: "billing" } },
      ROUTES_A: { a: { from: "github", to: "billing" } },
      SOURCES_EU: { stripe: { provider: "stripe" } },
      DESTINATIONS_EU: { audit: { url: "https://audit.example.com/" } },
    });
    expect(config.findings).toEqual([]);
    expect(config.routes.map(({ name }) => name)).toEqual(["money", "a", "b"]);
    expect([...config.sources.keys()]).toEqual(["github", "stripe"]);
    expect([...config.destinations.keys()]).toEqual(["billing", "audit"]);
  });

  test("a var may be JSON text", () => {
    expect(readConfig({ ...working, SOURCES: JSON.stringify(working.SOURCES) }).sources.size).toBe(1);
  });

  test("the secret of a source that is called sources is no table", () => {
    const config = readConfig({
      SOURCES: { sources: { provider: "github" } },
      SOURCES_SECRET: "x",
      SOURCES_SECRET_OLD: "y",
    });
    expect(config.findings).toEqual([]);
    expect(config.sources.get("sources")?.secrets).toHaveLength(2);
  });

  test("routes keep the order of the file", () => {
    const routes = Object.fromEntries(["z", "a", "m"].map((name) => [name, { from: "github", to: "billing" }]));
    expect(read({ ROUTES: routes }).routes.map(({ name }) => name)).toEqual(["z", "a", "m"]);
  });
});

describe("a mistake", () => {
  test("disables its own source and no other, and says why", () => {
    const config = read({
      SOURCES: { github: { provider: "github" }, stripe: { provider: "stripe", rate: "fast" } },
    });
    expect([...config.sources.keys()]).toEqual(["github"]);
    expect(config.disabled.get("stripe")).toMatch(/^SOURCES\.stripe\.rate: "fast" is not a rate/);
  });

  test("in a route's destination leaves it in the route, where its deliveries fail in sight", () => {
    expect(read({ ROUTES: { r: { from: "github", to: ["billing", "biling"] } } }).routes[0]?.to).toEqual([
      "billing",
      "biling",
    ]);
  });

  test.each([null, 1, true, [], "{", "[]", '"text"'])(
    "%j in the place of all sources disables all, and throws nothing",
    (value) => {
      const config = read({ SOURCES: value });
      expect(config.sources.size).toBe(0);
      expect(config.findings[0]).toMatchObject({ level: "error", key: "SOURCES" });
    },
  );

  test("names of an object's own members do no harm", () => {
    const hostile = '{"__proto__":{"provider":"github"},"constructor":{"provider":"github"},"toString":1}';
    const config = read({ SOURCES: hostile });
    expect([...config.sources.keys()]).toEqual(["constructor"]);
    expect(config.sources.get("constructor")?.provider).toBe("github");
    expect(config.findings.map(({ key }) => key)).toEqual([
      "SOURCES.__proto__",
      "SOURCES.toString",
      "ROUTES.money.from",
    ]);
  });
});
