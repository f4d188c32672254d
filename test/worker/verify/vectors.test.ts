// Every open known-answer request and handshake once more, where they will really be judged: on workerd.

import { expect, test } from "vitest";
import handshakes from "../../../../shared/providers/handshakes.json?raw";
import vectors from "../../../../shared/providers/vectors.json?raw";
import { judgeHandshake, judgeVector, type KnownHandshake, type Vector } from "../../../src/cli/local/known-answers.ts";

test("every open vector gets its verdict on workerd", async () => {
  const all: Vector[] = JSON.parse(vectors);
  const faults: string[] = [];
  for (const vector of all) {
    const fault = await judgeVector(vector);
    if (fault !== null) faults.push(`${vector.provider}: ${vector.description}: ${fault}`);
  }
  expect(all.length).toBeGreaterThanOrEqual(957);
  expect(faults).toEqual([]);
});

test("every open handshake gets its answer on workerd", async () => {
  const all: KnownHandshake[] = JSON.parse(handshakes);
  const faults: string[] = [];
  for (const one of all) {
    const fault = await judgeHandshake(one);
    if (fault !== null) faults.push(`${one.provider} ${one.method}: ${fault}`);
  }
  expect(all.length).toBeGreaterThanOrEqual(25);
  expect(faults).toEqual([]);
});
