// How long is a source silent at other times? From the minutes and hours in which it was heard. Pure.
import { MINUTE_MS } from "./tally.ts";

const DAY_MS = 24 * 60 * MINUTE_MS;
/** How far back from its last event is looked, in ms: two whole weekends are in it, wherever it ends. */
const USUAL_MS = 17 * DAY_MS;
/** For so long a source must have been heard before anything can be said of what is usual: a weekend is in it. */
const LEAST_MS = 7 * DAY_MS;
/** On so many days it must have been heard then. */
const DAYS = 3;
/** It may be silent for so many times as long as was usual, and so much longer, in ms. */
const TIMES = 2;
const LONGER_MS = 30 * MINUTE_MS;

/** How long a source was silent at other times, and how long it may be before that is worth a word. Times are in ms. */
export interface Silence {
  readonly source: string;
  readonly heardAt: number;
  readonly usualMs: number;
  readonly mostMs: number;
}

/**
 * Of two weeks and more, the longest silence but one is what is usual: a weekend comes twice, and one outage does not
 * make the next one usual. Of less, it is the longest.
 *
 * @param heard when each of its minutes or hours began in which something came, by source, in the order of time
 */
export function silencesOf(heard: ReadonlyMap<string, readonly number[]>): Silence[] {
  return [...heard].flatMap(([source, all]) => {
    const heardAt = all.at(-1);
    if (heardAt === undefined) return [];
    const times = all.filter((at) => at > heardAt - USUAL_MS);
    const knownMs = heardAt - (times[0] ?? heardAt);
    const days = new Set(times.map((at) => Math.floor(at / DAY_MS)));
    if (knownMs < LEAST_MS || days.size < DAYS) return [];
    const gaps = times.map((at, n) => at - (times[n - 1] ?? at)).toSorted((a, b) => b - a);
    const usualMs = gaps[knownMs > USUAL_MS - DAY_MS ? 1 : 0] ?? 0;
    return [{ source, heardAt, usualMs, mostMs: Math.max(usualMs * TIMES, usualMs + LONGER_MS) }];
  });
}
