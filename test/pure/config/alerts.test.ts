// The table ALERTS and the relay's own source: of what nobody is told, how often, and where links lead.
import { parse } from "smol-toml";
import { expect, test } from "vitest";
import { examine } from "../../../src/cli/local/examine.ts";
import { readConfig } from "../../../src/config/config.ts";
import { working } from "../../kit/working-config.ts";

const read = (ALERTS: unknown) => readConfig({ ...working, ALERTS });
const DEFAULT = { mute: [], quietMs: 900_000, url: null };

test("without the table somebody is told of everything, and of the same thing every quarter of an hour at most", () => {
  expect(readConfig(working)).toMatchObject({ alerts: DEFAULT, findings: [] });
});

test("each key is read, from a table and from its JSON", () => {
  const table = { mute: ["source-silent"], quiet: "45m", url: "https://relay.example.com/" };
  const expected = { mute: ["source-silent"], quietMs: 2_700_000, url: "https://relay.example.com" };
  for (const written of [table, JSON.stringify(table)])
    expect(read(written)).toMatchObject({ alerts: expected, findings: [] });
});

test("where the table says no address, a source's public_url does", () => {
  const SOURCES = {
    acme: { provider: "hmac", settings: { header: "X" }, public_url: "https://hooks.example.com/in/acme" },
  };
  const vars = { SOURCES, ACME_SECRET: "s" };
  expect(readConfig(vars).alerts.url).toBe("https://hooks.example.com");
  expect(readConfig({ ...vars, ALERTS: { url: "https://relay.example.com" } }).alerts.url).toBe(
    "https://relay.example.com",
  );
});

test.each<[string, unknown, string, RegExp]>([
  ["no table", "loud", "ALERTS", /^"loud" is not a table\. Write it as \[vars\.ALERTS\]$/],
  [
    "a rule with a slip",
    { mute: ["source-silnt"] },
    "ALERTS.mute",
    /^"source-silnt" is not a rule\. Did you mean source-silent\?$/,
  ],
  ["a rule that nobody knows", { mute: ["everything"] }, "ALERTS.mute", /is not a rule\. (?:There are|Of the) .*\.$/],
  ["one rule for a list", { mute: "source-silent" }, "ALERTS.mute", /is not a list\. Write it as \["source-silent"\]$/],
  ["a number for a time", { quiet: 15 }, "ALERTS.quiet", /^15 is no time of an hour at most\. Write it as "15m"$/],
  ["a word for a time", { quiet: "often" }, "ALERTS.quiet", /^"often" is no time of an hour at most\./],
  [
    "a URL with a path",
    { url: "https://relay.example.com/alerts" },
    "ALERTS.url",
    /is not the address of a relay\. .*without a path$/,
  ],
  ["a URL with credentials", { url: "https://me:pw@relay.example.com" }, "ALERTS.url", /is not the address of a relay/],
  ["a host for a URL", { url: "relay.example.com" }, "ALERTS.url", /is not the address of a relay/],
  ["an unknown key", { muted: ["source-silent"] }, "ALERTS.muted", /^is unknown here\. Did you mean mute\?$/],
])(
  "%s is an error that says how to write it, and everything else applies as it does without the table",
  (_, table, key, says) => {
    const { alerts, findings } = read(table);
    expect(findings).toEqual([{ level: "error", key, says: expect.stringMatching(says) }]);
    expect(alerts).toEqual(DEFAULT);
  },
);

const TOML = `
[vars.SOURCES.github]
provider = "github"
[vars.DESTINATIONS.chat]
url = "https://chat.example.com/"
[vars.ROUTES.all]
from = "github"
to = "chat"
[vars.ALERTS]
quiet = "1h"
`;
const ALERTS_ROUTE = `
[vars.ROUTES.alerts]
from = "hookline"
events = "alert.*"
to = "chat"
`;
const found = (toml: string) => examine(parse(toml)).vars.map(({ level, key, says }) => `${level} ${key}: ${says}`);

test("the check takes a route that begins at hookline, and warns of nothing", () => {
  expect(found(TOML + ALERTS_ROUTE)).toEqual([]);
  // It is the only one that leads there.
  expect(found((TOML + ALERTS_ROUTE).replace('to = "chat"', "to = []"))).not.toEqual([]);
});

test("what the relay says has no proof of a sender that could be passed through", () => {
  const passing = TOML.replace('url = "https://chat', 'format = "passthrough"\nurl = "https://chat');
  expect(found(passing)).toEqual([]);
  expect(found(passing + ALERTS_ROUTE)).toEqual([
    expect.stringMatching(
      /^error DESTINATIONS\.chat\.format: "passthrough" is no choice for what comes from hookline: /,
    ),
  ]);
});

test("a pattern that fits nothing that hookline says is a warning", () => {
  expect(found(TOML + ALERTS_ROUTE.replace("alert.*", "alerts.*"))).toEqual([
    expect.stringMatching(/^warning ROUTES\.alerts\.events: fits nothing of hookline.*alert\.opened/),
  ]);
});

test("a source of that name is refused, and the name is suggested to whoever misspells it", () => {
  const sources = `[vars.SOURCES.hookline]\nprovider = "github"\n`;
  expect(found(TOML + sources)).toContainEqual(
    "error SOURCES.hookline: is the name of the relay's own source, whose events are its alerts. Take another name",
  );
  expect(found(TOML + ALERTS_ROUTE.replace("hookline", "hooklin"))).toContainEqual(
    'error ROUTES.alerts.from: "hooklin" is not a source. Did you mean hookline?',
  );
});
