// The run as a picture: SVG that stretches, words beside it in HTML that do not. Pure.
import type { Series } from "./series.ts";

/** The drawing's own units; it is stretched to whatever there is. */
const WIDTH = 1_000;
const HEIGHT = 100;

interface Curve {
  readonly name: string;
  readonly colour: "in" | "out" | "open";
  readonly points: readonly number[];
  readonly filled?: true;
}

/** Two panels over one time: what came in and went out, and what was open. */
export function plot(series: Series): string {
  const { accepted, delivered, backlog } = series;
  return [
    panel("per second", series, [
      { name: "accepted", colour: "in", points: accepted },
      { name: "delivered", colour: "out", points: delivered },
    ]),
    panel("open deliveries", series, [{ name: "open", colour: "open", points: backlog, filled: true }]),
    times(series),
  ].join("\n");
}

function panel(title: string, series: Series, curves: readonly Curve[]): string {
  const top = ceiling(Math.max(1, ...curves.flatMap(({ points }) => points)));
  const paths = curves.map((curve) => path(curve, top)).join("");
  const legend = curves.map(({ name, colour }) => `<span class="key ${colour}">${name}</span>`).join("");
  return `<figure>
  <figcaption><b>${title}</b>${curves.length > 1 ? legend : ""}</figcaption>
  <div class="panel">
    <svg viewBox="0 0 ${WIDTH} ${HEIGHT}" preserveAspectRatio="none" role="img" aria-label="${title} over time">
      <path class="grid" d="M0 0H${WIDTH}M0 ${HEIGHT / 2}H${WIDTH}M0 ${HEIGHT}H${WIDTH}"/>
      ${marks(series)}${paths}
    </svg>
    <span class="scale" style="top:0">${label(top)}</span><span class="scale" style="top:50%">${label(top / 2)}</span>
  </div>
</figure>`;
}

/** A line for each kill, and where the calm began. */
function marks({ kills, calmS, ...series }: Series): string {
  const seconds = spanOf(series);
  const at = (second: number) => ((second / seconds) * WIDTH).toFixed(1);
  const lines = kills.map((second) => `M${at(second)} 0V${HEIGHT}`).join("");
  const calm = `<rect class="calm" x="${at(calmS)}" y="0" width="${WIDTH - Number(at(calmS))}" height="${HEIGHT}"/>`;
  return `${calm}<path class="kill" d="${lines}"/>`;
}

function path({ points, colour, filled }: Curve, top: number): string {
  const step = WIDTH / points.length;
  const at = points.map((value, n) => `${((n + 0.5) * step).toFixed(1)} ${(HEIGHT * (1 - value / top)).toFixed(1)}`);
  const [first = "0 0", last = "0 0"] = [at[0], at.at(-1)];
  const line = `M${at.join("L")}`;
  const area =
    filled === true
      ? `<path class="area ${colour}" d="${line}L${last.split(" ")[0]} ${HEIGHT}L${first.split(" ")[0]} ${HEIGHT}Z"/>`
      : "";
  return `${area}<path class="line ${colour}" d="${line}"/>`;
}

function times({ calmS, kills, ...series }: Series): string {
  const seconds = spanOf(series);
  const step = [5, 10, 20, 30, 60, 120, 300, 600, 1_800, 3_600, 7_200].find((one) => seconds / one <= 6) ?? 14_400;
  const ticks = Array.from({ length: Math.floor(seconds / step) + 1 }, (_, n) => n * step);
  const spans = ticks.map((second) => {
    const left = (second / seconds) * 100;
    return left > 94 ? "" : `<span style="left:${left.toFixed(2)}%">${clock(second)}</span>`;
  });
  const legend = `<span class="key kill">kill −9 (${kills.length})</span><span class="key calm">no more faults after ${clock(calmS)}</span>`;
  return `<div class="times">${spans.join("")}</div><p class="legend">${legend}</p>`;
}

function spanOf({ stepS, accepted }: Pick<Series, "stepS" | "accepted">): number {
  return stepS * accepted.length;
}

/** The next number that reads well as the top of a scale. */
function ceiling(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  return ([1, 1.5, 2, 3, 4, 5, 6, 8, 10].find((factor) => value <= factor * power) ?? 10) * power;
}

function label(value: number): string {
  return value.toLocaleString("en-GB");
}

const two = (n: number) => String(n).padStart(2, "0");

/** `2:05`, with hours where there are any. */
function clock(second: number): string {
  const whole = Math.round(second);
  const [hours, minutes] = [Math.floor(whole / 3_600), Math.floor(whole / 60) % 60];
  return hours === 0 ? `${minutes}:${two(whole % 60)}` : `${hours}:${two(minutes)}:${two(whole % 60)}`;
}
