// docs/providers.md and `hookline providers`: what people read is made from the data that the interpreter runs.

import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { hookline } from "../../../src/cli/hookline.ts";
import { providerFacts, providersPage } from "../../../src/cli/local/provider-page.ts";
import { findProvider, providerIds } from "../../../src/providers/catalogue.ts";

const page = readFileSync(new URL("../../../docs/providers.md", import.meta.url), "utf8");
const all = providerIds().flatMap((id) => providerFacts(id) ?? []);

async function run(...args: string[]) {
  const out: string[] = [];
  const err: string[] = [];
  const code = await hookline(args, { out: (line) => out.push(line), err: (line) => err.push(line) });
  return { code, out: out.join("\n"), err: err.join("\n") };
}

test("docs/providers.md is up to date (npm run docs:providers)", () => {
  expect(page).toBe(providersPage(all));
});

test("the page has a row and an entry for every provider, and each link has its heading", () => {
  const headings = [...page.matchAll(/^### (.*)$/gm)].map(([, name]) => name);
  expect(headings).toHaveLength(providerIds().length);
  const anchors = headings.map((name = "") =>
    name
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-"),
  );
  expect(new Set(anchors).size).toBe(anchors.length);
  const links = [...page.matchAll(/^\| \[.*?\]\(#(.*?)\)/gm)].map(([, anchor]) => anchor);
  expect(links).toEqual(anchors);
});

describe("what is said of a provider", () => {
  test("no sentence has a hole", () => {
    const holes = all.filter((facts) => /undefined|null |\[object|``/.test(JSON.stringify(facts)));
    expect(holes.map(({ id }) => id)).toEqual([]);
  });

  test("what is not covered is said in the words of the data, or at least the headers are", () => {
    const wrong = all.filter(
      ({ id, notSigned }) =>
        notSigned !== findProvider(id)?.uncovered &&
        !(findProvider(id)?.uncovered === undefined && notSigned.startsWith("Other headers")),
    );
    expect(wrong.map(({ id }) => id)).toEqual([]);
  });

  test.each([
    ["github", "id and body", "the id is not under the signature"],
    ["stripe", "id", "which is under the signature"],
    ["line", "id and body", "may stand for several events"],
    ["affirm", "not told apart", "each request is an event of its own"],
  ])("%s: repeats are told by %s", (id, short, long) => {
    expect(providerFacts(id)?.repeats.short).toBe(short);
    expect(providerFacts(id)?.repeats.long).toContain(long);
  });

  test.each([
    ["stripe", "5 min"],
    ["aws-sns", "24 h (the relay's own)"],
    ["contentful", "30 s"],
    ["monday", "its expiry"],
    ["github", null],
  ])("%s: a request may be as old as %s", (id, tolerance) => {
    expect(providerFacts(id)?.tolerance).toBe(tolerance);
  });

  test("what has to be set beside the secret is said", () => {
    expect(providerFacts("paypal")?.limits.join(" ")).toContain("`webhook_id`");
    expect(providerFacts("square")?.limits.join(" ")).toContain("`public_url`");
    expect(providerFacts("meta")?.limits.join(" ")).toContain("_VERIFY_TOKEN");
    expect(providerFacts("plaid")?.limits.join(" ")).toContain("plaid\\.com");
    expect(providerFacts("gocardless")?.limits.join(" ")).toContain("498");
    expect(providerFacts("bitly")?.limits.join(" ")).toContain("Nobody has checked");
    expect(providerFacts("github")?.limits).toEqual([]);
  });
});

describe("hookline providers", () => {
  test("lists every provider", async () => {
    const { code, out } = await run("providers");
    expect(code).toBe(0);
    expect(out.split("\n")).toHaveLength(providerIds().length + 1);
  });

  test("prints one in sentences, without the marks of Markdown", async () => {
    const { code, out } = await run("providers", "github");
    expect(code).toBe(0);
    expect(out).toContain("over the body");
    expect(out).not.toMatch(/`|\*\*/);
  });

  test("--json gives the facts, and the data in the form that wrangler.toml takes", async () => {
    const { out } = await run("providers", "stripe", "--json");
    expect(JSON.parse(out)).toMatchObject({ id: "stripe", tolerance: "5 min", data: findProvider("stripe") });
    expect(JSON.parse((await run("providers", "--json")).out)).toHaveLength(providerIds().length);
  });

  test("a name that nobody has is a refusal, with the nearest one", async () => {
    expect(await run("providers", "gihub")).toEqual({
      code: 1,
      out: "",
      err: 'there is no provider "gihub". Did you mean github?',
    });
    expect((await run("providers", "constructor", "--json")).out).toContain("error");
    expect((await run("providers", "github", "stripe")).code).toBe(2);
  });
});
