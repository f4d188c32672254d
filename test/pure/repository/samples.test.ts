// The samples of the documentation: each is checked as a deploy would check it, and does what its comments say.
import { readdirSync, readFileSync } from "node:fs";
import { parse } from "smol-toml";
import { describe, expect, test } from "vitest";
import { examine } from "../../../src/cli/local/examine.ts";
import { rows, table } from "../../../src/cli/local/wrangler-file.ts";
import { readConfig } from "../../../src/config/config.ts";
import { alertKeys } from "../../../src/config/alerts.ts";
import { accessKeys } from "../../../src/config/access.ts";
import { destinationKeys, routeKeys, sourceKeys } from "../../../src/config/keys.ts";
import { match } from "../../../src/in/route.ts";

const folder = new URL("../../../docs/samples/", import.meta.url);
const names = [...readdirSync(folder), "../examples/support-desk/wrangler.toml"];
const open = (name: string) => table(parse(readFileSync(new URL(name, folder), "utf8")));
/** When they were written: dates in them pass. */
const WRITTEN = Date.UTC(2026, 10, 29);
const varsOf = (name: string) => table(open(name)["vars"]);

/** Where an event of a sample goes. */
function destinations(name: string, source: string, type: string, body: unknown = null): string[] {
  const said = { event: { id: "evt_1", type, receivedAt: "2026-11-29T14:06:00.000Z" }, source, headers: {}, body };
  return match(readConfig(varsOf(name)).routes, source, [type], said).matched.map(({ destination }) => destination);
}

/** A configuration as text, so that two can be compared whatever is in them. */
function written(vars: object): string {
  const { sources, destinations: to, ...rest } = readConfig({ ...vars, SIGNING_KEY: "k".repeat(32) });
  const plain = { ...rest, sources: [...sources], destinations: [...to] };
  return JSON.stringify(plain, (_, value: unknown) => (typeof value === "bigint" ? `${value}` : value));
}

/** Each way to leave one key out of a table, however deep it stands. */
function* without(value: object, path: string): Generator<{ path: string; rest: object }> {
  for (const [key, inner] of Object.entries(value)) {
    yield {
      path: `${path}${key}`,
      rest: Object.fromEntries(Object.entries(value).filter(([name]) => name !== key)),
    };
    if (typeof inner !== "object" || inner === null || Array.isArray(inner)) continue;
    for (const { path: deeper, rest } of without(inner, `${path}${key}.`))
      yield { path: deeper, rest: { ...value, [key]: rest } };
  }
}

describe.each(names)("%s", (name) => {
  test("is in order: no error, and nothing to warn of", () => {
    expect(examine(open(name), {}, WRITTEN)).toMatchObject({ frame: [], vars: [] });
  });

  test("is the shipped wrangler.toml, but for the vars", () => {
    const shipped = parse(readFileSync(new URL("../../../wrangler.toml", import.meta.url), "utf8"));
    // What destinations of the sample are bound to is its own.
    const { vars: _, services: _services, r2_buckets: _buckets, send_email: _email, ...rest } = open(name);
    const queues = table(rest["queues"]);
    const producers = rows(rest, ["queues", "producers"]).filter(({ binding }) => binding !== "LINE");
    expect({ ...rest, queues: { ...queues, producers } }).toEqual(table(shipped));
  });
});

describe("what the samples route", () => {
  test.each([
    ["github-to-one.toml", "github", "push", ["ci"]],
    ["github-to-one.toml", "github", "pull_request.opened", ["ci"]],
    ["github-to-one.toml", "github", "star.created", []],
    ["stripe-to-two.toml", "stripe", "invoice.payment_failed", ["ledger", "mailer"]],
    ["stripe-to-two.toml", "stripe", "customer.subscription.deleted", ["ledger", "mailer"]],
    ["stripe-to-two.toml", "stripe", "charge.refunded", ["ledger"]],
    ["every-key.toml", "github", "push", ["ci", "chat"]],
    ["every-key.toml", "github", "issues.opened", []],
    ["every-key.toml", "stripe", "invoice.paid", ["billing", "ledger", "partner", "line", "archive", "desk"]],
    ["every-key.toml", "hookline", "alert.opened", ["chat", "pager", "mail"]],
    ["every-key.toml", "monitor", "", ["chat", "crm", "legacy", "trial"]],
  ])("%s sends %s %j to %j", (name, source, type, expected) => {
    expect(destinations(name, source, type)).toEqual(expected);
  });

  test("the secrets that a sample's comments ask for are those that the relay asks for", () => {
    expect(readConfig(varsOf("github-to-one.toml")).missing).toEqual(["SIGNING_KEY", "ADMIN_TOKEN", "GITHUB_SECRET"]);
    expect(readConfig(varsOf("stripe-to-two.toml")).missing).toEqual(["SIGNING_KEY", "ADMIN_TOKEN", "STRIPE_SECRET"]);
  });
});

describe("every-key.toml", () => {
  const vars = varsOf("every-key.toml");
  const used = (base: string) =>
    new Set(
      Object.entries(vars)
        .filter(([name]) => name.startsWith(base))
        .flatMap(([, entries]) => Object.values(table(entries)).flatMap((entry) => Object.keys(table(entry)))),
    );

  test.each([
    ["SOURCES", sourceKeys],
    ["DESTINATIONS", destinationKeys],
    ["ROUTES", routeKeys],
  ])("uses every key of %s", (base, keys) => {
    expect([...used(base)].toSorted()).toEqual(Object.keys(keys.shape).toSorted());
  });

  test("uses every key of ACCESS", () => {
    expect(Object.keys(table(vars["ACCESS"])).toSorted()).toEqual(Object.keys(accessKeys.shape).toSorted());
  });

  test("uses every key of ALERTS", () => {
    expect(Object.keys(table(vars["ALERTS"])).toSorted()).toEqual(Object.keys(alertKeys.shape).toSorted());
  });

  test.each([...without(vars, "")].map(({ path, rest }) => [path, rest] as const))(
    "would not be the same without %s",
    (_, rest) => {
      expect(written(rest)).not.toBe(written(vars));
    },
  );
});
