// Many requests at a steady rate, and how the relay took them.
import { setTimeout as sleep } from "node:timers/promises";
import type { Posted } from "./post.ts";

/** How a relay took a burst. Times in ms. */
export interface Summary {
  readonly sent: number;
  readonly accepted: number;
  readonly refused: Readonly<Record<string, number>>;
  readonly unanswered: number;
  readonly seconds: number;
  readonly p50_ms: number;
  readonly p95_ms: number;
  readonly p99_ms: number;
}

/** Requests that may be under way at once: a relay that hangs must not fill this machine's memory. */
const MOST_OPEN = 500;

/**
 * Sends `perSecond` requests a second for `ms`, whether or not earlier ones were answered.
 *
 * @param one makes and sends the request of this number
 * @param tell hears each second how far it has come
 */
export async function burst(
  perSecond: number,
  ms: number,
  one: (n: number) => Promise<Posted>,
  tell: (sent: number, accepted: number) => void,
): Promise<Summary> {
  const total = Math.max(1, Math.round((perSecond * ms) / 1000));
  const begun = performance.now();
  const ended: Posted[] = [];
  const open = new Set<Promise<unknown>>();
  let told = begun;
  for (let n = 0; n < total; n += 1) {
    const due = begun + (n * 1000) / perSecond;
    if (due > performance.now()) await sleep(due - performance.now());
    while (open.size >= MOST_OPEN) await Promise.race(open);
    const sending = one(n);
    const noted = async () => {
      ended.push(await sending);
      open.delete(sending);
    };
    void noted();
    open.add(sending);
    if (performance.now() - told > 1000) {
      told = performance.now();
      tell(n + 1, ended.filter(isAccepted).length);
    }
  }
  await Promise.all(open);
  return summaryOf(ended, (performance.now() - begun) / 1000);
}

const isAccepted = ({ status }: Posted) => status >= 200 && status < 300;

function summaryOf(ended: readonly Posted[], seconds: number): Summary {
  const times = ended.map(({ ms }) => ms).toSorted((a, b) => a - b);
  const at = (share: number) =>
    Math.round((times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? 0) * 10) / 10;
  const refused: Record<string, number> = {};
  for (const { status } of ended)
    if (status !== 0 && (status < 200 || status >= 300)) refused[status] = (refused[status] ?? 0) + 1;
  return {
    sent: ended.length,
    accepted: ended.filter(isAccepted).length,
    refused,
    unanswered: ended.filter(({ status }) => status === 0).length,
    seconds: Math.round(seconds * 10) / 10,
    p50_ms: at(0.5),
    p95_ms: at(0.95),
    p99_ms: at(0.99),
  };
}
