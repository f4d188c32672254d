// Until when an old secret is taken: how it is written, what it ends, and what the check says of it.
import { describe, expect, test } from "vitest";
import { examine } from "../../../src/cli/local/examine.ts";
import { readConfig } from "../../../src/config/config.ts";
import { endFindings, endingSoon } from "../../../src/operate/ends.ts";
import { secretOf } from "../../../src/verify/in-force.ts";
import { working } from "../../kit/working-config.ts";

const OWN_KEY = `whsec_${Buffer.alloc(24, 1).toString("base64")}`;
const NEW_YEAR = Date.UTC(2027, 0, 1);
const DAY = 86_400_000;

const source = (entry: object, vars: object = {}) =>
  readConfig({
    SOURCES: { "acme-pay": { provider: "stripe", ...entry } },
    ACME_PAY_SECRET: "new",
    ACME_PAY_SECRET_OLD: "old",
    ...vars,
  });
const destination = (entry: object, vars: object = {}) =>
  readConfig({
    ...working,
    SIGNING_KEY_OLD: "o".repeat(32),
    DESTINATIONS: { billing: { url: "https://b.example.com/", ...entry } },
    ...vars,
  });
const endsOf = (config: ReturnType<typeof source>) =>
  Object.fromEntries((config.sources.get("acme-pay")?.secrets ?? []).map(({ name, until }) => [name, until]));
const keysOf = (config: ReturnType<typeof source>) =>
  Object.fromEntries(
    (config.destinations.get("billing")?.keys ?? []).map(secretOf).map(({ name, until }) => [name, until]),
  );

describe("what it ends", () => {
  test.each([
    ["2027-01-01", NEW_YEAR],
    ["2027-01-01T12:00Z", NEW_YEAR + DAY / 2],
    ["2027-01-01T12:00:01Z", NEW_YEAR + DAY / 2 + 1000],
    ["2027-01-01T12:00:01.000Z", NEW_YEAR + DAY / 2 + 1000],
    ["2028-02-29", Date.UTC(2028, 1, 29)],
  ])("%s is a moment in UTC, and ends the secret whose name ends in _OLD", (old_until, until) => {
    const config = source({ old_until });
    expect(endsOf(config)).toEqual({ ACME_PAY_SECRET: undefined, ACME_PAY_SECRET_OLD: until });
    expect(config.findings).toEqual([]);
  });

  test("in a list, those that end in _OLD, or those that it names; the others go on", () => {
    const listed = { secrets: ["ACME_LIVE", "ACME_TEST", "ACME_LIVE_OLD"] };
    const vars = { ACME_LIVE: "a", ACME_TEST: "b", ACME_LIVE_OLD: "c" };
    expect(endsOf(source({ ...listed, old_until: "2027-01-01" }, vars))).toEqual({
      ACME_LIVE: undefined,
      ACME_TEST: undefined,
      ACME_LIVE_OLD: NEW_YEAR,
    });
    expect(endsOf(source({ ...listed, old_until: { ACME_TEST: "2027-01-02" } }, vars))).toEqual({
      ACME_LIVE: undefined,
      ACME_TEST: NEW_YEAR + DAY,
      ACME_LIVE_OLD: undefined,
    });
  });

  test("of a destination, its own old key, or for it alone the old one of the relay", () => {
    const own = { BILLING_KEY: OWN_KEY, BILLING_KEY_OLD: OWN_KEY };
    expect(keysOf(destination({ secret: "BILLING_KEY", old_until: "2027-01-01" }, own))).toEqual({
      BILLING_KEY: undefined,
      BILLING_KEY_OLD: NEW_YEAR,
    });
    expect(keysOf(destination({ old_until: "2027-01-01" }))).toEqual({
      SIGNING_KEY: undefined,
      SIGNING_KEY_OLD: NEW_YEAR,
    });
  });

  test("SIGNING_KEY_OLD_UNTIL ends the relay's old key for all; a destination's own date may only be nearer", () => {
    const relay = { SIGNING_KEY_OLD_UNTIL: "2027-01-02" };
    expect(keysOf(destination({}, relay))["SIGNING_KEY_OLD"]).toBe(NEW_YEAR + DAY);
    expect(keysOf(destination({ old_until: "2027-01-01" }, relay))["SIGNING_KEY_OLD"]).toBe(NEW_YEAR);
    const late = destination({ old_until: "2027-01-03" }, relay);
    expect(keysOf(late)["SIGNING_KEY_OLD"]).toBe(NEW_YEAR + DAY);
    expect(late.findings).toMatchObject([{ level: "error", key: "DESTINATIONS.billing.old_until" }]);
  });

  test("what has no end is as it was", () => {
    expect(endsOf(source({}))).toEqual({ ACME_PAY_SECRET: undefined, ACME_PAY_SECRET_OLD: undefined });
    expect(source({}).ends).toEqual([]);
    expect(keysOf(destination({}))).toEqual({ SIGNING_KEY: undefined, SIGNING_KEY_OLD: undefined });
  });
});

