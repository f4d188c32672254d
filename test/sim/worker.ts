// The relay's own index.ts, loaded as it is into Node: what only wrangler's bundler understands is translated on the way in.
import { registerHooks } from "node:module";
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { transformSync } from "esbuild";
import type { Instance } from "./isolate.ts";
import type { Batch } from "./queue.ts";

/** What the platform calls. */
export interface Worker {
  readonly default: {
    fetch(request: Request, env: object, context: object): Promise<Response> | Response;
    queue(batch: Batch, env: object, context: object): Promise<void>;
    scheduled(controller: object, env: object, context: object): Promise<void>;
  };
  readonly Intake: new (state: object, env: object) => Instance;
  readonly Feed: new (state: object, env: object) => Instance;
  readonly Limiter: new (state: object, env: object) => Instance;
  readonly Tunnel: new (state: object, env: object) => Instance;
}

const PLATFORM = `export class DurableObject { constructor(ctx, env) { this.ctx = ctx; this.env = env; } }
export class WorkerEntrypoint extends DurableObject {}
export class RpcTarget {}
export const env = {};
export const waitUntil = (work) => void work;`;

/** Files that wrangler's rules hand over as text. */
const TEXT = /\.(?:sql|txt|css|html|svg|client\.js|iife\.min\.js)(?:$|\?)/;

let hooked = false;

/** @param source the folder that holds index.ts: the work tree's `src`, or a copy with a bug planted in it */
export async function load(source: string): Promise<Worker> {
  if (!hooked) {
    hooked = true;
    registerHooks({
      resolve: (specifier, context, next) =>
        specifier === "cloudflare:workers"
          ? { url: `data:text/javascript,${encodeURIComponent(PLATFORM)}`, format: "module", shortCircuit: true }
          : next(specifier, context),
      load: (url, context, next) => {
        if (TEXT.test(url) && url.startsWith("file:")) {
          const text = `export default ${JSON.stringify(readFileSync(new URL(url), "utf8"))};`;
          return { format: "module", source: text, shortCircuit: true };
        }
        // Node strips types; it does not know JSX.
        if (url.endsWith(".tsx")) {
          const { code } = transformSync(readFileSync(new URL(url), "utf8"), {
            loader: "tsx",
            jsx: "automatic",
            jsxImportSource: "hono/jsx",
            format: "esm",
          });
          return { format: "module", source: code, shortCircuit: true };
        }
        return next(url, context);
      },
    });
  }
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the Worker's own exports; src/index.ts is checked against the platform's types
  return (await import(pathToFileURL(`${source}/index.ts`).href)) as Worker;
}
