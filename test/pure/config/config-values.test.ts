// How the values of each key are written, and what they come to.
import { describe, expect, test } from "vitest";
import { readConfig } from "../../../src/config/config.ts";
import { PRESETS } from "../../../src/out/retry.ts";
import { working } from "../../kit/working-config.ts";

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

  test("LOG_SUCCESS is a share from 0 to 1, and everything unless it says otherwise", () => {
    for (const [value, share] of [
      [undefined, 1],
      [0, 0],
      [0.1, 0.1],
      ["0.25", 0.25],
      ["1", 1],
    ] as const)
      expect(read({ LOG_SUCCESS: value }).logSuccess).toBe(share);
    for (const wrong of [1.5, -1, "10%", "", true, Number.NaN]) {
      const { logSuccess, findings } = read({ LOG_SUCCESS: wrong });
      expect([wrong, logSuccess, findings[0]?.key]).toEqual([wrong, 1, "LOG_SUCCESS"]);
    }
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

/** What a rule comes to. */
const rule = (dedupe: unknown, entry: object = { provider: "github" }) => {
  const found = source({ ...entry, dedupe });
  return found === undefined ? null : [found.scheme.id, found.scheme.idShared, found.dedupeWindowMs];
};

describe("dedupe", () => {
  test.each([
    ["none", [undefined, undefined, null]],
    ["body", ["{body-sha256-hex}", undefined, null]],
    ["{json:id}/{json:status}", ["{json:id}/{json:status}", undefined, null]],
    [{ by: "body", window: "5m" }, ["{body-sha256-hex}", undefined, 300_000]],
    [{ by: "{form:id}", window: "7d" }, ["{form:id}", undefined, 604_800_000]],
    [{ by: "body" }, ["{body-sha256-hex}", undefined, null]],
  ])("%j", (dedupe, expected) => {
    expect(rule(dedupe)).toEqual(expected);
  });

  test("without it the sender's own id counts, and with it nothing that the catalogue says of that id", () => {
    expect(source({ provider: "sendgrid" })?.scheme).toMatchObject({ id: "{json:0.sg_event_id}", idShared: true });
    expect(source({ provider: "sendgrid", dedupe: "none" })?.scheme.idNames).toBeUndefined();
  });

  test.each([
    ["nonce", '"nonce" is no rule. Write "body", "none", a template such as'],
    [true, "true is no rule"],
    [[], "[] is no rule"],
    [{ by: "none", window: "5m" }, "is no rule"],
    [{ window: "5m" }, "is no rule"],
    [{ by: "body", window: "5 minutes" }, "the units are s, m, h and d, and the most is 7d"],
    [{ by: "body", window: "8d" }, "is no rule"],
    [{ by: "body", for: "5m" }, "is no rule"],
    ["{json:id", "has a brace that is not closed. Write } behind the place"],
    ["{jason:id}", "is no place (jason:id). Write one such as"],
    ["{timestamp}/{json:id}", "reads {timestamp}, which is not known any more"],
    ["{pair:t}", "reads {pair:t}"],
    ["{setting:shop}", "is the same for every event"],
  ])("%j is refused: %s", (dedupe, says) => {
    const { findings, sources } = read({ SOURCES: { github: { provider: "github", dedupe } } });
    expect(sources.has("github")).toBe(false);
    const finding = findings.find(({ key }) => key === "SOURCES.github.dedupe");
    expect(finding?.level).toBe("error");
    expect(finding?.says).toContain(says);
  });
});
