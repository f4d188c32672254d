// Every open known-answer request and handshake, judged by the real interpreter under Node.

import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { judgeHandshake, judgeVector, type KnownHandshake, type Vector } from "../../../src/cli/local/known-answers.ts";

const shared = new URL("../../../../shared/providers/", import.meta.url);
const vectors: Vector[] = JSON.parse(readFileSync(new URL("vectors.json", shared), "utf8"));
const handshakes: KnownHandshake[] = JSON.parse(readFileSync(new URL("handshakes.json", shared), "utf8"));

describe.for([...new Set(vectors.map(({ provider }) => provider))])("%s", (id) => {
  const own = vectors.filter(({ provider }) => provider === id);
  test.for(own.map((vector) => [vector.description, vector.expect, vector] as const))(
    "%s: %s",
    async ([, , vector]) => {
      expect(await judgeVector(vector)).toBeNull();
    },
  );
});

describe("a handshake gets the answer that the sender waits for", () => {
  test.for(handshakes.map((one) => [one.provider, one.method, one] as const))("%s %s", async ([, , one]) => {
    expect(await judgeHandshake(one)).toBeNull();
  });
});
