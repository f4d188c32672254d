// Runs the Worker on this machine, on workerd itself, with D1, queues and Durable Objects of its own;
// alone may touch miniflare and esbuild.
import { join, resolve } from "node:path";
import { build } from "esbuild";
import { convertV4MiniflareOptions, Log, LogLevel, Miniflare } from "miniflare";
import { unstable_getMiniflareWorkerOptions, unstable_readConfig } from "wrangler";

const shippedConfig = resolve(import.meta.dirname, "../../../wrangler.toml");

/** What to run, and where. */
export interface LocalOptions {
  /**
   * Bindings, queues and dates are read from here, vars and secrets are not; by default the shipped `wrangler.toml`.
   */
  readonly configPath?: string;
  /** Entry point instead of the configuration's `main`. */
  readonly main?: string;
  /** All the vars that the Worker sees: a table is an object, as in `wrangler.toml`. */
  readonly vars: Readonly<Record<string, Json>>;
  readonly secrets: Readonly<Record<string, string>>;
  /** On 127.0.0.1; 0 takes a free one. */
  readonly port: number;
  /** D1 and Durable Objects live here and outlive the process. Queues live in memory. */
  readonly stateDir: string;
  /** Every line that the Worker writes to its console. */
  readonly onLog: (line: LogLine) => void;
}

/** One console line: Hookline's own are JSON, those of the runtime are not. */
export interface LogLine {
  readonly level: string;
  readonly message: string;
}

export type Json = string | number | boolean | null | Json[] | { [key: string]: Json };

/** A Worker that is up. */
export interface Local {
  /** Without a slash at the end. */
  readonly url: string;
  /** Rows of one SQL statement on the Worker's D1 database, read beside the Worker. */
  query(sql: string, ...values: (string | number | null)[]): Promise<Record<string, unknown>[]>;
  /** Bytes of the Worker's D1 database. */
  databaseSize(): Promise<number>;
  /** Ends it with SIGKILL: the runtime knows no gentler end, so a stop is also a crash. */
  stop(): Promise<void>;
}

/**
 * Starts the Worker and answers when it listens.
 *
 * The socket is workerd's own. The proxies that `wrangler dev` and miniflare put before a Worker take 60 to 90 % of
 * the requests per second, and they add the `CF-Connecting-IP` that is
 * therefore missing here unless the client sends one.
 */
export async function runLocal(options: LocalOptions): Promise<Local> {
  const config = unstable_readConfig({ config: options.configPath ?? shippedConfig });
  // wrangler looks for `.dev.vars` and `.env` beside the configuration, and says on stdout, among lines of JSON, that
  // it has found them. They are for `npm run dev` alone: here it looks where nobody keeps any.
  const { workerOptions } = unstable_getMiniflareWorkerOptions({
    ...config,
    userConfigPath: join(options.stateDir, "wrangler.toml"),
  });
  const contents = await bundle(options.main ?? config.main ?? "", {
    minify: config.minify ?? false,
    keepNames: config.keep_names ?? true,
  });
  const runtime = new Miniflare(
    convertV4MiniflareOptions({
      ...workerOptions,
      name: config.name ?? "worker",
      modules: [{ type: "ESModule", path: "index.mjs", contents }],
      bindings: { ...options.vars, ...options.secrets },
      unsafeDirectSockets: [{ host: "127.0.0.1", port: options.port }],
      resourcePersistencePath: options.stateDir,
      host: "127.0.0.1",
      port: 0,
      cf: false, // otherwise it asks a host of Cloudflare's for sample data
      log: new Log(LogLevel.WARN),
      handleStructuredLogs: options.onLog,
    }),
  );
  const { origin } = await runtime.unsafeGetDirectURL();
  return {
    url: origin,
    async query(sql, ...values) {
      const database = await runtime.getD1Database("DB");
      const { results } = await database
        .prepare(sql)
        .bind(...values)
        .all();
      return results;
    },
    async databaseSize() {
      const { meta } = await (await runtime.getD1Database("DB")).prepare("SELECT 1").run();
      return meta.size_after;
    },
    stop: () => runtime.dispose(),
  };
}

/** What wrangler's rules hand over as text. */
const TEXT = Object.fromEntries(
  [".sql", ".html", ".txt", ".css", ".svg", ".client.js", ".iife.min.js"].map((end) => [end, "text" as const]),
);

/**
 * One module, by the same tool and for the same target as `wrangler deploy`, in a twentieth of the time of its dry run.
 */
async function bundle(main: string, style: { readonly minify: boolean; readonly keepNames: boolean }): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [main],
    bundle: true,
    write: false,
    format: "esm",
    target: "es2024",
    conditions: ["workerd", "worker", "browser"],
    external: ["cloudflare:*", "node:*"],
    loader: TEXT,
    ...style,
  });
  return outputFiles[0]?.text ?? "";
}
