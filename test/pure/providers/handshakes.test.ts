// Every sender's challenge gets the answer that it waits for, by the stages that the relay answers everybody with, and nobody else's does.

import { expect, test } from "vitest";
import { judgeHandshake } from "../../../src/cli/local/known-answers.ts";
import { findProvider, providerIds } from "../../../src/providers/catalogue.ts";
import { handshakes } from "../../vectors/handshakes.ts";
import { faultsOf, titled } from "../../vectors/judged.ts";

const rows = handshakes();

test("every challenge gets its answer", async () => {
  expect(await faultsOf(rows, async (row) => titled(row, await judgeHandshake(row)))).toEqual([]);
});

/** WeCom's is encrypted under a key of its own, and is tried in test/pure/in/handshake.test.ts. */
const ELSEWHERE = new Set(["wecom"]);

test("every sender that asks something, or waits for certain words, is asked for here: write its challenge into test/vectors/handshakes.ts", () => {
  const tried = new Set(rows.map(({ provider }) => provider));
  const asking = providerIds().filter((id) => {
    const { handshake, replies } = findProvider(id) ?? {};
    return handshake ?? replies?.accepted ?? replies?.refused;
  });
  expect(asking.filter((id) => !tried.has(id) && !ELSEWHERE.has(id))).toEqual([]);
});

test("every challenge that is answered once it is verified is tried with a wrong signature too", () => {
  const verified = providerIds().filter((id) => findProvider(id)?.handshake?.some((one) => one.verified === true));
  const turnedAway = new Set(rows.filter(({ response }) => response.status >= 400).map(({ provider }) => provider));
  expect(verified.filter((id) => !turnedAway.has(id))).toEqual([]);
});
