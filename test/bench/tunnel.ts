// How soon does an event reach a server on somebody's machine through a tunnel and `hookline listen`? Beside the same way without one.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { resolve } from "node:path";
import { createInterface } from "node:readline";
import { randomBytes } from "node:crypto";
import type { Generator } from "./generator.ts";
import { type Relay, SOURCE, withRelay } from "./measured-relay.ts";
import type { Receiver } from "./receiver.ts";
import { type Spread, spread } from "./statistics.ts";

export interface TunnelSpeed {
  readonly perSecond: number;
  readonly accepted: number;
  readonly lost: number;
  /** From the end of the sender's answer to the first byte at the local server, in milliseconds, through a tunnel and without. */
  readonly ackToLocalMs: Spread;
  readonly directMs: Spread;
}

const PER_SECOND = 20;
/** What a lost bell leaves is rung again after 60 s. */
const patienceMs = 75_000;
const here = resolve(import.meta.dirname, "../..");

/** Events that come one by one, as to somebody who tries something. @param count of each way, after some to warm up */
export async function tunnelSpeed(receiver: Receiver, generator: Generator, count: number): Promise<TunnelSpeed> {
  const key = randomBytes(24).toString("hex");
  const more = {
    sources: { tunnelled: SOURCE },
    destinations: { desk: { tunnel: true } },
    routes: { desk: { from: "tunnelled", to: "desk" } },
  };
  const waits = async (relay: Relay, path: string, events: number) => {
    const plan = { port: relay.port, secret: relay.secret, path, connections: 1, seconds: events / PER_SECOND + 10 };
    const { accepted, acks } = await generator.run({ ...plan, count: events, rate: PER_SECOND });
    await receiver.complete(Object.keys(acks), patienceMs);
    const took = Object.entries(acks).flatMap(([id, ack]) => {
      const arrival = receiver.firsts.get(id);
      return arrival === undefined ? [] : [arrival - ack];
    });
    return { accepted, took };
  };
  const use = async (relay: Relay): Promise<TunnelSpeed> => {
    const listener = await listen(relay.url, key, new URL(receiver.url).port);
    try {
      for (const path of ["/in/tunnelled", "/in/github"]) await waits(relay, path, PER_SECOND);
      const through = await waits(relay, "/in/tunnelled", count);
      const direct = await waits(relay, "/in/github", count);
      return {
        perSecond: PER_SECOND,
        accepted: through.accepted,
        lost: through.accepted - through.took.length,
        ackToLocalMs: spread(through.took),
        directMs: spread(direct.took),
      };
    } finally {
      listener.kill("SIGKILL");
    }
  };
  return await withRelay("beside.ts", receiver.url, use, { secrets: { ADMIN_TOKEN: key }, more });
}

async function listen(url: string, key: string, port: string): Promise<ChildProcess> {
  const child = spawn(
    process.execPath,
    [resolve(here, "src/cli/hookline.ts"), "listen", port, "--destination", "desk"],
    {
      stdio: ["ignore", "ignore", "pipe"],
      env: { ...process.env, HOOKLINE_URL: url, HOOKLINE_KEY: key, NO_COLOR: "1" },
    },
  );
  const [said]: string[] = await once(createInterface({ input: child.stderr }), "line");
  if (said?.startsWith("listening") !== true) {
    child.kill("SIGKILL");
    throw new Error(`nobody listens: ${said}`);
  }
  return child;
}
