// What docs/transforms.md shows and says: its samples are routes, its functions are the ones that there are, its bounds those of the code.
import { readFileSync } from "node:fs";
import { parse } from "smol-toml";
import { expect, test } from "vitest";
import { table } from "../../../src/cli/local/wrangler-file.ts";
import { readConfig } from "../../../src/config/config.ts";
import { FUNCTIONS, REFUSED } from "../../../src/transform/functions.ts";
import { readTransform } from "../../../src/transform/read.ts";

const text = readFileSync(new URL("../../../docs/transforms.md", import.meta.url), "utf8");

test("the samples are what a deploy would take", () => {
  const samples = [...text.matchAll(/```toml\n([\s\S]*?)```/g)].map(([, sample = ""]) => table(parse(sample)["vars"]));
  expect(samples.length).toBeGreaterThan(1);
  for (const vars of samples) {
    const config = readConfig({
      ASSISTANT_SECRET: "whsec_c2VjcmV0",
      SOURCES: { assistant: { provider: "standard-webhooks" }, stripe: { provider: "stripe" } },
      ...vars,
      DESTINATIONS: {
        chat: { inspect: true },
        crm: { inspect: true },
        ledger: { inspect: true },
        ...table(vars["DESTINATIONS"] ?? {}),
      },
    });
    expect(config.findings.filter(({ key }) => /^(?:ROUTES|DESTINATIONS)/.test(key))).toEqual([]);
  }
});

test("every function that there is stands in the list, and every one that is refused below it", () => {
  const [, list = ""] = /these functions:\s+`([^`]+)`/.exec(text) ?? [];
  expect(list.split(/\s+/)).toEqual([...FUNCTIONS.keys()].toSorted());
  for (const name of REFUSED.keys()) expect(text).toContain(`\`$${name}\``);
});

test("the bounds that it states", () => {
  expect(readTransform(`${" ".repeat(4_000)}body`)).toMatchObject({
    ok: false,
    fault: expect.stringContaining("4000"),
  });
  for (const bound of [
    "4,000 characters, 60 levels",
    "8 of `?:` and `??`",
    "200,000 steps",
    "10,000 elements",
    "1 MiB",
    "100 functions",
  ])
    expect(text.replaceAll(/\s+/g, " ")).toContain(bound);
});
