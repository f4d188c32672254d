// Is anything still open? Asks the relay's own API, the way an operator would, and triggers nothing.
import { setTimeout as sleep } from "node:timers/promises";
import * as z from "zod";
import type { Relay } from "./killed-relay.ts";

const list = z.object({ deliveries: z.array(z.unknown()) });
const health = z.object({ intake: z.object({ waiting: z.number(), stuck: z.number(), seen_at: z.string() }) });

/** Between two looks, in ms. */
const PAUSE_MS = 1_000;

/**
 * Resolves with `true` once nothing is open, with `false` when time is up.
 *
 * @param until ms since 1970
 */
export async function calm(relay: Relay, token: string, until: number, stopped: AbortSignal): Promise<boolean> {
  const since = Date.now();
  while (Date.now() < until && !stopped.aborted) {
    if (await nothingOpen(relay, token, since).catch(() => false)) return true;
    await sleep(PAUSE_MS);
  }
  return false;
}

/** @param since what the relay has seen before that does not count, in ms since 1970 */
async function nothingOpen({ url }: Relay, token: string, since: number): Promise<boolean> {
  const ask = async (path: string): Promise<unknown> => {
    const headers = { authorization: `Bearer ${token}` };
    const response = await fetch(`${url}${path}`, { headers, signal: AbortSignal.timeout(10_000) });
    return await response.json();
  };
  const { intake } = health.parse(await ask("/health"));
  if (intake.waiting > 0 || intake.stuck > 0 || Date.parse(intake.seen_at) < since) return false;
  for (const state of ["delivering", "pending", "held"]) {
    if (list.parse(await ask(`/api/deliveries?state=${state}&limit=1`)).deliveries.length > 0) return false;
  }
  return true;
}
