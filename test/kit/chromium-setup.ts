// Once before all browser tests: finds their Chromium and says in one line which it is; where there is none, each test file says so.
import type { TestProject } from "vitest/node";
import { findChromium, type Found } from "./chromium.ts";

declare module "vitest" {
  // oxlint-disable-next-line typescript/consistent-type-definitions -- vitest's interface is what is added to
  interface ProvidedContext {
    chromium: Found | string;
  }
}

// oxlint-disable-next-line import/no-default-export -- vitest asks for it
export default async function setup(project: TestProject): Promise<void> {
  try {
    const found = await findChromium();
    console.log(`Browser tests run in ${found.name}.`);
    project.provide("chromium", found);
  } catch (error) {
    project.provide("chromium", error instanceof Error ? error.message : String(error));
  }
}
