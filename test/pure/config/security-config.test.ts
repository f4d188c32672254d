// A configuration that lacks something lets in less, never more: secrets that are not there, addresses that must not be reached, names that are an object's own.

import { createHmac } from "node:crypto";
import { describe, expect, test } from "vitest";
import { memoryRelay } from "../../../src/cli/local/memory-relay.ts";
import { readConfig } from "../../../src/config/config.ts";
import { ingest } from "../../../src/in/ingest.ts";
import { findProvider, providerIds } from "../../../src/providers/catalogue.ts";
import type { Candidate } from "../../../src/intake/gathering.ts";
import { ssrfUrls } from "../../vectors/ssrf.ts";
import { working } from "../../kit/working-config.ts";

/** The front door of a relay with these vars: the status, and what got as far as the journal. */
async function knock(vars: Record<string, unknown>, source: string, body: string, headers: Record<string, string>) {
  const accepted: Candidate[] = [];
  const lines: string[] = [];
  const write = (event: string, fields: object) => void lines.push(JSON.stringify({ event, ...fields }));
  const request = new Request(`https://relay.example.com/in/${source}`, { method: "POST", body, headers });
  const relay = memoryRelay(readConfig(vars), Date.now());
  const answer = await ingest(request, source, {
    ...relay,
    intake: {
      ...relay.intake,
      accept: (candidate) => {
        accepted.push(candidate);
        return Promise.resolve({ kind: "accepted", id: candidate.id });
      },
    },
    offers: { keep: () => Promise.resolve(false) },
    fetchText: () => Promise.resolve(null),
    log: { info: write, warn: write, error: write },
  });
  return { status: answer.status, accepted, lines };
}

const code = (key: string, body = "{}") => createHmac("sha256", key).update(body).digest("hex");
const asGithub = (key: string) => ({ "x-github-event": "push", "x-hub-signature-256": `sha256=${code(key)}` });

/** What a verifier that skips, or that turns a missing secret into text, would take. */
const GUESSES = [
  "",
  " ",
  "\n",
  "\t",
  "undefined",
  "null",
  "NaN",
  "0",
  "false",
  "true",
  "12345",
  "[object Object]",
  "GITHUB_SECRET",
  "\0",
];

const named = (secrets: unknown) => ({ SOURCES: { github: { provider: "github", secrets } } });

