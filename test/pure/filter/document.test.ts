// What docs/filters.md shows and says: its sample is a route, its bounds are those of the code, its functions are known.
import { readFileSync } from "node:fs";
import { parse } from "smol-toml";
import { expect, test } from "vitest";
import { table } from "../../../src/cli/local/wrangler-file.ts";
import { readConfig } from "../../../src/config/config.ts";
import { readWhen } from "../../../src/filter/when.ts";

const text = readFileSync(new URL("../../../docs/filters.md", import.meta.url), "utf8");

test("the sample is a route that a deploy would take", () => {
  const [, sample = ""] = /```toml\n([\s\S]*?)```/.exec(text) ?? [];
  const vars = table(parse(sample)["vars"]);
  const config = readConfig({
    ...vars,
    SOURCES: { stripe: { provider: "stripe" } },
    DESTINATIONS: { finance: { inspect: true } },
  });
  expect(config.findings.filter(({ key }) => key.startsWith("ROUTES"))).toEqual([]);
  expect(config.routes).toMatchObject([
    { name: "large-payments", when: { text: expect.stringContaining("amount_due") } },
  ]);
});

test("every function that it names is known, and what stands beside it is a condition", () => {
  const named = text.slice(text.indexOf("## What it may do"), text.indexOf("- Numbers of JSON"));
  const words = [...named.matchAll(/`(\w+)`/g)].map(([, word = ""]) => word).filter((word) => word !== "in");
  expect(words.length).toBeGreaterThan(25);
  for (const word of words) {
    const alone = { fault: "", ...readWhen(`${word}(body.x) == 1`) }.fault;
    const method = { fault: "", ...readWhen(`body.x.${word}() == 1`) }.fault;
    expect([alone, method].filter((one) => one.includes(`${word}(), which a filter`)).length, word).toBeLessThan(2);
  }
  for (const [, written = ""] of text.matchAll(/`((?:has\(|headers\["|"x-)[^`]*)`/g))
    expect(readWhen(written.startsWith("headers") ? `${written} == "push"` : written)).toMatchObject({ ok: true });
});

test("the bounds that it states", () => {
  const over = readWhen(`${" ".repeat(4_000)}true`);
  expect(over).toMatchObject({ ok: false, fault: expect.stringContaining("4000") });
  expect(text).toContain("4,000 characters and 500 parts");
  expect(text).toContain("20,000 steps");
});
