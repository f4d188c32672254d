// Under which conditions was this measured?
import { createRequire } from "node:module";
import { readFile } from "node:fs/promises";
import { availableParallelism, cpus, loadavg, platform, release } from "node:os";

export interface Conditions {
  readonly date: string;
  readonly cores: number;
  readonly cpu: string;
  readonly system: string;
  /** Processes that wanted a core during the last minute, the bench's own among them. */
  readonly load: number;
  readonly versions: Readonly<Record<string, string>>;
}

export async function conditions(): Promise<Conditions> {
  const versions: Record<string, string> = { node: process.versions.node };
  for (const name of ["workerd", "miniflare", "hono"]) versions[name] = await version(name);
  return {
    date: new Date().toISOString(),
    cores: availableParallelism(),
    cpu: cpus()[0]?.model ?? "unknown",
    system: `${platform()} ${release()}`,
    load: loadavg()[0] ?? Number.NaN,
    versions,
  };
}

/** From the package's own file, which `exports` may hide: found beside its entry point. */
async function version(name: string): Promise<string> {
  const entry = createRequire(import.meta.url).resolve(name);
  const folder = entry.slice(0, entry.lastIndexOf(`/node_modules/${name}/`));
  const text = await readFile(`${folder}/node_modules/${name}/package.json`, "utf8");
  return /"version": "([^"]+)"/.exec(text)?.[1] ?? "unknown";
}
