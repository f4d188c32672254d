// How long is a source silent at other times? From the minutes and hours in which it was heard. Pure.
import { MINUTE_MS } from "./tally.ts";

const DAY_MS = 24 * 60 * MINUTE_MS;
/** How far back is looked, in ms: two weekends are in it. */
export const LOOKED_BACK_MS = 14 * DAY_MS;
/** On so many days a source must have been heard, before anything can be said of what is usual. */
const DAYS = 3;
/** It may be silent for so many times as long as ever, and so much longer, in ms. */
const TIMES = 2;
const LONGER_MS = 30 * MINUTE_MS;

/** How long a source was silent at other times, and how long it may be before that is worth a word. Times are in ms. */
export interface Silence {
  readonly source: string;
  readonly heardAt: number;
  readonly usualMs: number;
  readonly mostMs: number;
}

/** @param heard when each of its minutes or hours began in which something came, by source, in the order of time */
export function silencesOf(heard: ReadonlyMap<string, readonly number[]>): Silence[] {
  return [...heard].flatMap(([source, times]) => {
    const heardAt = times.at(-1);
    const days = new Set(times.map((at) => Math.floor(at / DAY_MS)));
    if (heardAt === undefined || days.size < DAYS) return [];
    const usualMs = times.reduce((most, at, n) => Math.max(most, at - (times[n - 1] ?? at)), 0);
    return [{ source, heardAt, usualMs, mostMs: Math.max(usualMs * TIMES, usualMs + LONGER_MS) }];
  });
}
