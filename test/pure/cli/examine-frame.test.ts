// The frame of a wrangler.toml: whatever is taken out of the shipped one, or set otherwise, is said, or stands below as harmless with its reason.
import { readFileSync } from "node:fs";
import { parse } from "smol-toml";
import { describe, expect, test } from "vitest";
import { examine } from "../../../src/cli/local/examine.ts";
import { type Table, table } from "../../../src/cli/local/wrangler-file.ts";

const shipped = parse(readFileSync(new URL("../../../wrangler.toml", import.meta.url), "utf8"));
const linesOf = (file: Table) => {
  const { frame, vars } = examine(file);
  return [...frame, ...vars].map(({ level, key, says }) => `${level} ${key}: ${says}`);
};

/** What may be missing or different, and why nothing needs to be said. */
const HARMLESS = [
  [/^workers_dev/, "a relay may have a domain of its own"],
  [/^minify|^keep_names|^upload_source_maps|^observability/, "size and logs are a matter of taste"],
  [/^rules\.0\.fallthrough/, "wrangler's own rules for text end in the same"],
  [/^d1_databases\.0\.(?:database_name|migrations_dir)/, "the Worker migrates by itself"],
  [/^queues\.consumers\.1\.max_batch/, "dead letters are only logged"],
  [/^migrations\.\d\.tag/, "wrangler refuses a migration without a tag"],
  [/^ratelimits\.0\.(?:namespace_id|simple)/, "wrangler refuses a limit without them, and the limit is the user's"],
] as const;
const harmless = (path: string) => HARMLESS.some(([form]) => form.test(path));

/** Each way to take one thing out of a value, however deep it stands. */
function* without(value: unknown, path: string): Generator<{ path: string; rest: unknown }> {
  if (typeof value !== "object" || value === null) return;
  for (const [key, inner] of Object.entries(value)) {
    const here = path === "" ? key : `${path}.${key}`;
    const others = Object.entries(value).filter(([name]) => name !== key);
    yield { path: here, rest: Array.isArray(value) ? others.map(([, one]) => one) : Object.fromEntries(others) };
    for (const { path: deeper, rest } of without(inner, here)) {
      const changed = Object.entries(value).map(([name, one]) => [name, name === key ? rest : one] as const);
      yield { path: deeper, rest: Array.isArray(value) ? changed.map(([, one]) => one) : Object.fromEntries(changed) };
    }
  }
}

const cuts = [...without(shipped, "")];
const said = cuts.filter(({ path }) => !harmless(path));

test.each(said.map(({ path, rest }) => [path, rest] as const))(
  "without %s something is said, with the fix",
  (_, rest) => {
    const lines = linesOf(table(rest));
    expect(lines).not.toEqual([]);
    for (const line of lines) expect(line).toMatch(/ (?:Write|Add|Copy|Name) /);
  },
);

test("every reason for silence is needed", () => {
  for (const [form, why] of HARMLESS) {
    const silent = cuts.filter(({ path, rest }) => form.test(path) && linesOf(table(rest)).length === 0);
    expect(silent.length, why).toBeGreaterThan(0);
  }
});

