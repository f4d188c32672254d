// `hookline check --relay`: what a deploy would change at the relay that runs, and what it would cost what waits there.
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "smol-toml";
import { expect, test, vi } from "vitest";
import * as z from "zod";
import { changesBetween } from "../../../src/cli/local/changes.ts";
import { readConfig } from "../../../src/config/config.ts";
import { table } from "../../../src/cli/local/wrangler-file.ts";
import { FakeRelay } from "../../kit/fake-relay.ts";

const RUNNING = `
[vars]
RETENTION_DAYS = 30
[vars.SOURCES.github]
provider = "github"
rate = "600/min"
[vars.SOURCES_EU.stripe]
provider = "stripe"
[vars.DESTINATIONS.billing]
url = "https://billing.example.com/"
headers = { x-team = "money", x-old = "1" }
[vars.DESTINATIONS.crm]
url = "https://crm.example.com/"
[vars.ROUTES.one]
from = "github"
to = "billing"
[vars.ROUTES.two]
from = "stripe"
to = "billing"
`;
const varsOf = (toml: string) => table(parse(toml)["vars"]);
const changed = (...edits: readonly (readonly [from: string, to: string])[]) =>
  edits.reduce((toml, [from, to]) => {
    expect(toml).toContain(from);
    return toml.replace(from, to);
  }, RUNNING);
const changes = (toml: string) => changesBetween(varsOf(RUNNING), varsOf(toml));

test("the same file changes nothing, nor does another place for an entry, nor a number in quotes", () => {
  expect(changes(RUNNING)).toEqual([]);
  expect(changes(changed(["SOURCES_EU.stripe", "SOURCES.stripe"], ["= 30", '= "30"']))).toEqual([]);
  expect(changesBetween({ ...varsOf(RUNNING), LOOPBACK_DESTINATIONS: "true" }, varsOf(RUNNING))).toEqual([]);
});

test("entries come, go and change, each by its key", () => {
  expect(changes(changed(["600/min", "60/min"], ["= 30", "= 7"]))).toEqual([
    { change: "changed", key: "SOURCES.github.rate", from: "600/min", to: "60/min" },
    { change: "changed", key: "RETENTION_DAYS", from: 30, to: 7 },
  ]);
  expect(changes(changed(['x-team = "money", x-old = "1"', 'x-team = "cash", x-new = "1"']))).toEqual([
    { change: "changed", key: "DESTINATIONS.billing.headers.x-team", from: "money", to: "cash" },
    { change: "added", key: "DESTINATIONS.billing.headers.x-new", to: "1" },
    { change: "removed", key: "DESTINATIONS.billing.headers.x-old", from: "1" },
  ]);
  expect(changes(`${RUNNING}[vars.ROUTES.three]\nfrom = "github"\nto = "crm"\n`)).toEqual([
    { change: "added", key: "ROUTES.three", to: { from: "github", to: "crm" } },
  ]);
  expect(changesBetween({}, varsOf(RUNNING))).toHaveLength(7);
  expect(changesBetween(varsOf(RUNNING), {}).every(({ change }) => change === "removed")).toBe(true);
});

test("routes in another order are a change", () => {
  const swapped = changed(["ROUTES.one", "ROUTES.zero"], ["ROUTES.two", "ROUTES.one"], ["ROUTES.zero", "ROUTES.two"]);
  expect(changes(swapped)).toContainEqual(
    expect.objectContaining({ change: "changed", key: "ROUTES", from: ["one", "two"], to: ["two", "one"] }),
  );
});

test("of what is deployed, secrets are names, wherever they stand", () => {
  const env = {
    SOURCES: { github: { provider: "github" } },
    DESTINATIONS: { billing: { url: "https://billing.example.com/" } },
    ROUTES: '{"one":{"from":"github","to":"billing"}}',
    SOURCES_GITHUB_SECRET: "s-1",
    DESTINATIONS_KEY: "s-2",
    GITHUB_SECRET: "s-3",
    ADMIN_TOKEN: "s-4",
    EMPTY: " ",
    DB: {},
    RETENTION_DAYS: 7,
  };
  const { written } = readConfig(env);
  expect(written.vars).toEqual({
    SOURCES: env.SOURCES,
    DESTINATIONS: env.DESTINATIONS,
    ROUTES: { one: { from: "github", to: "billing" } },
    RETENTION_DAYS: 7,
  });
  expect(written.secrets).toEqual(["ADMIN_TOKEN", "DESTINATIONS_KEY", "GITHUB_SECRET", "SOURCES_GITHUB_SECRET"]);
});

