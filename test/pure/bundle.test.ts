// The size of the bundle is a promise: a dependency that would break it is noticed here.
import { expect, test } from "vitest";
import { bundleLimit, bundleSize } from "../bench/bundle.ts";

test("what wrangler uploads, all providers included, is at most 100 KB after gzip", { timeout: 60_000 }, async () => {
  const { bytes, gzipBytes } = await bundleSize();
  expect(bytes).toBeGreaterThan(10_000);
  expect(gzipBytes).toBeLessThanOrEqual(bundleLimit);
});
