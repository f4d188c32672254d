// The size of the bundle is a promise: a dependency that would break it is noticed here.
import { expect, test } from "vitest";
import { bundleLimit, bundleSize } from "../../bench/bundle.ts";

test(
  "what wrangler uploads, all providers and pages included, is at most 450 KB after gzip",
  { timeout: 300_000 },
  async () => {
    const { bytes, gzipBytes } = await bundleSize();
    expect(bytes).toBeGreaterThan(10_000);
    expect(gzipBytes).toBeLessThanOrEqual(bundleLimit);
  },
);
