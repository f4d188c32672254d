// Address lists of providers: read as each publishes its own, and taken as a whole or not at all.

import { describe, expect, test } from "vitest";
import { readAddressList } from "../../../src/net/lists.ts";
import { parseNetwork } from "../../../src/net/cidr.ts";
import { readConfig } from "../../../src/config/config.ts";
import { findProvider, providerIds } from "../../../src/providers/catalogue.ts";

const form = (id: string) => findProvider(id)!.networks!;
const json = (value: unknown) => JSON.stringify(value);
const HOOKS = { urls: ["https://x.example/"], at: "hooks" };

const item = (cidr: string, product: string[], direction: string[]) => ({ cidr, product, direction });
const sourceOf = (provider: unknown, allow: unknown) =>
  readConfig({ SOURCES: { it: { provider, allow } }, IT_SECRET: "s" });

describe("as it is published", () => {
  test("GitHub's is a member of its meta document", () => {
    const meta = json({ web: ["1.2.3.0/24"], hooks: ["192.30.252.0/22", "2a0a:a440::/29"], actions: ["4.148.0.0/16"] });
    expect(readAddressList([meta], form("github"))).toEqual({
      ok: true,
      networks: ["192.30.252.0/22", "2a0a:a440::/29"],
    });
  });

  test("Stripe's are single addresses", () => {
    expect(readAddressList([json({ WEBHOOKS: ["54.187.205.235", "3.18.12.63"] })], form("stripe"))).toEqual({
      ok: true,
      networks: ["3.18.12.63", "54.187.205.235"],
    });
  });

  test("of Atlassian's only what the product sends from counts", () => {
    const items = [
      item("104.192.136.0/21", ["bitbucket"], ["ingress", "egress"]),
      item("13.52.5.96/28", ["bitbucket", "jira"], ["egress"]),
      item("1.1.1.0/24", ["bitbucket"], ["ingress"]),
      item("2.2.2.0/24", ["trello"], ["egress"]),
    ];
    expect(readAddressList([json({ items })], form("bitbucket-cloud"))).toMatchObject({
      networks: ["104.192.136.0/21", "13.52.5.96/28"],
    });
    expect(readAddressList([json({ items })], form("jira"))).toMatchObject({ networks: ["13.52.5.96/28"] });
  });

  test("PagerDuty's are two whole answers, Cloudflare's two texts", () => {
    expect(readAddressList([json(["44.242.69.192"]), json(["18.159.51.101"])], form("pagerduty"))).toMatchObject({
      networks: ["18.159.51.101", "44.242.69.192"],
    });
    expect(
      readAddressList(["173.245.48.0/20\n103.21.244.0/22\n", "2400:cb00::/32"], form("cloudflare-stream")),
    ).toMatchObject({
      networks: ["103.21.244.0/22", "173.245.48.0/20", "2400:cb00::/32"],
    });
  });
});

describe("what is no list changes nothing", () => {
  const many = Array.from({ length: 2001 }, (_, n) => `10.${n >> 8}.${n & 255}.0/24`);
  test.each([
    ["nothing", ""],
    ["an empty list", json({ hooks: [] })],
    ["another member", json({ web: ["192.30.252.0/22"] })],
    ["a list that is none", json({ hooks: "192.30.252.0/22" })],
    ["an object in its place", json({ hooks: { 0: "192.30.252.0/22" } })],
    ["no JSON", "<html>192.30.252.0/22</html>"],
    ["half of the JSON", '{"hooks":["192.30.252.0/22"'],
    ["everybody", json({ hooks: ["0.0.0.0/0"] })],
    ["everybody of IPv6", json({ hooks: ["192.30.252.0/22", "::/0"] })],
    ["everybody in two halves", json({ hooks: ["0.0.0.0/1", "128.0.0.0/1"] })],
    ["everybody, mapped into IPv6", json({ hooks: ["::ffff:0.0.0.0/96"] })],
    ["everybody in many pieces", json({ hooks: Array.from({ length: 100 }, (_, n) => `${n + 1}.0.0.0/10`) })],
    ["one entry that is none among good ones", json({ hooks: ["192.30.252.0/22", "github.com"] })],
    ["a range with host bits", json({ hooks: ["192.30.252.1/22"] })],
    ["an entry that is no text", json({ hooks: ["192.30.252.0/22", null] })],
    ["a number for an address", json({ hooks: [3_232_235_777] })],
    ["too many", json({ hooks: many })],
    ["brackets without end", "[".repeat(100_000)],
  ])("%s", (_, text) => {
    expect(readAddressList([text], HOOKS)).toMatchObject({ ok: false, why: expect.any(String) });
  });

  test("of two answers, one good and one empty", () => {
    expect(readAddressList([json(["44.242.69.192"]), "[]"], form("pagerduty")).ok).toBe(false);
  });
});

describe("in the catalogue and in the configuration", () => {
  const listed = providerIds().filter((id) => findProvider(id)?.networks !== undefined);

  test("each of them can be asked for, or is written down as networks", () => {
    expect(listed).toEqual(expect.arrayContaining(["github", "stripe", "bitbucket-cloud", "jira", "brevo"]));
    for (const id of listed) {
      const { urls = [], fixed = [] } = form(id);
      expect(urls.length + fixed.length, id).toBeGreaterThan(0);
      for (const text of fixed) expect(parseNetwork(text), `${id} ${text}`).not.toBeNull();
    }
  });

  test('allow = ["provider"] stands beside networks, and alone', () => {
    expect(sourceOf("github", ["provider", "192.0.2.0/24"]).sources.get("it")).toMatchObject({
      allowPublished: true,
      allow: [{ version: 4, bits: 24 }],
    });
    expect(sourceOf("github", "provider").sources.get("it")).toMatchObject({ allowPublished: true, allow: [] });
    expect(sourceOf("github", "192.0.2.0/24").sources.get("it")).toMatchObject({ allowPublished: false });
  });

  test("networks that no program can ask for are taken from the catalogue at once", () => {
    const source = sourceOf("brevo", ["provider"]).sources.get("it");
    expect(source).toMatchObject({ allowPublished: false });
    expect(source?.allow).toHaveLength(2);
  });

  test.each([["slack"], ["hmac"], ["linear"], [{ like: "github" }]])(
    "%j publishes none: an error that says what to write, and the source takes nothing",
    (provider) => {
      const settings = provider === "hmac" ? { header: "X-S" } : {};
      const config = readConfig({ SOURCES: { it: { provider, settings, allow: ["provider"] } }, IT_SECRET: "s" });
      expect(config.sources.has("it")).toBe(false);
      expect(config.findings).toContainEqual({
        level: "error",
        key: "SOURCES.it.allow",
        says: expect.stringMatching(/Write its networks instead/),
      });
    },
  );

  test("a sender of one's own has its networks under allow, not in its table", () => {
    const own = {
      name: "ERP",
      algorithm: "hmac-sha256",
      signature: { at: "header:X-S" },
      networks: { urls: ["https://erp.example/ips"] },
    };
    const { findings } = readConfig({ SOURCES: { it: { provider: own } } });
    expect(findings[0]).toMatchObject({
      key: "SOURCES.it.provider.networks",
      says: expect.stringMatching(/under `allow`/),
    });
  });
});
