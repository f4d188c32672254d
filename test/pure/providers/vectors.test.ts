// Every kind of genuine, altered and forged request, for every sender of the catalogue, judged by the real interpreter.

import { describe, expect, test } from "vitest";
import { judgeVector } from "../../../src/cli/local/known-answers.ts";
import { altered } from "../../vectors/altered.ts";
import { facts } from "../../vectors/facts.ts";
import { faultsOf, titled } from "../../vectors/judged.ts";
import { signedAnew, vectors } from "../../vectors/kinds.ts";
import published from "../../vectors/published.json" with { type: "json" };
import { signAs } from "../../vectors/signer.ts";

describe("every request gets its verdict", () => {
  test.for(facts.map((fact) => [fact.id, fact] as const))("%s", async ([, fact]) => {
    const rows = [...signedAnew(fact), ...altered(fact, signAs(fact))];
    expect(await faultsOf(rows, async (row) => titled(row, await judgeVector(row)))).toEqual([]);
  });
});

test("what senders publish in their documents gets the verdict that they publish", async () => {
  expect(published.length).toBeGreaterThan(0);
  expect(await faultsOf(published, async (row) => titled(row, await judgeVector(row)))).toEqual([]);
});

test("the kinds are made: genuine and forged requests of every sender, and times wherever one is signed", () => {
  const rows = vectors();
  const of = (wanted: (row: (typeof rows)[number]) => boolean) =>
    new Set(rows.filter(wanted).map((row) => row.provider));
  expect(of(({ expect: verdict }) => verdict === "accept").size).toBe(facts.length);
  for (const [kind, senders] of [
    ["the signature is cut to half", facts.length],
    ["signed with somebody else's key", facts.length],
    ["another body than was signed", 150],
    ["too old", 60],
    ["another time than was signed", 60],
    ["two signatures while the sender rotates its keys", 30],
    ["a token with alg none", 7],
  ] as const)
    expect(of(({ description }) => description.endsWith(kind)).size, kind).toBeGreaterThanOrEqual(senders);
  expect(rows.length).toBeGreaterThan(4_500);
});

test("every description is of one request alone", () => {
  const seen = vectors().map(({ description }) => description);
  expect(
    seen.filter((description, at) => seen.indexOf(description) !== at && !description.includes("public key")),
  ).toEqual([]);
});
