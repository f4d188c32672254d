// What an operator is told: the key as in the file, the value, and the fix.
import { describe, expect, test } from "vitest";
import { readConfig } from "../../../src/config/config.ts";
import { working } from "../../kit/working-config.ts";

const findings = (vars: Record<string, unknown>) =>
  readConfig({ ...working, ...vars }).findings.map(({ level, key, says }) => `${level} ${key}: ${says}`);
const ofSource = (entry: unknown) => findings({ SOURCES: { github: entry } });
const ofDestination = (entry: unknown) => findings({ DESTINATIONS: { billing: entry } });
const ofRoute = (entry: unknown) => findings({ ROUTES: { money: entry } });

const RATE = 'is not a rate. Write it as "600/min"; the units are s, min, h and day, and the most is 1000000';
const NETWORK =
  'is not a network. Write an address, or a range whose host bits are zero, such as 192.30.252.0/22 or 2a0a:a440::/29, or "provider" for those that the provider publishes';
const LOCAL = 'Only `npm run dev` takes http and this machine, with LOOPBACK_DESTINATIONS="true" in .dev.vars';
const WAY_OUT =
  'For a sender that the catalogue lacks, write provider = "hmac" or "token" with settings, or a table of its own (docs/own-provider.md); for your own app, "bearer"';
const SECRET =
  "is not the name of a secret. Write a name such as BILLING_KEY, not its value, and none that the relay uses itself";

describe("a source", () => {
  test.each([
    [{ provider: "github", rte: "1/s" }, "error SOURCES.github.rte: is unknown here. Did you mean rate?"],
    [
      { provider: "githib" },
      `error SOURCES.github.provider: "githib" is not in the catalogue. Did you mean github? ${WAY_OUT}`,
    ],
    [
      { provider: "SNS" },
      `error SOURCES.github.provider: "SNS" is not in the catalogue. Did you mean aws-sns? ${WAY_OUT}`,
    ],
    [
      { provider: "our own shop system" },
      expect.stringMatching(
        /is not in the catalogue\. Of the \d+ that there are, .* For a sender that the catalogue lacks, write provider = "hmac" or "token"/,
      ),
    ],
    [
      { provider: { like: "githib" } },
      'error SOURCES.github.provider.like: "githib" is not in the catalogue. Did you mean github? Or leave it out, and describe all of the sender',
    ],
    [
      {},
      `error SOURCES.github.provider: is missing. Write provider = "github" or another name of docs/providers.md. ${WAY_OUT}`,
    ],
    [
      { provider: 7 },
      `error SOURCES.github.provider: 7 is neither a name nor a table. Write the name of one, such as provider = "github". ${WAY_OUT}`,
    ],
    ["github", 'error SOURCES.github: "github" is not a table. Write it as [vars.SOURCES.github]'],
    [null, "error SOURCES.github: null is not a table. Write it as [vars.SOURCES.github]"],
    [{ provider: "github", rate: "600/minute" }, `error SOURCES.github.rate: "600/minute" ${RATE}`],
    [{ provider: "github", rate: "0/s" }, `error SOURCES.github.rate: "0/s" ${RATE}`],
    [{ provider: "github", rate: "1000001/s" }, `error SOURCES.github.rate: "1000001/s" ${RATE}`],
    [{ provider: "github", rate: 600 }, `error SOURCES.github.rate: 600 ${RATE}`],
    [
      { provider: "github", allow: ["10.0.0.0/8", "10.0.0.1/8"] },
      `error SOURCES.github.allow: "10.0.0.1/8" ${NETWORK}`,
    ],
    [{ provider: "github", allow: "github" }, `error SOURCES.github.allow: "github" ${NETWORK}`],
    [
      { provider: "github", allow: [] },
      "error SOURCES.github.allow: [] admits nobody. Leave it out to admit every address",
    ],
    [
      { provider: "github", max_body: "26MiB" },
      'error SOURCES.github.max_body: "26MiB" is not a size. Write it as "512KiB" or "1MiB"; the most is "25MiB"',
    ],
    [{ provider: "github", secrets: ["ADMIN_TOKEN"] }, `error SOURCES.github.secrets: ${SECRET}`],
    [{ provider: "github", secrets: "github secret" }, `error SOURCES.github.secrets: ${SECRET}`],
    [
      { provider: "github", public_url: "hooks.example.com" },
      'error SOURCES.github.public_url: "hooks.example.com" is not a URL. Write the one that the provider was given, such as "https://hooks.example.com/in/acme"',
    ],
    [{ provider: "hmac" }, expect.stringMatching(/^error SOURCES\.github\.settings\.header: /)],
    [
      { provider: "hmac", settings: { header: "X", encoding: "hax" } },
      expect.stringMatching(/^error SOURCES\.github\.settings\.encoding: "hax" /),
    ],
    [{ provider: { algorithm: "hmac-sha256" } }, expect.stringMatching(/^error SOURCES\.github\.provider\.name: /)],
  ])("%j", (entry, finding) => {
    expect(ofSource(entry)).toContainEqual(finding);
  });

  test("several mistakes are told at once", () => {
    expect(ofSource({ provider: "github", rate: "x", max_body: "x", nothing: 1 })).toHaveLength(3);
  });

  test("a secret that stands in the place of its name is not repeated", () => {
    expect(ofSource({ provider: "github", secrets: ["whsec_hunter2"] }).join()).not.toContain("hunter2");
  });

  test("a long value is cut", () => {
    const [finding = ""] = ofSource({ provider: "github", rate: "9".repeat(5_000) });
    expect(finding.length).toBeLessThan(300);
  });
});

