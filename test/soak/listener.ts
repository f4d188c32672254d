// Whoever listens to the tunnel of the soak: `hookline listen` as a process of its own, killed and started again like the relay.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Dice } from "../sim/dice.ts";
import type { Relay } from "./killed-relay.ts";
import { TUNNEL } from "./settings.ts";

const root = resolve(import.meta.dirname, "../..");

/** How long it may live, and how long nobody listens then, in ms. */
const LIFE_MS = [3_000, 12_000] as const;
const PAUSE_MS = [0, 2_000] as const;
/** One that ends by itself, because the relay is down as it starts, is started again after this long, in ms. */
const AGAIN_MS = 1_000;

export interface Listener {
  /** In ms since 1970. */
  readonly killedAt: readonly number[];
  stop(): Promise<void>;
}

/**
 * @param receiver where deliveries are posted on this machine, without a slash at the end
 * @param until when killing ends, in ms since 1970
 */
export function listen(relay: Relay, key: string, receiver: string, dice: Dice, until: number): Listener {
  const killedAt: number[] = [];
  const stopped = new AbortController();
  const rest = async (ms: number) => await sleep(ms, undefined, { signal: stopped.signal }).catch(() => {});
  const live = async (): Promise<void> => {
    const { url } = relay;
    if (url === null) return await rest(AGAIN_MS);
    const child = start(url, key, receiver);
    const gone = once(child, "exit");
    stopped.signal.addEventListener("abort", () => child.kill("SIGKILL"));
    const lasts = dice.whole(...LIFE_MS);
    if (Date.now() + lasts > until) {
      await gone;
      return await rest(AGAIN_MS);
    }
    const isKilled = await Promise.race([gone.then(() => false), rest(lasts).then(() => true)]);
    if (!isKilled) return await rest(AGAIN_MS);
    killedAt.push(Date.now());
    child.kill("SIGKILL");
    await gone;
    await rest(dice.whole(...PAUSE_MS));
  };
  const living = (async () => {
    while (!stopped.signal.aborted) await live();
  })();
  return {
    killedAt,
    async stop() {
      stopped.abort();
      await living;
    },
  };
}

function start(url: string, key: string, receiver: string): ChildProcess {
  const words = ["listen", new URL(receiver).port, "--destination", TUNNEL, "--forward-path", `/${TUNNEL}`, "--json"];
  return spawn(process.execPath, [join(root, "src/cli/hookline.ts"), ...words], {
    stdio: "ignore",
    env: { ...process.env, HOOKLINE_URL: url, HOOKLINE_KEY: key },
  });
}
