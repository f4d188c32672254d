// A retry schedule as a sentence and as a line of time. Pure.
import { list, span } from "../words/words.ts";

/** @param waits between attempts, in seconds */
export function scheduleInWords(waits: readonly number[]): string {
  if (waits.length === 0) return "One attempt, at once; nothing is tried again.";
  const spoken = list(waits.map((wait) => span(wait * 1000)));
  const all = span(waits.reduce((sum, wait) => sum + wait, 0) * 1000);
  return `${waits.length + 1} attempts over ${all}: the first at once, the others ${spoken} after the one before, each wait ±20 %. A longer Retry-After counts instead, up to a day.`;
}

/** So narrow that its words can be read on a phone. */
const WIDTH = 420;
const EDGE = 12;
const UNITS = [
  [1, "1 s"],
  [60, "1 min"],
  [3_600, "1 h"],
  [86_400, "1 d"],
  [604_800, "7 d"],
] as const;

/** The attempts on a line on which each power of ten takes the same room: from the first seconds to the last days. */
export function Timeline({ waits }: { readonly waits: readonly number[] }) {
  let sum = 0;
  const times = [0, ...waits.map((wait) => (sum += wait))];
  const end = Math.log10(1 + Math.max(10, sum));
  const place = (seconds: number) => Math.round(EDGE + (Math.log10(1 + seconds) / end) * (WIDTH - 2 * EDGE));
  return (
    <svg class="timeline" viewBox={`0 0 ${WIDTH} 44`} aria-hidden="true">
      <path class="scale" d={`M${EDGE} 14H${WIDTH - EDGE}`} />
      {UNITS.filter(([seconds]) => seconds <= Math.max(10, sum)).map(([seconds, label]) => (
        <>
          <path class="scale" d={`M${place(seconds)} 22v6`} />
          <text x={place(seconds)} y="40" text-anchor="middle">
            {label}
          </text>
        </>
      ))}
      {times.map((time, n) => (
        <circle class={n === 0 ? "dot first" : "dot"} cx={place(time)} cy="14" r="4.5" />
      ))}
    </svg>
  );
}
