// Which wrangler command runs this process as its [build], and for which file? Reads the environment and,
// on Linux, the processes above.
import { readFileSync, readlinkSync } from "node:fs";
import { resolve } from "node:path";
import { parseArgs } from "node:util";

/** What is known of the wrangler that started this process. */
export interface WranglerRun {
  /** `dev`, `deploy`, `versions upload` …, or `null` where no wrangler did, or an old one that does not say. */
  readonly command: string | null;
  /** The file of `--config`, absolute; `null` where none was given or the arguments cannot be read. */
  readonly config: string | null;
  /** The environment of `--env` or CLOUDFLARE_ENV. */
  readonly environment: string | null;
}

/** npm, two shells and a launcher or two stand between wrangler and its [build]. */
const GENERATIONS = 12;

export function wranglerRun(): WranglerRun {
  const { WRANGLER_COMMAND: command = null, CLOUDFLARE_ENV } = process.env;
  const asked = command === null ? null : wranglerArguments(process.ppid);
  return {
    command,
    config: asked?.config ?? null,
    environment: asked?.env ?? (CLOUDFLARE_ENV === undefined || CLOUDFLARE_ENV === "" ? null : CLOUDFLARE_ENV),
  };
}

/**
 * wrangler tells its [build] the command and not the file (measured: WRANGLER_COMMAND is all that it sets), so its own
 * arguments are looked for among the processes above.
 * Where /proc is not there, nothing is known, and the check says which file it judged.
 */
function wranglerArguments(from: number): { config: string | null; env: string | null } | null {
  let pid = from;
  for (let generation = 0; generation < GENERATIONS && pid > 1; generation += 1) {
    try {
      const words = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").slice(0, -1);
      const at = words.findIndex((word) => /(?:^|\/)(?:wrangler|wrangler\.js|wrangler-dist\/cli\.js)$/.test(word));
      if (at >= 0) return parsed(words.slice(at + 1), readlinkSync(`/proc/${pid}/cwd`));
      // "pid (name) state ppid …", and a name may hold anything.
      pid = Number(/.*\) \S (\d+)/s.exec(readFileSync(`/proc/${pid}/stat`, "utf8"))?.[1] ?? 0);
    } catch {
      return null;
    }
  }
  return null;
}

function parsed(args: string[], cwd: string): { config: string | null; env: string | null } {
  const options = {
    config: { type: "string", short: "c" },
    env: { type: "string", short: "e" },
    cwd: { type: "string" },
  } as const;
  const { config, env, cwd: moved } = parseArgs({ args, options, strict: false, allowPositionals: true }).values;
  const folder = typeof moved === "string" ? resolve(cwd, moved) : cwd;
  return {
    config: typeof config === "string" ? resolve(folder, config) : null,
    env: typeof env === "string" && env !== "" ? env : null,
  };
}
