// A file of known answers, judged row by row: how many there were, and every fault at once. Runs under Node and on workerd.

import { expect } from "vitest";
import type { KnownHandshake, Vector } from "../../src/cli/local/known-answers.ts";

declare module "vitest" {
  // oxlint-disable-next-line typescript/consistent-type-definitions -- vitest's interface is what is added to
  interface ProvidedContext {
    /** Requests that were signed under Node, for the tests on workerd. */
    signed: readonly Vector[];
    /** Challenges, likewise. */
    handshakes: readonly KnownHandshake[];
    /** Texts of the corpora that are judged on workerd too, by file; empty where a file is missing. */
    corpora: Readonly<Record<string, string>>;
  }
}

export type FaultOf<Row> = (row: Row) => Promise<string | null> | string | null;

/** Judges the rows of a file of the corpora, and says how many there were. */
export async function judgeCorpus<Row>(file: string, rows: readonly Row[], fault: FaultOf<Row>): Promise<void> {
  expect(rows.length, `${file} holds no rows`).toBeGreaterThan(0);
  const faults = await faultsOf(rows, fault);
  console.log(
    `CORPORA: ${file}: ${rows.length - faults.length} of ${rows.length} rows get the verdict that they ask for`,
  );
  expect(faults).toEqual([]);
}

/** Every fault of any row, so that one run shows them all. */
export async function faultsOf<Row>(rows: readonly Row[], fault: FaultOf<Row>): Promise<string[]> {
  const faults: string[] = [];
  for (const row of rows) {
    const one = await fault(row);
    if (one !== null) faults.push(one);
  }
  return faults;
}

/** A fault with the row that it is of. */
export function titled(row: object, fault: string | null): string | null {
  const { provider, description, method, url } = { provider: "", description: "", method: "", url: "", ...row };
  return fault === null ? null : `${provider}: ${description === "" ? `${method} ${url}` : description}: ${fault}`;
}
