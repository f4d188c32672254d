// What `hookline check` refuses and what it warns of, each as a change to the shipped wrangler.toml.
import { readFileSync } from "node:fs";
import * as fc from "fast-check";
import { parse } from "smol-toml";
import { describe, expect, test } from "vitest";
import { examine } from "../../../src/cli/local/examine.ts";
import { meet } from "../../../src/cli/local/examine-routes.ts";
import { findProvider } from "../../../src/providers/catalogue.ts";
import { settingsOf } from "../../../src/scheme/settings.ts";
import { fits } from "../../../src/in/route.ts";

const shipped = readFileSync(new URL("../../../wrangler.toml", import.meta.url), "utf8");
const RELAY = `
[vars.SOURCES.github]
provider = "github"
[vars.DESTINATIONS.billing]
url = "https://billing.example.com/"
[vars.ROUTES.money]
from = "github"
to = "billing"
`;
/** Findings about the shipped file with something behind it, each as one line. */
const found = (toml: string, file = shipped, local = {}) => {
  const { frame, vars } = examine(parse(`${file}\n${toml}`), local);
  return [...frame, ...vars].map(({ level, key, says }) => `${level} ${key}: ${says}`);
};
const many = (count: number, line: (index: number) => string) =>
  Array.from({ length: count }, (_, index) => line(index)).join("\n");

test("the shipped file is in order, with a relay in it and without", () => {
  expect(found("")).toEqual([]);
  expect(found(RELAY)).toEqual([]);
});

/** What is wrong, the TOML of it, and how the line begins that says so. */
const REFUSED = [
  [
    "an unquoted date",
    '[vars.SOURCES.github]\nprovider = "github"\nsettings = { since = 2026-01-02 }',
    "error SOURCES.github.settings.since: is a TOML date. Put it in quotes",
  ],
  [
    "a misspelt var",
    '[vars.SOURCE.github]\nprovider = "github"',
    "error SOURCE: is not a var that Hookline knows. Did you mean SOURCES?",
  ],
  [
    "a misspelt key",
    '[vars.SOURCES.github]\nprovidr = "github"',
    "error SOURCES.github.providr: is unknown here. Did you mean provider?",
  ],
  [
    "a route to nowhere",
    `${RELAY}[vars.ROUTES.more]\nfrom = "github"\nto = "biling"`,
    'error ROUTES.more.to: "biling" is not a destination. Did you mean billing?',
  ],
  [
    "a destination that is not public",
    '[vars.DESTINATIONS.billing]\nurl = "https://[::ffff:127.0.0.1]/"',
    'error DESTINATIONS.billing.url: "https://[::ffff:127.0.0.1]/" is not a public address',
  ],
  [
    "the local switch, which does not hide what it would admit",
    '[vars]\nLOOPBACK_DESTINATIONS = "true"\n[vars.DESTINATIONS.billing]\nurl = "http://localhost/"',
    "error LOOPBACK_DESTINATIONS: admits http and this machine",
  ],
  [
    "a destination that only the local switch would admit",
    '[vars]\nLOOPBACK_DESTINATIONS = "true"\n[vars.DESTINATIONS.billing]\nurl = "http://localhost/"',
    'error DESTINATIONS.billing.url: "http://localhost/" is not https',
  ],
  ["a table of required secrets", '[secrets]\nrequired = ["GITHUB_SECRET"]', "error secrets: must go"],
  ["a secret of a source among the vars", '[vars]\nGITHUB_SECRET = "hunter2"', "error GITHUB_SECRET: is a secret"],
  ["a secret of the relay among the vars", '[vars]\nADMIN_TOKEN = "hunter2"', "error ADMIN_TOKEN: is a secret"],
  [
    "a var of more than 5 KB",
    `[vars.SOURCES_MORE]\n${many(200, (i) => `s${i} = { provider = "github" }`)}`,
    "error SOURCES_MORE: holds ",
  ],
  [
    "more than 128 vars and secrets",
    `[vars.SOURCES]\n${many(127, (i) => `s${i} = { provider = "stripe" }`)}`,
    "error vars: with the secrets there are 130",
  ],
];

