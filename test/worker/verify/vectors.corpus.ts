// The known-answer requests and handshakes of other projects once more, where they will really be judged: on workerd.

import { inject, test } from "vitest";
import { judgeHandshake, judgeVector, type KnownHandshake, type Vector } from "../../../src/cli/local/known-answers.ts";
import { asDecided } from "../../vectors/decided.ts";
import { judgeCorpus, titled } from "../../vectors/judged.ts";

const texts = inject("corpora");

test.for(["providers/vectors.json", "providers/peer-suites.json"])(
  "%s: every request gets its verdict on workerd",
  async (file) => {
    const rows: readonly Vector[] = JSON.parse(texts[file] ?? "");
    await judgeCorpus(file, rows, async (row) => titled(row, await judgeVector(asDecided(row))));
  },
);

test.for(["providers/handshakes.json", "providers/peer-handshakes.json"])(
  "%s: every challenge gets its answer on workerd",
  async (file) => {
    const rows: readonly KnownHandshake[] = JSON.parse(texts[file] ?? "");
    await judgeCorpus(file, rows, async (row) => titled(row, await judgeHandshake(row)));
  },
);
