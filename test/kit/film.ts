// What a command wrote to its terminal, and when, as a picture that moves: an SVG that plays wherever an image is shown.
import { on } from "node:events";
import type { Readable } from "node:stream";
import { stripVTControlCharacters } from "node:util";

/** A line of output, and when it was written, in ms after the beginning. */
export interface Shot {
  readonly at: number;
  readonly line: string;
}

/** A column and a line of 13 px text, in px. */
const [COLUMN, LINE] = [7.8, 18];
const MARGIN = 16;
/** A longer pause between two lines is shown as one of this many ms. */
const PAUSE_MS = 1_500;
/** How long the last picture stays, in ms, and how often all is played. */
const REST_MS = 8_000;
const PLAYS = 5;

/** A sequence that styles, or text up to the next one. */
// oxlint-disable-next-line no-control-regex -- such a sequence begins with a control character
const PIECE = /\u001B\[([\d;]*)m|([^\u001B]+)/g;

/** By the number of the SGR sequence (ECMA-48, 8.3.117). Colours that can be read on the ground. */
const STYLES: Readonly<Record<string, string>> = { 1: "b", 2: "d", 31: "r", 32: "g", 33: "y", 34: "u", 36: "c" };
const OFF: Readonly<Record<string, string>> = { 22: "bd", 39: "rgyuc" };

/** Notes each line that comes out of a process, from now on. */
export function record(from: Readable, since: number, shots: Shot[]): void {
  let rest = "";
  from.setEncoding("utf8");
  from.on("data", (text: string) => {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    shots.push(...lines.map((line) => ({ at: Date.now() - since, line: line.replace(/\r$/, "") })));
  });
}

/** Waits for a line that holds this. @throws where the output ends without one */
export async function seen(shots: readonly Shot[], wanted: string, from: Readable): Promise<void> {
  const isThere = () => shots.some(({ line }) => stripVTControlCharacters(line).includes(wanted));
  for await (const _ of on(from, "data", { close: ["end"] })) if (isThere()) return;
  if (!isThere()) throw new Error(`nothing said ${wanted}`);
}

/**
 * The SVG of a recording. Lines appear when they were written; above `rows` of them, the picture scrolls. Whoever asks
 * for less motion sees the end.
 *
 * @param says what there is to see, for those who cannot
 */
export function film(says: string, recorded: readonly Shot[], columns: number, rows: number): string {
  const shots = withoutPauses(recorded);
  const [width, height] = [columns * COLUMN + 2 * MARGIN, rows * LINE + 2 * MARGIN];
  const total = (shots.at(-1)?.at ?? 0) + REST_MS;
  const share = (at: number) => ((100 * at) / total).toFixed(2);
  const times = [...new Set(shots.map(({ at }) => at))];
  const appear = times.map(
    (at, n) => `@keyframes t${n}{0%{opacity:0}${share(at)}%{opacity:1}100%{opacity:1}}.t${n}{animation-name:t${n}}`,
  );
  const over = Math.max(0, shots.length - rows);
  const scrolls = shots.flatMap(({ at }, n) =>
    n < rows || shots[n + 1]?.at === at ? [] : [`${share(at)}%{transform:translateY(-${(n + 1 - rows) * LINE}px)}`],
  );
  const lines = shots.map(({ at, line }, n) => {
    const cut = spans(line, columns);
    return cut === "" ? "" : `<text class="l t${times.indexOf(at)}" y="${(n + 1) * LINE - 5}">${cut}</text>`;
  });
  const play = `animation-duration:${total}ms;animation-timing-function:step-end;animation-iteration-count:${PLAYS};animation-fill-mode:forwards`;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" xml:space="preserve" role="img" aria-label="${escaped(says)}">
<style>
text{font:13px ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;fill:#e6e6e6;white-space:pre}
.b{font-weight:700}.d{fill:#a3a9b3}.r{fill:#ff8f87}.g{fill:#7ee08a}.y{fill:#f2cc60}.u{fill:#8ab8ff}.c{fill:#7fdbe6}
.l,.s{${play}}
.s{transform:translateY(-${over * LINE}px);animation-name:s}
@keyframes s{0%{transform:none}${scrolls.join("")}100%{transform:translateY(-${over * LINE}px)}}
${appear.join("\n")}
@media (prefers-reduced-motion:reduce){.l,.s{animation:none}}
</style>
<rect width="${width}" height="${height}" rx="8" fill="#14171c"/>
<svg x="${MARGIN}" y="${MARGIN}" width="${columns * COLUMN}" height="${rows * LINE}"><g class="s">
${lines.filter((line) => line !== "").join("\n")}
</g></svg>
</svg>
`;
}

function withoutPauses(recorded: readonly Shot[]): Shot[] {
  let [before, cut] = [0, 0];
  return recorded.map(({ at, line }) => {
    cut += Math.max(0, at - before - PAUSE_MS);
    before = at;
    return { at: at - cut, line };
  });
}

/** A line in the styles that it was written in, cut at the edge. Each span is as wide as its characters. */
function spans(line: string, columns: number): string {
  let [style, column, made] = ["", 0, ""];
  for (const [, codes, text = ""] of line.matchAll(PIECE)) {
    if (codes !== undefined) {
      for (const code of codes.split(";")) style = styled(style, code);
      continue;
    }
    const shown = text.slice(0, columns - column);
    const [start, length] = [shown.length - shown.trimStart().length, shown.trim().length];
    if (length > 0) {
      const name = style === "" ? "" : ` class="${style.split("").join(" ")}"`;
      const x = ((column + start) * COLUMN).toFixed(1);
      made += `<tspan x="${x}" textLength="${(length * COLUMN).toFixed(1)}"${name}>${escaped(shown.trim())}</tspan>`;
    }
    column += shown.length;
  }
  return made;
}

function styled(style: string, code: string): string {
  const off = code === "" || code === "0" ? style : (OFF[code] ?? "");
  const kept = style.split("").filter((one) => !off.includes(one));
  return [...kept, STYLES[code] ?? ""].join("");
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
}
