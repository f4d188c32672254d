// Every kind of genuine, altered and forged request, and every challenge, where they will really be judged: on workerd.

import { expect, inject, test } from "vitest";
import { judgeHandshake, judgeVector } from "../../../src/cli/local/known-answers.ts";
import { faultsOf, titled } from "../../vectors/judged.ts";

test("every signed request gets its verdict on workerd", async () => {
  const rows = inject("signed");
  expect(rows.length).toBeGreaterThan(4_500);
  expect(await faultsOf(rows, async (row) => titled(row, await judgeVector(row)))).toEqual([]);
});

test("every challenge gets its answer on workerd", async () => {
  const rows = inject("handshakes");
  expect(rows.length).toBeGreaterThan(60);
  expect(await faultsOf(rows, async (row) => titled(row, await judgeHandshake(row)))).toEqual([]);
});
