// A real relay for a test: a process group on workerd, its state in a folder that outlives it, its log as it comes.
import { type ChildProcess, spawn } from "node:child_process";
import { createHmac } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { onTestFinished } from "vitest";
import * as z from "zod";
import type { Json } from "../../src/cli/local/local.ts";
import { until } from "./until.ts";

export const root = resolve(import.meta.dirname, "../..");
/** The Node of package.json, whichever one runs the tests. */
export const node = join(root, "node_modules/.bin/node");

export const SECRETS = {
  ACME_SECRET: "the secret that acme signs with",
  SIGNING_KEY: "0123456789abcdef0123456789abcdef",
  HOOK_TOKEN: "what the API of a sender is asked with",
  ADMIN_TOKEN: "token-of-these-tests-0123456789abcdef",
};

/** Source `acme` signs a body as most senders do, and names its events in headers. Its address passes the flood guard. */
export function relayVars(destinations: Record<string, { url: string; retry?: string[] }>): Record<string, Json> {
  const settings = { header: "X-Signature", id: "{header:X-Id}", type: "{header:X-Type}" };
  return {
    SOURCES: { acme: { provider: "hmac", settings, max_body: "25MiB", allow: ["127.0.0.1/32"] } },
    DESTINATIONS: destinations,
    ROUTES: { all: { from: "acme", to: Object.keys(destinations) } },
    LOOPBACK_DESTINATIONS: "true",
  };
}

/** A folder for the state of relays; it goes when the test has ended. */
export async function stateFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "hookline-e2e-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

const line = z.object({ url: z.string().optional(), log: z.string().optional() });

/** A running relay. It is killed when its test ends, whatever happens. */
export class Relay {
  readonly url: string;
  /** Hookline's own log lines, in order. */
  readonly log: Record<string, unknown>[];
  readonly #child: ChildProcess;

  private constructor(url: string, log: Record<string, unknown>[], child: ChildProcess) {
    this.url = url;
    this.log = log;
    this.#child = child;
  }

  /**
   * @param main the Worker's entry point; the shipped one where it is left out
   * @param port any that is free where it is left out
   */
  static async start(vars: Record<string, Json>, stateDir: string, main?: string, port?: number): Promise<Relay> {
    const options = JSON.stringify({ vars, secrets: SECRETS, stateDir, main, port });
    const child = spawn(node, [join(import.meta.dirname, "relay-process.ts"), options], {
      // A group of its own: workerd goes with it.
      detached: true,
      stdio: ["ignore", "pipe", "inherit"],
    });
    onTestFinished(() => kill(child));
    const log: Record<string, unknown>[] = [];
    const url = await new Promise<string>((resolveUrl, reject) => {
      child.once("exit", (code) => reject(new Error(`the relay left with ${code} before it listened`)));
      createInterface({ input: child.stdout }).on("line", (text) => {
        const said = line.parse(JSON.parse(text));
        if (said.url !== undefined) resolveUrl(said.url);
        const fields = said.log === undefined ? null : parse(said.log);
        if (fields !== null) log.push(fields);
      });
    });
    return new Relay(url, log, child);
  }

  /** kill -9, for the process and for workerd. */
  async crash(): Promise<void> {
    await kill(this.#child);
  }

  /** Posts as acme does. Throws where the connection breaks, or is broken by the signal. */
  async post(
    id: string,
    body: Uint8Array,
    type = "test",
    signal: AbortSignal | null = null,
  ): Promise<{ status: number; id: string }> {
    const signature = createHmac("sha256", SECRETS.ACME_SECRET).update(body).digest("hex");
    const headers = { "x-signature": signature, "x-id": id, "x-type": type, "cf-connecting-ip": "127.0.0.1" };
    const init = { method: "POST", headers, body: new Uint8Array(body), signal };
    const response = await fetch(`${this.url}/in/acme`, init);
    const answer: unknown = await response.json();
    return { status: response.status, id: z.object({ id: z.string().default("") }).parse(answer).id };
  }

  /** Waits until everything that was acknowledged is in D1: until then the API may not show the last of it. */
  async carried(): Promise<void> {
    const health = z.object({ intake: z.object({ waiting: z.number(), stuck: z.number(), seen_at: z.string() }) });
    const since = Date.now();
    await until("everything acknowledged is in D1", async () => {
      const { waiting, stuck, seen_at } = health.parse(await this.api("/health")).intake;
      // The relay may answer what it has seen before.
      return waiting + stuck === 0 && Date.parse(seen_at) >= since ? true : undefined;
    });
  }

  /** What the API answers. */
  async api(path: string): Promise<unknown> {
    const response = await fetch(this.url + path, { headers: { authorization: `Bearer ${SECRETS.ADMIN_TOKEN}` } });
    if (!response.ok) throw new Error(`${path} answers ${response.status}`);
    return response.json();
  }
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, "exit");
  process.kill(-child.pid, "SIGKILL");
  await gone;
}

function parse(text: string): Record<string, unknown> | null {
  try {
    return z.record(z.string(), z.unknown()).parse(JSON.parse(text));
  } catch {
    return null;
  }
}