describe("a destination", () => {
  test.each([
    [
      { url: "http://example.com/" },
      `error DESTINATIONS.billing.url: "http://example.com/" is not https. Write "https://…". ${LOCAL}`,
    ],
    [
      { url: "https://10.0.0.1/" },
      'error DESTINATIONS.billing.url: "https://10.0.0.1/" is not a public address. Write the https URL under which the public internet reaches the receiver',
    ],
    [
      { url: "https://localhost/" },
      `error DESTINATIONS.billing.url: "https://localhost/" names a host without a domain. ${LOCAL}`,
    ],
    [
      { url: "https://127.0.0.1/" },
      `error DESTINATIONS.billing.url: "https://127.0.0.1/" is not a public address. ${LOCAL}`,
    ],
    [{ url: 5 }, 'error DESTINATIONS.billing.url: 5 is not text. Write it as "https://…"'],
    [
      {},
      'error DESTINATIONS.billing.url: is needed, or url_secret, inspect, service, queue, r2, email or tunnel. Write one of them: url = "https://…"',
    ],
    [
      { url: "https://example.com/", url_secret: "CHAT_URL" },
      'error DESTINATIONS.billing.url: is needed, or url_secret, inspect, service, queue, r2, email or tunnel. Write one of them: url = "https://…"',
    ],
    [{ url_secret: "SIGNING_KEY" }, `error DESTINATIONS.billing.url_secret: ${SECRET}`],
    [{ url: "https://example.com/", secret: "whsec_x" }, `error DESTINATIONS.billing.secret: ${SECRET}`],
    [
      { url: "https://example.com/", retry: "fast" },
      'error DESTINATIONS.billing.retry: "fast" is no schedule. Write "standard", "quick", or up to 30 waits from 1s to 7d, such as ["5s", "1m", "1h"], or with rules for answers from 300 on, { schedule = "standard", give_up_on = ["4xx"], retry_on = [404, 429] }',
    ],
    [
      { url: "https://example.com/", retries: 3 },
      "error DESTINATIONS.billing.retries: is unknown here. Did you mean retry?",
    ],
  ])("%j", (entry, finding) => {
    expect(ofDestination(entry)).toContainEqual(finding);
  });

  test.each([["5"], ["0s"], ["8d"], ["5 s"], ["1.5h"], [5], [null]])("waits of %j are refused", (wait) => {
    expect(ofDestination({ url: "https://example.com/", retry: ["5s", wait] })).toHaveLength(1);
  });

  test("more than 30 waits are refused", () => {
    const retry = Array.from({ length: 31 }, () => "1s");
    expect(ofDestination({ url: "https://example.com/", retry })).toHaveLength(1);
    expect(ofDestination({ url: "https://example.com/", retry: retry.slice(1) })).toEqual([]);
  });

  test("credentials in a URL are not repeated", () => {
    expect(ofDestination({ url: "https://user:hunter2@example.com/" })).toEqual([
      "error DESTINATIONS.billing.url: the URL carries credentials. Leave them out: a receiver proves us by our signature",
    ]);
  });
});