describe("what is refused", () => {
  test.each([
    "31.12.2026",
    "2026-13-01",
    "2027-02-29",
    "2027-01-01T12:00",
    "2027-01-01T24:00Z",
    "2207-01-01",
    "",
    1,
    true,
    [],
  ])("%j is no date: the source is closed, and the message says how one is written", (old_until) => {
    const config = source({ old_until });
    expect(config.sources.has("acme-pay")).toBe(false);
    expect(config.findings).toMatchObject([{ level: "error", key: "SOURCES.acme-pay.old_until" }]);
    expect(config.findings[0]?.says).toContain(
      'is no date. Write a day in quotes, which begins at midnight UTC, such as "2026-12-31"',
    );
    expect(destination({ old_until }).unreadable.has("billing")).toBe(true);
  });

  test.each([
    [{ secrets: ["ACME_A", "ACME_B"], old_until: "2027-01-01" }, "ends nothing: none of ACME_A, ACME_B ends in _OLD"],
    [
      { old_until: { ACME_PAY_SECRE_OLD: "2027-01-01" } },
      "is no secret of this source. Did you mean ACME_PAY_SECRET_OLD?",
      "SOURCES.acme-pay.old_until.ACME_PAY_SECRE_OLD",
    ],
    [{ secrets: ["ACME_OLD"], old_until: "2027-01-01" }, "would end every secret of this source"],
    [{ old_until: { ACME_PAY_SECRET: "2027-01-01", ACME_PAY_SECRET_OLD: "2027-01-01" } }, "would end every secret"],
    [
      { old_until: { ACME_PAY_SECRET_OLD: "the secret itself" } },
      "is no date. Write a day in quotes",
      "SOURCES.acme-pay.old_until.ACME_PAY_SECRET_OLD",
    ],
  ])("of a source: %j", (entry, says, key = "SOURCES.acme-pay.old_until") => {
    const { findings } = source(entry);
    expect(findings).toMatchObject([{ level: "error", key }]);
    expect(JSON.stringify(findings)).not.toContain("the secret itself");
    expect(findings[0]?.says).toContain(says);
  });

  test("of a destination whose format the relay does not sign, and of a relay whose key signs nothing", () => {
    expect(destination({ format: "none", old_until: "2027-01-01" }).findings).toMatchObject([
      { level: "error", key: "DESTINATIONS.billing.old_until", says: expect.stringContaining("ends nothing") },
    ]);
    const own = { BILLING_KEY: OWN_KEY, SIGNING_KEY_OLD_UNTIL: "2027-01-01" };
    expect(destination({ secret: "BILLING_KEY" }, own).findings).toMatchObject([
      { level: "error", key: "SIGNING_KEY_OLD_UNTIL", says: expect.stringContaining("ends nothing") },
    ]);
  });

  test("SIGNING_KEY_OLD_UNTIL that is no date is named, and the old key signs on: nobody is refused for it", () => {
    const config = destination({}, { SIGNING_KEY_OLD_UNTIL: "soon" });
    expect(config.findings).toMatchObject([{ level: "error", key: "SIGNING_KEY_OLD_UNTIL" }]);
    expect(keysOf(config)).toEqual({ SIGNING_KEY: undefined, SIGNING_KEY_OLD: undefined });
  });
});

const said = (vars: object, now: number) =>
  endFindings(source({ old_until: "2027-01-01" }, vars).ends, now).map(({ says }) => says);

const file = (old_until: unknown) => ({ vars: { SOURCES: { acme: { provider: "stripe", old_until } } } });
const of = (old_until: unknown) =>
  examine(file(old_until), {}, NEW_YEAR).vars.filter(({ key }) => key.endsWith("old_until"));

describe("what is said as the time goes by", () => {
  test("nothing, then that it ends soon, then that it has ended", () => {
    expect(said({}, NEW_YEAR - 8 * DAY)).toEqual([]);
    expect(said({}, NEW_YEAR - 7 * DAY)).toEqual([
      expect.stringContaining("ACME_PAY_SECRET_OLD ends in 7 days, at 2027-01-01 00:00 UTC"),
    ]);
    expect(said({}, NEW_YEAR - 1)).toEqual([expect.stringContaining("ends in less than an hour")]);
    expect(said({}, NEW_YEAR)).toEqual([
      "2027-01-01 00:00 UTC is past: ACME_PAY_SECRET_OLD has ended. Delete the secret with npx wrangler secret delete ACME_PAY_SECRET_OLD, and then leave old_until out",
    ]);
  });

  test("where there is no old secret, that there is nothing to end", () => {
    expect(said({ ACME_PAY_SECRET_OLD: undefined }, NEW_YEAR - DAY)).toEqual([
      expect.stringContaining("ends ACME_PAY_SECRET_OLD at 2027-01-01 00:00 UTC, and no such secret is set here"),
    ]);
  });

  test("which of them end soon, the next one first", () => {
    const both = source(
      { secrets: ["A_SECRET", "B_SECRET", "C_SECRET"], old_until: { B_SECRET: "2027-01-02", C_SECRET: "2027-01-01" } },
      { A_SECRET: "a", B_SECRET: "b", C_SECRET: "c" },
    ).ends;
    expect(endingSoon(both, NEW_YEAR - DAY).map(({ secret }) => secret)).toEqual(["C_SECRET", "B_SECRET"]);
    expect(endingSoon(both, NEW_YEAR).map(({ secret }) => secret)).toEqual(["B_SECRET"]);
    expect(endingSoon(both, NEW_YEAR - 30 * DAY)).toEqual([]);
  });

  test("the check before a deploy refuses a date that is more than a year away, and a date of TOML's own", () => {
    expect(of("2028-02-01")).toMatchObject([
      { level: "error", says: expect.stringContaining("is more than a year away") },
    ]);
    expect(of("2027-02-01")).toEqual([]);
    expect(examine(file("2027-02-01"), {}, NEW_YEAR).unseen).toEqual(["ACME_SECRET_OLD"]);
    expect(examine(file("2027-02-01"), { ACME_SECRET_OLD: "o" }, NEW_YEAR)).toMatchObject({ unseen: [] });
    expect(of("2026-12-01")).toMatchObject([
      { level: "warning", says: expect.stringContaining("wrangler secret delete") },
    ]);
    expect(of(new Date("2027-02-01T00:00:00Z")).map(({ says }) => says)[0]).toContain("Put it in quotes");
  });
});
