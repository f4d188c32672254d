// The killer: lets the relay live for a few seconds, kills it, starts it again, until the time is up. The last life is left alone.
import { setTimeout as sleep } from "node:timers/promises";
import type { Dice } from "../sim/dice.ts";
import type { Relay } from "./killed-relay.ts";

/** How long a relay that listens may live, in ms. */
const LIFE_MS = [2_000, 8_000] as const;
/** One start in so many is killed before it is through, after up to this long, in ms: recovery must stand it too. */
const IN_START = 1 / 8;
const START_MS = 1_500;
/** Starts in a row that fail by themselves before there is no point in going on. */
const GIVE_UP = 3;

/**
 * Takes a relay that runs; resolves with one that runs and is not to be killed any more.
 *
 * @param until ms since 1970
 * @throws when the relay does not start
 */
export async function chaos(relay: Relay, dice: Dice, until: number, stopped: AbortSignal): Promise<void> {
  const left = () => (stopped.aborted ? 0 : until - Date.now());
  while (left() > 0) {
    await sleep(Math.min(left(), dice.whole(...LIFE_MS)), undefined, { signal: stopped }).catch(() => {});
    if (left() <= 0) break;
    await relay.kill();
    while (dice.chance(IN_START) && left() > 0) {
      const starting = relay.start();
      await sleep(dice.whole(100, START_MS));
      await relay.kill();
      await starting;
    }
    await start(relay, stopped);
  }
}

/** @throws when the relay does not start */
export async function start(relay: Relay, stopped: AbortSignal): Promise<void> {
  for (let tries = 1; !stopped.aborted; tries += 1) {
    if (await relay.start()) return;
    if (tries === GIVE_UP && !stopped.aborted) throw new Error(`the relay did not start ${GIVE_UP} times in a row`);
  }
}