describe("a source whose secret is missing refuses everything (CVE-2026-21894, CVE-2026-41432, CVE-2026-86080)", () => {
  const WAYS: Record<string, Record<string, unknown>> = {
    "it was never put": { GITHUB_SECRET: undefined },
    "it is empty": { GITHUB_SECRET: "" },
    "it is a space": { GITHUB_SECRET: " " },
    "it is spaces, a tab and a line end": { GITHUB_SECRET: "  \t\r\n" },
    "it is a no-break space": { GITHUB_SECRET: "\u00a0" },
    "it is a number": { GITHUB_SECRET: 12345 },
    "it is a boolean": { GITHUB_SECRET: true },
    "it is null": { GITHUB_SECRET: null },
    "it is a table": { GITHUB_SECRET: { value: "x" } },
    "it is a list": { GITHUB_SECRET: ["x"] },
    "its name has another case": { GITHUB_SECRET: undefined, github_secret: "" },
    "the old one is empty too": { GITHUB_SECRET: "", GITHUB_SECRET_OLD: "" },
    "the old one is a space": { GITHUB_SECRET: undefined, GITHUB_SECRET_OLD: " " },
    "a list names one that is not there": named(["ANOTHER_SECRET"]),
    "a list names one that is empty": { ...named(["ANOTHER_SECRET"]), ANOTHER_SECRET: "" },
    "the list is empty": named([]),
    "the list holds an empty name": named([""]),
    "the list holds the secret in place of its name": named(["it's a secret"]),
    "the list holds a member of every object": named(["__proto__"]),
    "the list is a number": named(5),
    "the list names the relay's own token": named(["ADMIN_TOKEN"]),
    "the list names the relay's own key": named(["SIGNING_KEY"]),
    "the list names a table": named(["SOURCES"]),
  };

  test.each(Object.entries(WAYS))("%s", async (_, vars) => {
    const all = { ...working, ...vars };
    for (const guess of [...GUESSES, working.ADMIN_TOKEN, working.SIGNING_KEY]) {
      const { status, accepted } = await knock(all, "github", "{}", asGithub(guess));
      expect([401, 503], JSON.stringify(guess)).toContain(status);
      expect(accepted).toEqual([]);
    }
    expect((await knock(all, "github", "{}", {})).accepted).toEqual([]);
    // The operator is told: as a secret to put, or as a finding.
    const config = readConfig(all);
    expect(config.missing.length + config.findings.length).toBeGreaterThan(0);
  });

  test("and with its secret it accepts: the tests above could have failed", async () => {
    const { status, accepted } = await knock(working, "github", "{}", asGithub(working.GITHUB_SECRET));
    expect([status, accepted.length]).toEqual([200, 1]);
  });

  test("whatever scheme the source has: every sender of the catalogue, the short forms, tokens and credentials", async () => {
    const forms: unknown[] = [...providerIds(), "hmac", "token"];
    for (const provider of forms) {
      const settings = provider === "hmac" || provider === "token" ? { settings: { header: "X-Signature" } } : {};
      for (const secret of [undefined, "", " ", 7]) {
        const vars = { ...working, SOURCES: { github: { provider, ...settings } }, GITHUB_SECRET: secret };
        const at = typeof provider === "string" ? [findProvider(provider)?.signature.at ?? []].flat() : [];
        const names = at.flatMap((place) => (place.startsWith("header:") ? [place.slice(7).split("|")[0] ?? ""] : []));
        for (const value of [
          "",
          "undefined",
          code(""),
          `sha256=${code(" ")}`,
          "Bearer ",
          "Basic Og==",
          "Bearer undefined",
        ]) {
          const headers = Object.fromEntries(["x-signature", ...names].map((name) => [name, value]));
          const { accepted } = await knock(vars, "github", "{}", headers);
          expect(accepted, `${String(provider)} ${value}`).toEqual([]);
        }
      }
    }
  }, 60_000);

  test("a token that is white space is none, for the API too", () => {
    for (const value of [" ", "\n", "\t \t"])
      expect(readConfig({ ...working, ADMIN_TOKEN: value })).toMatchObject({
        adminToken: null,
        missing: ["ADMIN_TOKEN"],
      });
  });

  test.each(["SIGNING_KEY", "SIGNING_KEY_OLD", "ADMIN_TOKEN"])("%s that can be guessed is not used", (name) => {
    for (const value of ["x", "x".repeat(31)]) {
      const config = readConfig({ ...working, [name]: value });
      const keys = config.destinations.get("billing")?.keys ?? [];
      const used = [config.adminToken, ...keys.map((key) => (key.kind === "derived" ? key.from : key.secret))];
      expect(used.map((secret) => secret?.value)).not.toContain(value);
      expect(config.findings).toMatchObject([{ level: "error", key: name }]);
    }
  });

  test("a secret of a sender's is what the sender gives, however short", () => {
    const config = readConfig({ ...working, GITHUB_SECRET: "x" });
    expect(config.sources.get("github")?.secrets).toEqual([{ name: "GITHUB_SECRET", value: "x" }]);
    expect(config.findings).toEqual([]);
  });

  test("and a key that is white space signs nothing", () => {
    const config = readConfig({ ...working, SIGNING_KEY: " ".repeat(44) });
    expect(config.destinations.get("billing")?.keys).toEqual([]);
    expect(config.missing).toEqual(["SIGNING_KEY"]);
  });
});

const urls = ssrfUrls();
/** A configuration is read anew for each: one in seven, a number that divides none of the generator's axes, is of every kind. */
const sample = urls.filter((_, n) => n % 7 === 0);
const hostile = sample.filter((one) => !one.public).map(({ url }) => url);
const benign = urls.filter((one) => one.public).map(({ url }) => url);

describe("an address that must not be reached is no destination, by whichever key it comes (CVE-2026-42596, CVE-2026-45298)", () => {
  const PATHS: Record<string, (url: string) => Record<string, unknown>> = {
    url: (url) => ({ DESTINATIONS: { billing: { url } } }),
    url_secret: (url) => ({ DESTINATIONS: { billing: { url_secret: "CHAT_URL" } }, CHAT_URL: url }),
    "a table of another var": (url) => ({ DESTINATIONS: {}, DESTINATIONS_EU: { billing: { url } } }),
    "JSON in a var": (url) => ({ DESTINATIONS: JSON.stringify({ billing: { url } }) }),
  };
  const OFF = [
    undefined,
    "",
    "false",
    "0",
    false,
    0,
    1,
    "yes",
    "on",
    "TRUE",
    " true",
    "true\n",
    [],
    ["true"],
    {},
    null,
  ];

  test.each(Object.entries(PATHS))("%s", (_, vars) => {
    for (const url of hostile) {
      for (const loopback of url.includes("127") || url.includes("local") ? OFF : [undefined]) {
        const { destinations } = readConfig({ ...working, ...vars(url), LOOPBACK_DESTINATIONS: loopback });
        expect(destinations.get("billing")?.url ?? null, url).toBeNull();
      }
    }
    for (const url of benign)
      expect(readConfig({ ...working, ...vars(url) }).destinations.get("billing")?.url, url).toBe(url);
  });

  test("white space around a secret URL does not change what is judged", () => {
    for (const url of [" https://example.com/", "https://example.com/\n", "https://example.com/\r\nHost: evil.example"])
      expect(readConfig({ ...working, ...PATHS["url_secret"]!(url) }).destinations.get("billing")?.url).toBeNull();
  });
});

