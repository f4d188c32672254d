// Four worlds: pure stages in Node; everything that touches a binding on workerd with real D1, Queues and Durable Objects; whole
// relays in processes of their own, spoken to over HTTP; and their pages in a real browser.
import { cloudflareTest } from "@cloudflare/vitest-pool-workers";
import { defineConfig } from "vitest/config";
import { env } from "node:process";

/** Tests over the test data of other projects (`*.corpus.ts`), which only a folder beside the repository holds: CORPORA names it. */
const corpora = (env["CORPORA"] ?? "") !== "";
/** Tests with the senders' own libraries, which `npm run test:official` installs. */
const official = (env["OFFICIAL"] ?? "") === "" ? [] : ["test/official/*.test.ts"];
const named = (folder: string) => [`${folder}/**/*.test.ts`, ...(corpora ? [`${folder}/**/*.corpus.ts`] : [])];

// oxlint-disable-next-line import/no-default-export -- vitest asks for it
export default defineConfig({
  test: {
    // Shared by all worlds: those of processes mostly wait, and projects with numbers of their own would run one after another.
    maxWorkers: 4,
    // What a test writes is printed if it fails, and errors that nobody provokes are: see there.
    reporters: "./test/reporter.ts",
    silent: "passed-only",
    // Not even the slowest of a passing file are listed, in ms.
    slowTestThreshold: 600_000,
    globalSetup: "test/vectors/setup.ts",
    projects: [
      {
        // Timeouts only end what hangs: a loaded machine may take many times as long as this one.
        test: {
          name: "pure",
          include: named("test/pure"),
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        plugins: [cloudflareTest({ wrangler: { configPath: "./test/worker/wrangler.toml" } })],
        test: {
          name: "worker",
          include: named("test/worker"),
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        // Each starts relays of its own and mostly waits: for leases to end, for receivers that hang.
        test: {
          name: "e2e",
          include: ["test/e2e/**/*.test.ts", "test/conformance/**/*.test.ts", ...official],
          testTimeout: 300_000,
          hookTimeout: 180_000,
        },
      },
      {
        // A relay and a Chromium for each file, both of which take their time to start where other tests run beside them.
        test: {
          name: "browser",
          include: ["test/browser/**/*.test.ts"],
          globalSetup: "test/kit/chromium-setup.ts",
          testTimeout: 180_000,
          hookTimeout: 180_000,
        },
      },
    ],
  },
});
