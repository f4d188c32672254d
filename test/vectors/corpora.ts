// Test data of other projects: read where CORPORA names the folder that holds it, and never a part of this repository.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { env } from "node:process";
import { test } from "vitest";
import { judgeCorpus, type FaultOf } from "./judged.ts";

/**
 * Defines one test over all rows of a file of the corpora. A file that is missing or holds no rows is a failure.
 *
 * @param fault what is wrong with our verdict on a row, or `null`
 */
export function testCorpus<Row>(
  file: string,
  claim: string,
  rowsOf: (content: ReturnType<typeof JSON.parse>) => readonly Row[],
  fault: FaultOf<Row>,
): void {
  test(`${file}: ${claim}`, async () => {
    await judgeCorpus(file, rowsOf(JSON.parse(readCorpus(file))), fault);
  });
}

/** The text of a file of the corpora. Throws where CORPORA names no folder, or the folder does not hold it. */
function readCorpus(file: string): string {
  const folder = env["CORPORA"] ?? "";
  if (folder === "") throw new Error("Set CORPORA to the folder that holds the test data of other projects");
  return readFileSync(join(folder, file), "utf8");
}