describe("set otherwise", () => {
  const text = readFileSync(new URL("../../../wrangler.toml", import.meta.url), "utf8");
  test.each([
    [
      'main = "src/index.ts"',
      'main = "index.js"',
      'error main: "index.js" is not the relay. Write main = "src/index.ts"',
    ],
    ['"2026-10-20"', '"2024-01-01"', 'error compatibility_date: "2024-01-01" is older than'],
    ['"2026-10-20"', "2024-01-01", 'error compatibility_date: "2024-01-01" is older than'],
    ['"2026-10-20"', '"today"', 'error compatibility_date: "today" is not a day'],
    ['crons = ["* * * * *"]', 'crons = ["*/5 * * * *"]', 'warning triggers.crons: ["*/5 * * * *"] is not every minute'],
    ['crons = ["* * * * *"]', "crons = []", "error triggers.crons: is missing"],
    [
      'new_sqlite_classes = ["Feed"]',
      'new_classes = ["Feed"]',
      "error migrations.new_classes: makes Feed without SQLite",
    ],
    [
      'class_name = "Feed"',
      'class_name = "Intake"',
      'error durable_objects.bindings.class_name: "Intake" is not the class of FEED',
    ],
    [
      "hookline-dead-letters",
      "hookline-dlq",
      'error queues.producers.queue: "hookline-dlq" does not end in dead-letters',
    ],
    [
      "hookline-deliveries",
      "hookline-dead-letters",
      'error queues.producers.queue: "hookline-dead-letters" ends in dead-letters',
    ],
    [
      "max_batch_timeout = 0",
      "max_batch_timeout = 5",
      "warning queues.consumers.max_batch_timeout: is what every delivery waits",
    ],
    [
      'dead_letter_queue = "hookline-dead-letters"',
      "",
      "warning queues.consumers.dead_letter_queue: is not the queue of DEAD_LETTERS",
    ],
    [
      "max_batch_size = 25\nmax_batch_timeout = 0",
      'type = "http_pull"',
      'error queues.consumers.type: "http_pull" keeps',
    ],
    ["max_retries = 10", "max_retries = 3", "warning queues.consumers.max_retries: is how often a fault"],
    ["max_retries = 10", "max_retries = 10\nmax_concurrency = 1", "warning queues.consumers.max_concurrency: bounds"],
    ["max_retries = 10", "max_retries = 10\nretry_delay = 600", "warning queues.consumers.retry_delay: has a fault"],
    [
      'queue = "hookline-deliveries"\n\n',
      'queue = "hookline-deliveries"\ndelivery_delay = 60\n\n',
      "warning queues.producers.delivery_delay: has every delivery wait",
    ],
    ["npm run --silent config:check", "npm run build", "warning build.command: does not check the file"],
  ])("%s → %s", (from, to, line) => {
    expect(linesOf(parse(text.replaceAll(from, to)))).toContainEqual(expect.stringContaining(line));
  });
});

test("an environment inherits what wrangler lets it inherit, and is told of the rest once", () => {
  const staging = { ...shipped, env: { staging: { vars: { LOG_LEVEL: "info" } } } };
  const keys = examine(staging).frame.map(({ key }) => key);
  expect(new Set(keys)).toEqual(
    new Set(
      ["d1_databases", "durable_objects.bindings", "queues.producers", "ratelimits"].map((key) => `env.staging.${key}`),
    ),
  );
});

describe("tables that stand outside of vars", () => {
  const github = 'provider = "github"';
  test.each([
    [
      `[SOURCES.github]\n${github}`,
      "error SOURCES: stands outside of vars, where the relay never sees it. Write [vars.SOURCES.github]",
    ],
    [
      `[sources.github]\n${github}`,
      "error sources: stands outside of vars, where the relay never sees it. Write [vars.SOURCES.github]",
    ],
    [
      `[SOURCES_EU.github]\n${github}`,
      "error SOURCES_EU: stands outside of vars, where the relay never sees it. Write [vars.SOURCES_EU.github]",
    ],
    ['[DESTINATIONS.billing]\nurl = "https://example.com/"', "Write [vars.DESTINATIONS.billing]"],
    [
      '[routes.all]\nfrom = "github"',
      "error routes: stands outside of vars, where the relay never sees it. Write [vars.ROUTES.all]",
    ],
    ['[ACCESS]\nteam = "acme"', "Write [vars.ACCESS]"],
    ["LOG_LEVEL", "Write LOG_LEVEL under [vars]"],
    ["ADMIN_TOKEN", "Being a secret, it belongs in no file: npx wrangler secret put ADMIN_TOKEN"],
    [
      `[env.staging.SOURCES.github]\n${github}`,
      "error env.staging.SOURCES: stands outside of vars, where the relay never sees it. Write [env.staging.vars.SOURCES.github]",
    ],
    [`[vars.github]\n${github}`, "error github: is not a var that Hookline knows. Write [vars.SOURCES.github]"],
    ['[vars.billing]\nurl = "https://example.com/"', "Write [vars.DESTINATIONS.billing]"],
    ['[vars.all]\nfrom = "github"\nto = "billing"', "Write [vars.ROUTES.all]"],
  ])("%s", (toml, line) => {
    const file = toml.startsWith("[") ? parse(toml) : { [toml]: "hunter2" };
    const lines = linesOf({ ...shipped, ...file }).join("\n");
    expect(lines).toContain(line);
    expect(lines).not.toContain("hunter2");
  });

  test("wrangler's own routes are none", () => {
    expect(linesOf({ ...shipped, routes: [{ pattern: "hooks.example.com", custom_domain: true }] })).toEqual([]);
  });
});