describe("a route", () => {
  test.each([
    [{ from: "githib", to: "billing" }, 'error ROUTES.money.from: "githib" is not a source. Did you mean github?'],
    [
      { from: "github", to: ["billing", "audit"] },
      'error ROUTES.money.to: "audit" is not a destination. There is only billing.',
    ],
    [{ to: "billing" }, "error ROUTES.money.from: names no source. Write the name of one, or a list of them"],
    [
      { from: "github", to: [] },
      "error ROUTES.money.to: [] names no destination. Write the name of one, or a list of them",
    ],
    [
      { from: "github", to: 1 },
      "error ROUTES.money.to: 1 is not the name of a destination. Write one as it stands in [vars.DESTINATIONS.name]",
    ],
    [
      { from: "github", to: "billing", events: [] },
      "error ROUTES.money.events: [] names no event. Leave it out to route all of them",
    ],
    [
      { from: "github", to: "billing", events: ["push", ""] },
      'error ROUTES.money.events: "" is not a pattern. Write the type of an event, in which * stands for anything, such as "invoice.*"',
    ],
    [
      { from: "github", to: "billing", event: "push" },
      "error ROUTES.money.event: is unknown here. Did you mean events?",
    ],
  ])("%j", (entry, finding) => {
    expect(ofRoute(entry)).toContainEqual(finding);
  });

  test("may lead to an entry that is wrong itself: that one mistake is told once", () => {
    expect(findings({ SOURCES: { github: { provider: "github", rate: "x" } } })).toHaveLength(1);
  });
});

describe("names", () => {
  test.each(["GitHub", "git_hub", "-github", "", "a.b", "ümlaut", "12", "a".repeat(64), "__proto__"])(
    "%j is refused",
    (name) => {
      const [finding = ""] = findings({
        SOURCES: Object.fromEntries([
          [name, { provider: "github" }],
          ["github", { provider: "github" }],
        ]),
      });
      expect(finding).toContain(`error SOURCES.${name}: "${name}" is not a name. Use lower-case letters`);
    },
  );

  test("a name that stands in two vars is told, with the first of them", () => {
    expect(findings({ SOURCES_EU: { github: { provider: "stripe" } } })).toEqual([
      "error SOURCES_EU.github: is named a second time, after SOURCES.github. Leave one of them out",
    ]);
  });
});