describe("names that every object has", () => {
  const NAMES = ["__proto__", "constructor", "toString", "hasOwnProperty", "valueOf"];

  test.each(NAMES)(
    "%s as a source, a destination, a route, a provider, a secret or a setting is nobody's",
    async (name) => {
      const table = JSON.parse(
        `{${JSON.stringify(name)}: {"provider": "github", "url": "https://example.com/", "from": "github", "to": "billing"}}`,
      );
      const config = readConfig({ ...working, SOURCES: { ...working.SOURCES }, DESTINATIONS: table, ROUTES: table });
      expect(config.destinations.has("__proto__")).toBe(false);
      expect(readConfig({ ...working, SOURCES: { github: { provider: name } } }).sources.size).toBe(0);
      const settings = JSON.parse(`{"header": "X-Signature", ${JSON.stringify(name)}: "x"}`);
      const own = readConfig({ ...working, SOURCES: { github: { provider: "hmac", settings } } });
      if (name !== "__proto__") expect(own.sources.size).toBe(0);
      const { status, accepted } = await knock(working, name, "{}", asGithub(working.GITHUB_SECRET));
      expect([status, accepted]).toEqual([404, []]);
      expect(Reflect.get({}, "provider")).toBeUndefined();
    },
  );

  test("a template that names one reads what the sender wrote under it, and nothing else", async () => {
    const settings = { header: "X-Signature", type: "{json:constructor.name}", id: "{json:__proto__.id}" };
    const vars = { ...working, SOURCES: { github: { provider: "hmac", settings } } };
    const typeOf = async (body: string) => {
      const { accepted } = await knock(vars, "github", body, { "x-signature": code(working.GITHUB_SECRET, body) });
      const row: { type: string } = JSON.parse(accepted[0]?.row ?? "{}");
      return row.type;
    };
    for (const body of ["{}", "[]", '"text"', "1", "null"]) expect(await typeOf(body)).toBe("unknown");
    expect(await typeOf('{"constructor":{"name":"theirs"}}')).toBe("theirs");
  });
});

const canary = (slot: string) => `CANARY-${slot}-0123456789abcdef0123456789`;

describe("a canary in every secret", () => {
  const slots = [
    "GITHUB_SECRET",
    "GITHUB_SECRET_OLD",
    "SIGNING_KEY",
    "SIGNING_KEY_OLD",
    "ADMIN_TOKEN",
    "OWN_KEY",
    "OWN_KEY_OLD",
    "CHAT_URL",
    "LISTED",
  ];
  const secrets = Object.fromEntries(slots.map((slot) => [slot, canary(slot)]));
  const vars = {
    ...working,
    SOURCES: {
      github: { provider: "github" },
      other: { provider: "stripe", secrets: ["LISTED"] },
      bad: { provider: "nobody", secrets: [canary("in place of a name")] },
    },
    DESTINATIONS: {
      billing: { url: "https://example.com/" },
      chat: { url_secret: "CHAT_URL" },
      own: { url: "https://example.com/", secret: "OWN_KEY" },
      slip: { url: "https://example.com/", secret: canary("in place of a name") },
      credentials: { url: `https://user:${canary("password")}@example.com/` },
    },
    ...secrets,
  };

  test("is in no finding, no list of what is missing, and no reason for a source that is disabled", () => {
    const { findings, missing, disabled } = readConfig(vars);
    expect(findings.length).toBeGreaterThanOrEqual(4);
    expect(JSON.stringify([findings, missing, [...disabled]])).not.toContain("CANARY-");
  });

  test("is in no line of the log and in no row, whatever is sent", async () => {
    const tries = [
      asGithub(canary("GITHUB_SECRET")),
      asGithub(canary("GITHUB_SECRET_OLD")),
      asGithub("x"),
      {},
      { "x-hub-signature-256": canary("GITHUB_SECRET") },
    ];
    for (const source of ["github", "other", "bad", canary("ADMIN_TOKEN")]) {
      for (const headers of tries) {
        const { lines, accepted } = await knock(vars, source, "{}", headers);
        expect(JSON.stringify(accepted)).not.toContain("CANARY-");
        // What a stranger asks for is in the log, as a stranger's word.
        if (source !== canary("ADMIN_TOKEN")) expect(lines.join()).not.toContain("CANARY-");
      }
    }
  });
});
