// The keys of sources that encrypt: read strictly, asked for where one is needed, and never in the place of another secret.
import { expect, test } from "vitest";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { parse } from "smol-toml";
import { table } from "../../../src/cli/local/wrangler-file.ts";
import { readConfig } from "../../../src/config/config.ts";

const KEY = Buffer.alloc(32, 7).toString("base64");
const OTHER = Buffer.alloc(32, 8).toString("base64");
const sources = (change: object) => ({ SOURCES: { acme: { provider: "github", ...change } }, GITHUB_SECRET: "x" });
const saying = (vars: object) =>
  readConfig({ ...vars }).findings.map(({ level, key, says }) => `${level} ${key} ${says}`);

test("a source encrypts where it says so, and the key is 32 bytes in base64", () => {
  const config = readConfig({ ...sources({ encrypt: true }), ENCRYPTION_KEY: ` ${KEY}\n`, ENCRYPTION_KEY_OLD: OTHER });
  expect(config.sources.get("acme")?.encrypt).toBe(true);
  expect(config.encryption.current).toEqual(new Uint8Array(32).fill(7));
  expect(config.encryption.old).toEqual(new Uint8Array(32).fill(8));
  expect(config.encryption.fault).toBeNull();
  expect(config.missing).not.toContain("ENCRYPTION_KEY");
  expect(config.findings).toEqual([]);
  expect(readConfig(sources({})).sources.get("acme")).not.toHaveProperty("encrypt");
  expect(readConfig(sources({ encrypt: false })).sources.get("acme")).not.toHaveProperty("encrypt");
});

test("a key that is missing is asked for where a source encrypts, and nowhere else", () => {
  const config = readConfig(sources({ encrypt: true }));
  expect(config.missing).toContain("ENCRYPTION_KEY");
  expect(config.encryption.fault).toBe("ENCRYPTION_KEY is not set");
  expect(readConfig(sources({})).missing).not.toContain("ENCRYPTION_KEY");
});

test("a key of another form is not used, and the finding says how to make one", () => {
  for (const wrong of ["short", `${KEY}AAAA`, Buffer.alloc(31, 7).toString("base64"), "ä".repeat(44), "0".repeat(64)]) {
    const config = readConfig({ ...sources({ encrypt: true }), ENCRYPTION_KEY: wrong });
    expect(config.encryption.fault).toBe("ENCRYPTION_KEY is not 32 bytes in base64");
    expect(config.findings.map(({ key, says }) => `${key} ${says}`)).toEqual([
      "ENCRYPTION_KEY is not 32 bytes in base64: it is not used. Make one with: openssl rand -base64 32",
    ]);
    expect(JSON.stringify(config.findings)).not.toContain(wrong);
  }
});

test("the same key twice is no rotation", () => {
  const vars = { ...sources({ encrypt: true }), ENCRYPTION_KEY: KEY, ENCRYPTION_KEY_OLD: KEY };
  expect(saying(vars)).toEqual([
    "warning ENCRYPTION_KEY_OLD is the same as ENCRYPTION_KEY: put the former key there, or delete it",
  ]);
});

test("whether a source encrypts is said by true or false, and a source that says something else takes nothing", () => {
  const config = readConfig({ ...sources({ encrypt: "yes" }), ENCRYPTION_KEY: KEY });
  expect(config.sources.has("acme")).toBe(false);
  expect(config.disabled.get("acme")).toBe(
    'SOURCES.acme.encrypt: "yes" is neither true nor false. Write true or false, without quotes',
  );
});

test("redact names places, asks for the key, and does not stand beside hydrate", () => {
  const config = readConfig(sources({ redact: ["body.card.number", "headers.X-Token"] }));
  expect(config.missing).toContain("ENCRYPTION_KEY");
  expect(config.sources.get("acme")?.redact).toEqual({ headers: ["x-token"], body: [["card", "number"]] });
  for (const wrong of ["card.number", "body", "body.a..b", "headers.", []])
    expect(readConfig(sources({ redact: wrong })).sources.has("acme")).toBe(false);
  const hydrate = { from: "https://api.example.com" };
  expect(saying(sources({ redact: "body.a", hydrate })).join()).toContain("cannot stand beside hydrate");
});

test("it is no secret of a sender, a receiver or a header", () => {
  expect(readConfig(sources({ secrets: "ENCRYPTION_KEY" })).sources.has("acme")).toBe(false);
  const crm = { url: "https://crm.example.com", headers: { "x-key": "$ENCRYPTION_KEY_OLD" } };
  expect(saying({ DESTINATIONS: { crm } }).join()).toContain("names ENCRYPTION_KEY_OLD, which is the relay's own");
});

test("the blocks of docs/privacy.md are what they say: a source that encrypts, and a key that is taken", () => {
  const page = readFileSync(resolve(import.meta.dirname, "../../../docs/privacy.md"), "utf8");
  const toml = [...page.matchAll(/```toml\n([^]*?)```/g)].map(([, block]) => block).join("\n");
  const vars = table(parse(toml)["vars"]);
  const config = readConfig({ ...vars, ENCRYPTION_KEY: KEY });
  expect([...config.sources.values()].map(({ encrypt }) => encrypt)).toEqual([true, undefined]);
  expect(config.sources.get("shop")?.redact).toEqual({
    headers: ["x-shopify-shop-domain"],
    body: [
      ["customer", "email"],
      ["items", "*", "note"],
    ],
  });
  expect(config.findings.filter(({ level }) => level === "error")).toEqual([]);
  expect(page).toContain("openssl rand -base64 32 | npx wrangler secret put ENCRYPTION_KEY");
});
