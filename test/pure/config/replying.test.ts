// `reply` of a route: what is read, and what is refused with its fix.
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { parse } from "smol-toml";
import { expect, test } from "vitest";
import { table } from "../../../src/cli/local/wrangler-file.ts";
import { readConfig } from "../../../src/config/config.ts";
import { working } from "../../kit/working-config.ts";

const URL_OF_APP = "https://app.example.com/";
const SOURCES = {
  slack: { provider: "slack" },
  discord: { provider: "discord" },
  twilio: { provider: "twilio" },
  github: { provider: "github" },
  "dropbox-sign": { provider: "dropbox-sign" },
};
const SECRETS = Object.fromEntries(["SLACK", "DISCORD", "TWILIO", "DROPBOX_SIGN"].map((one) => [`${one}_SECRET`, "s"]));
const read = (route: object, app: object = { url: URL_OF_APP }, more: object = {}) =>
  readConfig({
    ...working,
    ...SECRETS,
    DISCORD_SECRET: "0".repeat(64),
    SOURCES,
    DESTINATIONS: { app, log: { url: "https://log.example.com/" } },
    ROUTES: { ask: { from: "slack", to: ["app", "log"], ...route }, ...more },
  });
const said = (...given: Parameters<typeof read>) =>
  read(...given).findings.map(({ level, key, says }) => `${level} ${key} ${says}`);

test("the answer of one destination, within 1.5 s unless it says otherwise", () => {
  expect(read({ reply: "app" })).toMatchObject({
    findings: [],
    routes: [{ reply: { destination: "app", withinMs: 1_500 } }],
  });
  expect(read({ reply: "app", reply_within: "800ms" }).routes[0]?.reply?.withinMs).toBe(800);
  expect(read({ reply: "app", reply_within: "2.25s" }).routes[0]?.reply?.withinMs).toBe(2_250);
  expect(read({}).routes[0]).not.toHaveProperty("reply");
});

test.each<[object, RegExp]>([
  [
    { reply: "crm" },
    /^error ROUTES\.ask\.reply "crm" is not among the destinations of this route\. There are app, log/,
  ],
  [{ reply: "ap" }, /Did you mean app\?/],
  [{ reply: 7 }, /^error ROUTES\.ask\.reply 7 is not the name of a destination/],
  [{ reply_within: "1s" }, /^error ROUTES\.ask\.reply_within bounds nothing/],
  [{ reply: "app", reply_within: "50ms" }, /reply_within "50ms" is no time\. Write it as "1\.5s"/],
  [{ reply: "app", reply_within: "11s" }, /reply_within "11s" is no time/],
  [{ reply: "app", reply_within: 2 }, /reply_within 2 is no time/],
  [
    { reply: "app", reply_within: "3s" },
    /reply_within is longer than slack waits: Slack gives up after 3 s\. Write "2\.5s"/,
  ],
  [
    { reply: "app", from: "dropbox-sign" },
    /reply is no choice for what comes from dropbox-sign: Dropbox Sign .* takes only/,
  ],
  [{ reply: "app", from: "hookline" }, /reply answers nobody/],
])("%j is refused", (route, words) => {
  expect(said(route)).toEqual([expect.stringMatching(words)]);
});

test.each<[object, RegExp]>([
  [{ inspect: true }, /is an inspector/],
  [{ queue: "LINE" }, /is a queue, which answers nothing/],
  [{ r2: "ARCHIVE" }, /is a bucket, which answers nothing/],
  [{ url: URL_OF_APP, order: "source" }, /gets its events in order/],
  [{ url: URL_OF_APP, timeout: "20s" }, /may take more than 15 s/],
])("a destination with %j has no answer in time", (app, words) => {
  expect(said({ reply: "app" }, app)).toContainEqual(expect.stringMatching(words));
});

test("Twilio may be kept waiting for ten seconds, and a sender whose limit nobody knows as well", () => {
  expect(said({ from: ["twilio", "github"], reply: "app", reply_within: "10s" })).toEqual([]);
});

test("of two routes that answer one event, the second is told that the first comes first", () => {
  const second = { more: { from: ["slack"], to: "log", reply: "log" } };
  expect(said({ reply: "app" }, undefined, second)).toEqual([
    expect.stringMatching(/^warning ROUTES\.more\.reply stands behind that of the route ask: .* the answer of app/),
  ]);
  expect(said({ reply: "app", events: "/ask" }, undefined, { more: { ...second.more, events: "/tell" } })).toEqual([]);
});

test("the example of the page is in order", () => {
  const page = readFileSync(resolve(import.meta.dirname, "../../../docs/replies.md"), "utf8");
  const [, block = ""] = /```toml\n([^]*?)```/.exec(page) ?? [];
  const { SIGNING_KEY, ADMIN_TOKEN } = working;
  const config = readConfig({ ...table(parse(block)["vars"]), SIGNING_KEY, ADMIN_TOKEN, SLACK_SECRET: "s" });
  expect(config.findings).toEqual([]);
  expect(config.routes).toMatchObject([{ reply: { destination: "bot", withinMs: 1_500 } }]);
});