test.each([
  { DESTINATIONS_GCS: '{"private_key":"s-ecret"}' },
  { ROUTES_KEY: '["s-ecret"]' },
  { SOURCES: { github: { provider: "github", secrets: ["whsec_s-ecret"] } } },
  { SOURCES: { github: { provider: "github", token: "s-ecret" } } },
  { DESTINATIONS: { a: { url_secret: "https://hooks.example.com/s-ecret" } } },
  { DESTINATIONS: { a: { url: "https://user:s-ecret@example.com/" } } },
  { DESTINATIONS: { a: { url: "https://example.com/", secret: "whsec_s-ecret" } } },
  { DESTINATIONS: { a: { r2: "A", key: "s-ecret" } } },
  { OTEL_EXPORTER_OTLP_ENDPOINT: "https://otlp.example.com/?token=s-ecret" },
  { RESOLVER: "s-ecret" },
  { ADMIN_TOKEN_OLD: "s-ecret" },
])("a secret in the wrong place is not told: %j", (env) => {
  expect(JSON.stringify(readConfig(env).written)).not.toContain("s-ecret");
});

const running = { vars: varsOf(RUNNING), secrets: ["SIGNING_KEY", "ADMIN_TOKEN", "GITHUB_SECRET"], missing: [] };
const relay = new FakeRelay(({ url }) => {
  if (url.pathname.endsWith("/configuration")) return running;
  if (url.pathname.endsWith("/destinations"))
    return { destinations: [{ name: "crm", waiting: 12, held: 3, waiting_more: false }] };
  return { sources: [{ name: "stripe", last_event_at: "2026-11-29T14:06:12.000Z" }] };
});

/** A folder with a file of this text, and the command in it. */
function fileOf(toml: string): string {
  const path = join(mkdtempSync(join(tmpdir(), "hookline-check-")), "wrangler.toml");
  writeFileSync(path, toml);
  return path;
}

const answer = z.looseObject({
  findings: z.array(z.object({ level: z.string(), key: z.string(), says: z.string() })),
  changes: z.array(z.looseObject({ change: z.string(), key: z.string(), says: z.optional(z.string()) })),
});

test("the command says what goes with what is taken out, and which secrets the relay lacks", async () => {
  const without = RUNNING.replace(/\[vars\.DESTINATIONS\.crm\]\n.*\n/, "").replace(/\[vars\.SOURCES_EU[^[]+/, "");
  const { out } = await relay.run(`check --relay --config ${fileOf(without)}`);
  expect(out).toContain(
    '- DESTINATIONS.crm: {"url":"https://crm.example.com/"}. 15 deliveries wait for it, and will be cancelled',
  );
  expect(out).toContain("its sender is refused from then on, and was heard last at 2026-11-29T14:06:12.000Z");
  expect(out).not.toContain("needed");

  const found = answer.parse(JSON.parse((await relay.run(`check --relay --json --config ${fileOf(RUNNING)}`)).out));
  expect(found.changes).toEqual([]);
  expect(found.findings.filter(({ key }) => key === "secrets").map(({ says }) => says)).toEqual([
    "STRIPE_SECRET is needed, and the relay has no such secret. Set each with: npx wrangler secret put NAME",
  ]);
});

test("an environment is compared by itself, and what cannot be asked is a refusal with its reason", async () => {
  const path = fileOf(`${RUNNING}[env.eu.vars.SOURCES.github]\nprovider = "github"\n`);
  const { out } = await relay.run(`check --relay --env eu --config ${path}`);
  expect(out).toContain('- SOURCES.github.rate: "600/min"');
  expect(await relay.run(`check --relay --env us --config ${path}`)).toMatchObject({
    code: 1,
    err: "the file has no environment us",
  });
  expect((await relay.run(`check --env eu --config ${path}`)).code).toBe(2);
  expect((await relay.run(`check --relay --dev --config ${path}`)).code).toBe(2);
  vi.stubEnv("HOOKLINE_KEY", "");
  expect(await relay.run(`check --relay --config ${path}`)).toMatchObject({
    code: 1,
    err: expect.stringContaining("HOOKLINE_URL and HOOKLINE_KEY say which relay to ask"),
  });
});
