// Three worlds: pure stages in Node; everything that touches a binding on workerd with real D1, Queues and Durable Objects; whole
// relays in processes of their own, spoken to over HTTP.
import { cloudflareTest } from "@cloudflare/vitest-pool-workers";
import { defineConfig } from "vitest/config";

// oxlint-disable-next-line import/no-default-export -- vitest asks for it
export default defineConfig({
  test: {
    projects: [
      { test: { name: "pure", include: ["test/pure/**/*.test.ts", "test/vectors/**/*.test.ts"] } },
      {
        plugins: [cloudflareTest({ wrangler: { configPath: "./test/worker/wrangler.toml" } })],
        test: { name: "worker", include: ["test/worker/**/*.test.ts"], testTimeout: 20_000 },
      },
      {
        // Each starts relays of its own and mostly waits: for leases to end, for receivers that hang.
        test: {
          name: "e2e",
          include: ["test/e2e/**/*.test.ts", "test/conformance/**/*.test.ts"],
          testTimeout: 240_000,
          maxWorkers: 3,
        },
      },
    ],
  },
});
