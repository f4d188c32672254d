// The known-answer requests and handshakes of other projects, judged by the real interpreter under Node.

import { judgeHandshake, judgeVector, type KnownHandshake, type Vector } from "../../../src/cli/local/known-answers.ts";
import { testCorpus } from "../../vectors/corpora.ts";
import { asDecided } from "../../vectors/decided.ts";
import { titled } from "../../vectors/judged.ts";

for (const file of ["providers/vectors.json", "providers/peer-suites.json"])
  testCorpus(
    file,
    "every request gets its verdict",
    (rows: readonly Vector[]) => rows,
    async (row) => titled(row, await judgeVector(asDecided(row))),
  );

for (const file of ["providers/handshakes.json", "providers/peer-handshakes.json"])
  testCorpus(
    file,
    "every challenge gets its answer",
    (rows: readonly KnownHandshake[]) => rows,
    async (row) => titled(row, await judgeHandshake(row)),
  );
