// The relay that is killed: one process group on real workerd, started again and again on the same state; keeps when that was.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createWriteStream, type WriteStream } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import * as z from "zod";
import type { Json } from "../../src/cli/local/local.ts";

const root = resolve(import.meta.dirname, "../..");
const line = z.object({ url: z.string().optional(), log: z.string().optional() });
const said = z.object({ level: z.string(), event: z.string() });

/** A start takes 1 to 3 s; one that takes this long has failed, in ms. */
const START_MS = 60_000;
/** The relay's log is kept for whoever has to find out, up to this many characters. */
const LOG_LIMIT = 200_000_000;

/** One life of the relay. Times in ms since 1970. */
export interface Life {
  readonly began: number;
  /** `null` where it was killed before it listened. */
  listened: number | null;
  killed: number | null;
}

export interface RelayOptions {
  /** Entry point of the code that runs. */
  readonly main: string;
  readonly vars: Readonly<Record<string, Json>>;
  readonly secrets: Readonly<Record<string, string>>;
  readonly stateDir: string;
  readonly logFile: string;
}

export class Relay {
  readonly lives: Life[] = [];
  /** What it logged at level `error`, by the name of the line; not what it logs of a destination that gives no yes. */
  readonly errors = new Map<string, number>();
  /** Without a slash at the end; `null` while nothing listens. */
  url: string | null = null;
  readonly #options: RelayOptions;
  readonly #log: WriteStream;
  #logged = 0;
  /** The same in every life: somebody listens there. */
  #port = 0;
  #child: ChildProcess | null = null;

  constructor(options: RelayOptions) {
    this.#options = options;
    this.#log = createWriteStream(options.logFile);
  }

  /** Starts a process. Resolves with `true` once it listens, with `false` if it dies before that. */
  async start(): Promise<boolean> {
    const { main, vars, secrets, stateDir } = this.#options;
    // What the runtime leaves in its temporary folder when it is killed goes with the state.
    const temporary = join(stateDir, "tmp");
    await mkdir(temporary, { recursive: true });
    const life: Life = { began: Date.now(), listened: null, killed: null };
    const child = spawn(
      process.execPath,
      [
        join(root, "test/kit/relay-process.ts"),
        JSON.stringify({ main, vars, secrets, stateDir, port: this.#port }),
        "--leash",
      ],
      // A group of its own, so that workerd dies with it; stdin is the leash.
      { cwd: root, detached: true, stdio: ["pipe", "pipe", "pipe"], env: { ...process.env, TMPDIR: temporary } },
    );
    this.#child = child;
    this.lives.push(life);
    child.stdin.on("error", () => {});
    child.stderr.on("data", (text: Buffer) => this.#keep(`${text.toString()}\n`));
    const listening = new Promise<boolean>((settle) => {
      child.once("exit", () => settle(false));
      createInterface({ input: child.stdout }).on("line", (text) => {
        const url = this.#read(text);
        if (url === undefined || this.#child !== child) return;
        this.url = url;
        this.#port = Number(new URL(url).port);
        life.listened = Date.now();
        settle(true);
      });
    });
    const timer = setTimeout(() => void this.kill(), START_MS);
    try {
      return await listening;
    } finally {
      clearTimeout(timer);
    }
  }

  /** kill -9 for the whole process group. */
  async kill(): Promise<void> {
    const child = this.#child;
    if (child?.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const life = this.lives.at(-1);
    const gone = once(child, "exit");
    process.kill(-child.pid, "SIGKILL");
    if (life !== undefined) life.killed = Date.now();
    this.url = null;
    await gone;
  }

  /** The last resort of a process that is about to end: does not wait. */
  killNow(): void {
    const pid = this.#child?.pid;
    if (pid === undefined || this.#child?.exitCode !== null || this.#child.signalCode !== null) return;
    process.kill(-pid, "SIGKILL");
  }

  /** Ends it for good, and its log. */
  async close(): Promise<void> {
    await this.kill();
    await new Promise<void>((done) => {
      this.#log.end(done);
    });
  }

  /** Keeps a line of output; gives the address where it tells that. A kill cuts lines in two. */
  #read(text: string): string | undefined {
    this.#keep(`${text}\n`);
    try {
      const { url, log } = line.parse(JSON.parse(text));
      const { success, data } = said.safeParse(log === undefined ? null : JSON.parse(log));
      if (success && data.level === "error" && data.event !== "delivery.failed")
        this.errors.set(data.event, (this.errors.get(data.event) ?? 0) + 1);
      return url;
    } catch {
      return undefined;
    }
  }

  #keep(text: string): void {
    this.#logged += text.length;
    if (this.#logged <= LOG_LIMIT && !this.#log.writableEnded) this.#log.write(`${Date.now()} ${text}`);
  }
}
