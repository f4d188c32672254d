// How the values of each key are written, and what they come to.
import { describe, expect, test } from "vitest";
import { readConfig } from "../../../src/config/config.ts";
import { PRESETS } from "../../../src/out/retry.ts";
import { working } from "./config-working.ts";

const read = (vars: Record<string, unknown>) => readConfig({ ...working, ...vars });
const source = (entry: object, vars = {}) => read({ SOURCES: { github: entry }, ...vars }).sources.get("github");
const destination = (entry: object, vars = {}) =>
  read({ DESTINATIONS: { billing: entry }, ...vars }).destinations.get("billing");

describe("values", () => {
  test.each([
    ["10/s", { burst: 10, periodMs: 1_000 }],
    ["600/min", { burst: 600, periodMs: 60_000 }],
    ["1000/h", { burst: 1_000, periodMs: 3_600_000 }],
    ["1000000/day", { burst: 1_000_000, periodMs: 86_400_000 }],
  ])("rate %j", (rate, expected) => {
    expect(source({ provider: "github", rate })?.rate).toEqual(expected);
  });

  test.each([
    ["1KiB", 1_024],
    ["1MiB", 1_048_576],
    ["25MiB", 26_214_400],
  ])("max_body %j", (max_body, expected) => {
    expect(source({ provider: "github", max_body })?.maxBody).toBe(expected);
  });

  test.each([
    ["quick", [5_000, 15_000, 30_000]],
    ["standard", PRESETS.standard],
    [
      ["5s", "1m", "1h", "7d"],
      [5_000, 60_000, 3_600_000, 604_800_000],
    ],
    [[], []],
  ])("retry %j", (retry, expected) => {
    expect(destination({ url: "https://example.com/", retry })?.retry).toEqual(expected);
  });

  test("allow takes one network or a list", () => {
    expect(source({ provider: "github", allow: "192.30.252.0/22" })?.allow).toHaveLength(1);
    expect(source({ provider: "github", allow: ["192.30.252.0/22", "2a0a:a440::/29"] })?.allow).toHaveLength(2);
  });

  test("settings are text to the scheme, however they are written", () => {
    const entry = {
      provider: "hmac",
      settings: { header: "X-Signature", timestamp: "X-Time", tolerance: 60 },
    };
    expect(source(entry)?.settings).toEqual({
      header: "X-Signature",
      timestamp: "X-Time",
      tolerance: "60",
    });
    expect(source(entry)?.scheme.timestamp?.tolerance).toBe(60);
  });

  test("a sender that nobody knows is a table of its own", () => {
    const provider = { name: "Acme", algorithm: "hmac-sha256", signature: { at: "header:X-Acme" } };
    expect(source({ provider })).toMatchObject({ provider: "custom", scheme: provider });
  });

  test("public_url is kept as it is written", () => {
    const public_url = "https://Hooks.example.com/in/acme?a=%2e";
    expect(source({ provider: "github", public_url })?.publicUrl).toBe(public_url);
  });
});

describe("values of routes and of the relay", () => {
  test("from, to and events take one or a list", () => {
    const both = { from: ["github"], to: ["billing"], events: ["push"] };
    expect(read({ ROUTES: { r: both } }).routes).toEqual(
      read({ ROUTES: { r: { from: "github", to: "billing", events: "push" } } }).routes,
    );
  });

  test("numbers may be text, as .dev.vars has them", () => {
    expect(read({ INTAKE_SHARDS: "4", RETENTION_DAYS: "7" })).toMatchObject({
      shards: 4,
      retentionMs: 7 * 86_400_000,
    });
    expect(read({ INTAKE_SHARDS: 4, RETENTION_DAYS: 7 })).toMatchObject({
      shards: 4,
      retentionMs: 7 * 86_400_000,
    });
  });

  test("LOG_LEVEL is info unless it says otherwise", () => {
    expect(read({}).logLevel).toBe("info");
    expect(read({ LOG_LEVEL: "error" }).logLevel).toBe("error");
  });

  test("LOOPBACK_DESTINATIONS admits http and this machine, and only when it says so", () => {
    const local = { url: "http://localhost:9000/" };
    for (const on of ["true", "1", true]) {
      expect(destination(local, { LOOPBACK_DESTINATIONS: on })?.url).toBe(local.url);
    }
    for (const off of ["false", "0", "", false, undefined, "yes"]) {
      expect(destination(local, { LOOPBACK_DESTINATIONS: off })).toBeUndefined();
    }
  });
});
