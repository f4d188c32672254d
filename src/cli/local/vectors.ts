// `npm run vectors -- FILE`: known-answer requests through the real verifier, as `N passed, N failed`. Reads the file, writes the terminal.

import { readFileSync } from "node:fs";
import { argv, exit, stdout } from "node:process";
import { judgeVector, type Vector } from "./known-answers.ts";

const file = argv[2];
if (file === undefined) {
  stdout.write("Usage: npm run vectors -- FILE\n");
  exit(2);
}
let failed = 0;
const vectors: Vector[] = JSON.parse(readFileSync(file, "utf8"));
for (const vector of vectors) {
  const fault = await judgeVector(vector);
  if (fault === null) continue;
  failed++;
  stdout.write(`${vector.provider}: ${vector.description}: ${fault}\n`);
}
stdout.write(`${vectors.length - failed} passed, ${failed} failed\n`);
exit(failed === 0 ? 0 : 1);
