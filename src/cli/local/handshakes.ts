// `npm run handshakes -- FILE`: challenge requests and the answers that they must get, as `N passed, N failed`. Reads the file, writes the terminal.

import { readFileSync } from "node:fs";
import { argv, exit, stdout } from "node:process";
import { judgeHandshake, type KnownHandshake } from "./known-answers.ts";

const file = argv[2];
if (file === undefined) {
  stdout.write("Usage: npm run handshakes -- FILE\n");
  exit(2);
}
let failed = 0;
const handshakes: KnownHandshake[] = JSON.parse(readFileSync(file, "utf8"));
for (const one of handshakes) {
  const fault = await judgeHandshake(one);
  if (fault === null) continue;
  failed++;
  stdout.write(`${one.provider}: ${one.method} ${one.url}: ${fault}\n`);
}
stdout.write(`${handshakes.length - failed} passed, ${failed} failed\n`);
exit(failed === 0 ? 0 : 1);
