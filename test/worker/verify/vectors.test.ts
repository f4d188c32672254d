// What every sender signs by the facts, where it will really be judged: on workerd.

import { expect, inject, test } from "vitest";
import { judgeVector } from "../../../src/cli/local/known-answers.ts";
import { faultsOf, titled } from "../../vectors/judged.ts";

test("every signed request gets its verdict on workerd", async () => {
  const rows = inject("signed");
  expect(rows.length).toBeGreaterThan(100);
  expect(await faultsOf(rows, async (row) => titled(row, await judgeVector(row)))).toEqual([]);
});
