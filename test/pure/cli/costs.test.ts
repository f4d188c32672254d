// The command `hookline costs`: dollars, shares of the free quotas, sources and destinations.
import { expect, test } from "vitest";
import { shareInWords, usd } from "../../../src/dashboard/words/costs.ts";
import { costs, costsOfNothing } from "../../kit/fixture-costs.ts";
import { FakeRelay } from "../../kit/fake-relay.ts";

const answers = { given: costs };
const relay = new FakeRelay(() => answers.given);

test("it prints what the day and the month cost, each meter with its free quota, and who caused it", async () => {
  answers.given = costs;
  const { code, out } = await relay.run("costs");
  expect(code).toBe(0);
  const lines = out.split("\n");
  expect(lines[0]).toMatch(/^last 24 hours: \$[\d.]+, 2026-\d\d so far: \$[\d.]+ \(prices read on 2026-11-29\)$/);
  expect(lines[1]).toMatch(
    /^The free plan bills nothing\. The paid plan would bill this month \$5\.\d\d so far, \$\d\.\d\d by /,
  );
  expect(out).toMatch(/D1 rows written +[\d,]+ +\d+ % /);
  expect(out).toMatch(/Worker CPU time, ms +about [\d,]+ +no limit /);
  expect(out).toMatch(/github +\d+ +\d+ +\d+ +\$/);
  expect(out).toMatch(/billing +\d+ +\d+ +\d+ +\d+ +\$/);
  expect(lines.at(-1)).toMatch(/^everything else: \$/);
});

test("of a relay that has done nothing it prints that, too", async () => {
  answers.given = costsOfNothing;
  const { code, out } = await relay.run("costs");
  expect(code).toBe(0);
  expect(out).toContain("no source was heard");
  expect(out).toContain("The paid plan bills this month $5.00 so far");
});

test("with --json it prints what the API answers", async () => {
  answers.given = costs;
  expect(JSON.parse((await relay.run("costs --json")).out)).toEqual(costs);
});

test.for([
  [0, "$0"],
  [0.00001, "under $0.0001"],
  [0.00123, "$0.0012"],
  [0.0523, "$0.052"],
  [1_204.5, "$1,204.50"],
] as const)("%d dollars are %s", ([n, text]) => {
  expect(usd(n)).toBe(text);
});

test.for([
  [null, ""],
  [0, "0 %"],
  [0.004, "under 1 %"],
  [0.419, "41 %"],
] as const)("a share of %s is %j", ([share, text]) => {
  expect(shareInWords(share)).toBe(text);
});