describe("refused", () => {
  test.each(REFUSED)("%s", (_, toml, line) => {
    expect(
      found(toml).find((one) => one.startsWith(line)),
      found(toml).join("\n"),
    ).toBeDefined();
  });

  test("no value of a secret is repeated", () => {
    expect(found('[vars]\nADMIN_TOKEN = "hunter2"\nA_SECRET = "hunter2"').join()).not.toContain("hunter2");
  });

  test.each([
    ["d1_databases", 'binding = "DB"'],
    ["durable_objects.bindings", 'name = "INTAKE"'],
    ["queues.producers", 'binding = "DELIVERIES"'],
    ["queues.producers", 'binding = "DEAD_LETTERS"'],
    ["ratelimits", 'name = "FLOOD_GUARD"'],
  ])("a file whose %s lack %s", (key, line) => {
    const member = line.slice(0, line.indexOf(" "));
    const lines = found("", shipped.replace(line, `${member} = "OTHER"`));
    expect(lines).toContainEqual(expect.stringContaining(`error ${key}: lacks ${line.split('"')[1]}`));
  });

  test("a queue that nobody consumes", () => {
    const lines = found("", shipped.replaceAll('queue = "hookline-dead-letters"\nmax', 'queue = "other"\nmax'));
    expect(lines).toEqual([expect.stringContaining('error queues.consumers: lacks the queue "hookline-dead-letters"')]);
  });

  test("an environment that lacks its bindings, each by name", () => {
    const lines = found('[env.staging.vars.SOURCES.github]\nprovider = "github"');
    for (const name of ["DB", "INTAKE", "FEED", "DELIVERIES", "DEAD_LETTERS", "FLOOD_GUARD"]) {
      expect(lines).toContainEqual(
        expect.stringMatching(new RegExp(`^error env\\.staging\\.[a-z0-9_.]+: lacks ${name}\\.`)),
      );
    }
  });

  test("a mistake in the vars of an environment", () => {
    expect(found('[env.staging.vars.SOURCES.github]\nprovider = "githib"')).toContainEqual(
      expect.stringContaining('error env.staging.SOURCES.github.provider: "githib" is not in the catalogue'),
    );
  });
});

/** Two routes to the same destination, each with a line of its own. */
const routes = (first: string, second: string) =>
  found(
    `${RELAY.replace('to = "billing"\n', `to = "billing"\n${first}\n`)}[vars.ROUTES.more]\nfrom = "github"\nto = "billing"\n${second}`,
  );

describe("warned of", () => {
  test("a route that names a destination for the same events as an earlier one", () => {
    const line =
      "warning ROUTES.more: can name billing for the same event of github as ROUTES.money. It gets one delivery, by money, which stands first";
    expect(routes("", 'events = "push"')).toEqual([line]);
    expect(routes('events = ["issues.*"]', 'events = ["*.opened"]')).toEqual([line]);
    expect(routes('events = ["issues.*"]', 'events = ["push", "pull_request.*"]')).toEqual([]);
  });

  test("what no route reaches", () => {
    expect(
      found(
        `${RELAY}[vars.SOURCES.stripe]\nprovider = "stripe"\n[vars.DESTINATIONS.audit]\nurl = "https://audit.example.com/"`,
      ),
    ).toEqual([
      "warning SOURCES.stripe: is in no route: its events are kept and go nowhere",
      "warning DESTINATIONS.audit: is in no route: it gets nothing",
    ]);
  });

  test("a var that has come to four fifths of 5 KB", () => {
    const sources = many(150, (i) => `s${i} = { provider = "github" }`);
    expect(found(`[vars.SOURCES]\n${sources}`)).toContainEqual(
      expect.stringMatching(/^warning SOURCES: holds 4\d\d\d bytes of the 5120/),
    );
  });

  test("more vars and secrets than the free plan has", () => {
    const sources = many(62, (i) => `s${i} = { provider = "stripe" }`);
    expect(found(`[vars.SOURCES]\n${sources}`)).toContainEqual(
      expect.stringContaining("warning vars: with the secrets there are 65"),
    );
  });

  test("an environment without vars, because it inherits none", () => {
    expect(found("[env.staging]")).toContainEqual(expect.stringContaining("warning env.staging.vars: is empty"));
  });
});

test("two patterns meet if, and only if, some text fits both", () => {
  const pattern = fc.string({ unit: fc.constantFrom("a", "b", "*"), maxLength: 4 });
  // All texts of a and b up to a length that no pair of these patterns can need more than.
  const texts = [""];
  for (const text of texts) if (text.length < 8) texts.push(`${text}a`, `${text}b`);
  fc.assert(
    fc.property(pattern, pattern, (a, b) => {
      expect(meet(a, b)).toBe(texts.some((text) => fits(a, text) && fits(b, text)));
    }),
    { numRuns: 2_000 },
  );
});

test.each([
  [
    "mollie-classic",
    '["payments.*"]',
    [
      'warning ROUTES.money.events: fits nothing of shop: every event of it has the type "payment". Write that, or leave events out',
    ],
  ],
  ["mollie-classic", '["pay*"]', []],
  [
    "braintree",
    '["subscription_*"]',
    [
      'warning ROUTES.money.events: fits nothing of shop: every event of it has the type "notification". Write that, or leave events out',
    ],
  ],
  ["stripe", '["nothing.of.stripe"]', []],
])("a pattern for a sender of one type only (%s, %s)", (provider, events, expected) => {
  const settings = settingsOf(findProvider(provider)!).map(({ name }) => `${name} = "x"`);
  const entry = settings.length === 0 ? `"${provider}"` : `"${provider}"\nsettings = { ${settings.join(", ")} }`;
  const toml = RELAY.replaceAll("github", "shop").replace('"shop"', entry);
  expect(found(`${toml}events = ${events}\n`).filter((line) => line.includes(".events"))).toEqual(expected);
});
