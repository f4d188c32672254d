// How large is what `wrangler deploy` uploads?
import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";

export interface BundleSize {
  readonly bytes: number;
  readonly gzipBytes: number;
}

/**
 * With every provider of the catalogue, every page (docs/adr/0014) and the language of conditions (docs/adr/0031). The
 * free plan takes 3 MB: https://developers.cloudflare.com/workers/platform/limits/#worker-size
 */
export const bundleLimit = 450_000;

const root = resolve(import.meta.dirname, "../..");

/** Builds with wrangler itself and packs every file that it would upload: code and text modules, not the source map. */
export async function bundleSize(): Promise<BundleSize> {
  const outdir = await mkdtemp(join(tmpdir(), "hookline-bundle-"));
  try {
    const wrangler = resolve(root, "node_modules/wrangler/bin/wrangler.js");
    const env = { ...process.env, WRANGLER_SEND_METRICS: "false" };
    const command = [wrangler, "deploy", "--dry-run", "--outdir", outdir];
    await promisify(execFile)(process.execPath, command, { cwd: root, env });
    const uploaded = (await readdir(outdir)).filter((name) => !/\.map$|^README\.md$/.test(name));
    const files = await Promise.all(uploaded.map((name) => readFile(join(outdir, name))));
    const all = Buffer.concat(files);
    return { bytes: all.length, gzipBytes: gzipSync(all).length };
  } finally {
    await rm(outdir, { recursive: true, force: true });
  }
}
