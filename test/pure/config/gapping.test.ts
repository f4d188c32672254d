// `gaps` of a source: what is read, and what is refused with its fix.
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { parse } from "smol-toml";
import { expect, test } from "vitest";
import { table } from "../../../src/cli/local/wrangler-file.ts";
import { readConfig } from "../../../src/config/config.ts";
import { working } from "../../kit/working-config.ts";

const AT = "https://api.github.com/repos/acme/shop/hooks/1";
const HEADERS = { authorization: "Bearer $GITHUB_TOKEN" };
const read = (gaps: unknown, source: object = {}, more: object = {}) =>
  readConfig({
    ...working,
    GITHUB_TOKEN: "ghp-token",
    SOURCES: { github: { provider: "github", gaps, ...source } },
    ...more,
  });
const said = (...given: Parameters<typeof read>) =>
  read(...given).findings.map(({ level, key, says }) => `${level} ${key} ${says}`);

test("where, by which credential and how often", () => {
  const config = read({ at: `${AT}/`, headers: HEADERS });
  expect(config.findings).toEqual([]);
  expect(config.sources.get("github")?.gaps).toMatchObject({
    at: AT,
    everyMs: 900_000,
    headers: { authorization: "Bearer ghp-token" },
    sent: ["GITHUB_TOKEN"],
    unset: [],
  });
  expect(read({ at: AT, headers: HEADERS, every: "1h" }).sources.get("github")?.gaps?.everyMs).toBe(3_600_000);
  const narrowed = read(
    { at: "https://api.paddle.com/?notification_setting_id=a", headers: HEADERS },
    { provider: "paddle" },
  );
  expect(narrowed.sources.get("github")?.gaps).toMatchObject({
    at: "https://api.paddle.com",
    narrowed: "notification_setting_id=a",
  });
  expect(read(undefined).sources.get("github")).not.toHaveProperty("gaps");
});

test("a credential that is not set is asked for, and the source goes on", () => {
  const config = read({ at: AT, headers: HEADERS }, {}, { GITHUB_TOKEN: "" });
  expect(config.missing).toContain("GITHUB_TOKEN");
  expect(config.sources.get("github")?.gaps?.unset).toEqual(["GITHUB_TOKEN"]);
});

test.each<[unknown, RegExp]>([
  [{ headers: HEADERS }, /^error SOURCES\.github\.gaps\.at is needed\. Write it as at = "https:\/\/api\.github\.com/],
  [{ at: "http://api.github.com/x", headers: HEADERS }, /gaps\.at .*https/],
  [{ at: "https://127.0.0.1/x", headers: HEADERS }, /gaps\.at /],
  [{ at: `${AT}?per_page=5`, headers: HEADERS }, /gaps\.at .* has per_page, which is the relay's own to say/],
  [{ at: `${AT}?cursor=v1_2`, headers: HEADERS }, /gaps\.at .* has cursor, which/],
  [{ at: AT }, /gaps\.headers\.authorization names no secret/],
  [{ at: AT, headers: { authorization: "Bearer $GITHUB_SECRET" } }, /gaps\.headers sends GITHUB_SECRET, which proves/],
  [{ at: AT, headers: HEADERS, every: "1m" }, /gaps\.every "1m" is no time\. Write it as "15m"/],
  [{ at: AT, headers: HEADERS, ever: "15m" }, /gaps\.ever .*Did you mean every\?/],
  ["15m", /gaps/],
])("%j is refused", (gaps, words) => {
  expect(said(gaps)).toEqual([expect.stringMatching(words), ...said(gaps).slice(1)]);
});

test("a sender of which no list is known cannot be asked", () => {
  expect(said({ headers: HEADERS }, { provider: "slack" })).toContainEqual(
    expect.stringMatching(/^error SOURCES\.github\.gaps is no choice for Slack, of which no list .* Leave it out/),
  );
});

test("what would be fetched with an id that nobody signs is refused, because it would come twice", () => {
  const acme = {
    name: "Acme",
    algorithm: "token",
    signature: { at: "header:X-Token" },
    id: "{json:id}",
    deliveries: {
      at: "https://api.acme.com",
      example: "https://api.acme.com",
      list: "/events",
      id: "id",
      time: { at: "at", unit: "s" },
      hours: 72,
      by: "Handbook",
    },
    docs: "Handbook",
  };
  expect(said({ headers: HEADERS }, { provider: acme })).toContainEqual(
    expect.stringMatching(/^error SOURCES\.github\.gaps is no choice for Acme: its signature does not cover the id/),
  );
  const again = { ...acme, deliveries: { ...acme.deliveries, again: "/events/{id}/retry" } };
  expect(said({ headers: HEADERS }, { provider: again }).filter((one) => one.startsWith("error"))).toEqual([]);
});

test("the example of the page is in order", () => {
  const page = readFileSync(resolve(import.meta.dirname, "../../../docs/gaps.md"), "utf8");
  const [, block = ""] = /```toml\n([^]*?)```/.exec(page) ?? [];
  const secrets = { GITHUB_TOKEN: "a", STRIPE_API_KEY: "b", STRIPE_SECRET: "c", GITHUB_SECRET: "d" };
  const { SIGNING_KEY, ADMIN_TOKEN } = working;
  const config = readConfig({ ...table(parse(block)["vars"]), ...secrets, SIGNING_KEY, ADMIN_TOKEN });
  expect(config.findings.filter(({ key }) => key.includes("gaps"))).toEqual([]);
  expect([...config.sources.values()].map(({ gaps }) => gaps?.at)).toEqual([
    "https://api.github.com/repos/acme/shop/hooks/12345678",
    "https://api.stripe.com",
  ]);
});

test.each(["none", "body", "{json:id}", { by: "{json:id}", window: "1h" }])(
  "what is fetched is known by the id that its sender gives it, and by no dedupe of the user's own: %j",
  (dedupe) => {
    const stripe = { provider: "stripe", dedupe };
    expect(said({ headers: HEADERS }, stripe)).toContainEqual(
      expect.stringMatching(/^error SOURCES\.github\.gaps cannot stand beside dedupe: .* Leave dedupe out/),
    );
    // What is sent again is the sender's own request.
    expect(said({ at: AT, headers: HEADERS }, { dedupe })).toEqual([]);
  },
);