describe("the relay", () => {
  test.each([
    [{ INTAKE_SHARDS: 0 }, "error INTAKE_SHARDS: 0 is not a whole number from 1 to 64. Write one, such as 1"],
    [{ INTAKE_SHARDS: "many" }, 'error INTAKE_SHARDS: "many" is not a whole number from 1 to 64. Write one, such as 1'],
    [
      { RESOLVER: "http://dns.example.net/" },
      'error RESOLVER: "http://dns.example.net/" is not https. Write "https://…". Only `npm run dev` takes http and this machine, with LOOPBACK_DESTINATIONS="true" in .dev.vars. Write the URL of a resolver that answers application/dns-json, such as "https://cloudflare-dns.com/dns-query"',
    ],
    [
      { RESOLVER: true },
      'error RESOLVER: true is not text. Write the URL of a resolver that answers application/dns-json, such as "https://cloudflare-dns.com/dns-query"',
    ],
    [{ LOG_LEVEL: "debug" }, 'error LOG_LEVEL: "debug" is not one of info, warn, error. Write one of them'],
    [{ INTAKE_SHARDS: 1.5 }, "error INTAKE_SHARDS: 1.5 is not a whole number from 1 to 64. Write one, such as 1"],
    [
      { RETENTION_DAYS: "-1" },
      'error RETENTION_DAYS: "-1" is not a whole number from 1 to 3650. Write one, such as 30',
    ],
    [
      { LOOPBACK_DESTINATIONS: "yes" },
      'error LOOPBACK_DESTINATIONS: "yes" is neither "true" nor "false". Write one of the two',
    ],
    [
      { ADMIN_TOKEN: `two ${"x".repeat(32)}` },
      "warning ADMIN_TOKEN: holds white space, which no request can carry: it opens nothing. Put it once more without",
    ],
    [
      { SIGNING_KEY: "short" },
      "error SIGNING_KEY: has 5 characters, fewer than 32: it is not used. Make one with: openssl rand -base64 32",
    ],
    [
      { ADMIN_TOKEN: "x".repeat(31) },
      "error ADMIN_TOKEN: has 31 characters, fewer than 32: it is not used. Make one with: openssl rand -base64 32",
    ],
    [
      { RETENTION_DAYS: 3 },
      "error RETENTION_DAYS: 3 ends before the retries of billing do. Keep events 4 days at least, or shorten the schedule",
    ],
    [
      { RETENTION_DAYS: 1, DESTINATIONS: { billing: { url: "https://example.com/", retry: ["1d"] } } },
      "error RETENTION_DAYS: 1 ends before the retries of billing do. Keep events 2 days at least, or shorten the schedule",
    ],
    [{ SOURCES: "{" }, 'error SOURCES: "{" is not a table. Write each entry as [vars.SOURCES.name]'],
  ])("%j", (vars, finding) => {
    expect(findings(vars)).toContainEqual(finding);
  });
});

/** What is said of `on_failed` where these destinations name one another. */
const chained = (chain: Record<string, string | undefined>) => {
  const DESTINATIONS = Object.fromEntries(
    Object.entries(chain).map(([name, to]) => [
      name,
      { url: `https://${name}.example.com/`, ...(to === undefined ? {} : { on_failed: to }) },
    ]),
  );
  const ROUTES = { money: { from: "github", to: Object.keys(chain) } };
  return readConfig({ ...working, DESTINATIONS, ROUTES })
    .findings.filter(({ key }) => key.endsWith("on_failed"))
    .map(({ key, says }) => `${key} ${says}`);
};

test("what fails goes to a destination that there is, and never back to where it came from", () => {
  expect(chained({ billing: "ledger", ledger: "bin", bin: undefined })).toEqual([]);
  expect(chained({ billing: "leger", ledger: undefined })).toEqual([
    'DESTINATIONS.billing.on_failed "leger" is not a destination. Did you mean ledger?',
  ]);
  expect(chained({ billing: "billing" })).toEqual([
    "DESTINATIONS.billing.on_failed leads back to billing (billing, billing). Leave on_failed out at the last of them",
  ]);
  // Said at each of the circle, and not at what only leads into it.
  expect(chained({ billing: "ledger", ledger: "bin", bin: "ledger" })).toEqual([
    "DESTINATIONS.ledger.on_failed leads back to ledger (ledger, bin, ledger). Leave on_failed out at the last of them",
    "DESTINATIONS.bin.on_failed leads back to bin (bin, ledger, bin). Leave on_failed out at the last of them",
  ]);
});
