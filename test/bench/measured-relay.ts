// The relay as the bench runs it: one source that goes nowhere, one that goes to the receiver, state that is thrown away.
import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Json, type Local, runLocal } from "../../src/cli/local/local.ts";
import { type Usage, usageOf, workerds } from "./process.ts";
import { sender } from "./traffic.ts";

export interface Relay extends Local {
  readonly port: number;
  readonly secret: string;
  /** Resolves with the number of rows once `sql` (`SELECT count(*) AS n …`) says `expected`, or with what it said last. */
  counted(sql: string, expected: number, withinMs: number): Promise<number>;
  /** What its workerd has used so far; `null` where the system does not tell. */
  used(): Usage | null;
}

/** What the relays of one run keep. The run begins and ends with an empty one. */
export const stateRoot = resolve(import.meta.dirname, "../../.hookline/bench");

interface RelayOptions {
  readonly secrets?: Readonly<Record<string, string>>;
  readonly hanging?: readonly string[];
  /** Sources, destinations and routes beside those of every bench, and other vars. */
  readonly more?: More;
  /** Of another checkout, whose relay is measured. */
  readonly checkout?: string;
}

export interface More {
  readonly sources: Readonly<Record<string, Json>>;
  readonly destinations: Readonly<Record<string, Json>>;
  readonly routes: Readonly<Record<string, Json>>;
}

/** What every source of the bench is. */
export const SOURCE = { provider: "github", allow: [`${sender}/32`], secrets: ["GITHUB_SECRET"] };

/** This checkout. */
const here = resolve(import.meta.dirname, "../..");

/**
 * Gives `use` a relay that has just started, and stops it afterwards, come what may.
 *
 * @param entry a file in `test/bench/worker`
 * @param receiver where the events of the source `github` go; those of `quiet` are accepted and kept
 * @param options `hanging`: where those of the source `crowded` go as well as to the receiver
 */
export async function withRelay<T>(
  entry: string,
  receiver: string,
  use: (relay: Relay) => Promise<T>,
  options: RelayOptions = {},
): Promise<T> {
  const relay = await startRelay(entry, receiver, options);
  try {
    return await use(relay);
  } finally {
    await relay.stop();
  }
}

async function startRelay(
  entry: string,
  receiver: string,
  { secrets = {}, hanging = [], checkout = here, more }: RelayOptions,
): Promise<Relay> {
  const stateDir = await mkdtemp(resolve(stateRoot, "relay-"));
  const secret = randomBytes(24).toString("hex");
  const source = { provider: "github", allow: [`${sender}/32`] };
  const slow = Object.fromEntries(hanging.map((url, n) => [`hanging-${n}`, { url }] as const));
  const routes = ["receiver", ...Object.keys(slow)].map((to) => [`to-${to}`, { from: "crowded", to }] as const);
  const others = workerds();
  const local = await runLocal({
    main: resolve(checkout, "test/bench/worker", entry),
    configPath: resolve(checkout, "wrangler.toml"),
    vars: {
      SOURCES: { github: source, quiet: source, crowded: source, ...more?.sources },
      DESTINATIONS: { receiver: { url: receiver }, ...slow, ...more?.destinations },
      ROUTES: { all: { from: "github", to: "receiver" }, ...Object.fromEntries(routes), ...more?.routes },
      LOOPBACK_DESTINATIONS: "true",
      // A line for each event goes through a pipe to this process, which costs the Worker more than its own work.
      LOG_LEVEL: "warn",
    },
    secrets: {
      GITHUB_SECRET: secret,
      QUIET_SECRET: secret,
      CROWDED_SECRET: secret,
      SIGNING_KEY: randomBytes(32).toString("base64"),
      ...secrets,
    },
    port: 0,
    stateDir,
    onLog: ({ level, message }) => {
      if (level === "error") process.stderr.write(`${message}\n`);
    },
  });
  const pid = workerds().find((one) => !others.includes(one));
  return {
    ...local,
    used: () => usageOf(pid),
    port: Number(new URL(local.url).port),
    secret,
    async counted(sql, expected, withinMs) {
      const end = performance.now() + withinMs;
      for (;;) {
        const [row] = await local.query(sql);
        const n = Number(row?.["n"]);
        if (n === expected || performance.now() > end) return n;
        await sleep(25);
      }
    },
    async stop() {
      await local.stop();
      await rm(stateDir, { recursive: true, force: true });
    },
  };
}
