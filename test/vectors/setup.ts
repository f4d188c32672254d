// Once before all tests: hands requests and corpora to the tests on workerd, and says so where CORPORA names no folder.

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { env } from "node:process";
import type { TestProject } from "vitest/node";
import { handshakes } from "./handshakes.ts";
import { vectors } from "./kinds.ts";

const ON_WORKERD = ["vectors", "peer-suites", "handshakes", "peer-handshakes"].map((name) => `providers/${name}.json`);

export function setup(project: TestProject): void {
  const folder = env["CORPORA"] ?? "";
  if (folder === "") console.log("CORPORA is not set: the tests over the test data of other projects are not run.");
  const text = (file: string) => (existsSync(join(folder, file)) ? readFileSync(join(folder, file), "utf8") : "");
  project.provide("corpora", folder === "" ? {} : Object.fromEntries(ON_WORKERD.map((file) => [file, text(file)])));
  project.provide("signed", vectors());
  project.provide("handshakes", handshakes());
}
