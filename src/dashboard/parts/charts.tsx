// Pictures of numbers that need no script: lines over time, and where a destination's latencies lie.
// SVG by attributes, so that the policy holds.
import type { DestinationAnswer } from "../../contract/operations.ts";
import { usd } from "../words/costs.ts";
import { number } from "../words/words.ts";

/** Numbers of each series at one time. */
type PointOf<Series extends string> = { readonly at: string } & Readonly<Record<Series, number>>;

const WIDTH = 600;
const HEIGHT = 120;

interface PlotProps<Series extends string> {
  readonly title: string;
  readonly series: readonly Series[];
  readonly points: readonly PointOf<Series>[];
  readonly totals: Readonly<Record<Series, number>>;
  /** What is counted; dollars may be a small part of one. */
  readonly unit?: "usd";
}

/** Lines over time with their sums. The script `overview.js` draws over the picture what `data-points` holds. */
export function Plot<Series extends string>({ title, series, points, totals, unit }: PlotProps<Series>) {
  const inWords = unit === "usd" ? usd : number;
  const most = Math.max(
    unit === "usd" ? 0.0001 : 1,
    ...points.flatMap((point) => series.map((name): number => point[name])),
  );
  const data = {
    at: points.map(({ at }) => Date.parse(at) / 1000),
    series: Object.fromEntries(series.map((name) => [name, points.map((point) => point[name])])),
  };
  return (
    <figure class="plot" data-points={JSON.stringify(data)} data-unit={unit}>
      <figcaption>
        <h2>
          {title} <span class="note" data-when="" />
        </h2>
        <dl class="legend">
          {series.map((name) => (
            <div class={`series ${name}`} data-series={name}>
              <dt>
                <svg viewBox="0 0 20 6" width="20" height="6" aria-hidden="true">
                  <path class="line" d="M0 3h20" />
                </svg>
                {name}
              </dt>
              <dd data-total={name}>{inWords(totals[name])}</dd>
            </div>
          ))}
        </dl>
      </figcaption>
      <div class="canvas rule">
        <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
          {series.toReversed().map((name) => (
            <g class={`series ${name}`}>
              <path class="line" d={line(points, name, most)} />
            </g>
          ))}
        </svg>
        <span class="most">{inWords(most)}</span>
      </div>
      <div class="ends" aria-hidden="true">
        <span>{clock(points[0]?.at)}</span>
        <span>{clock(points.at(-1)?.at)} UTC</span>
      </div>
    </figure>
  );
}

function line<Series extends string>(points: readonly PointOf<Series>[], name: Series, most: number): string {
  const step = WIDTH / Math.max(1, points.length - 1);
  const places = points.map(
    (point, n) => `${round(n * step)} ${round(HEIGHT - 2 - (point[name] / most) * (HEIGHT - 6))}`,
  );
  return places.length === 0 ? "" : `M${places.join("L")}`;
}

function clock(at: string | undefined): string {
  return at === undefined ? "" : `${at.slice(5, 10)} ${at.slice(11, 16)}`;
}

function round(n: number): number {
  return Math.round(n * 10) / 10;
}

type Latency = NonNullable<DestinationAnswer["window"]["latency"]>;

/** From 1 ms to 100 s, each power of ten as wide as the others. */
const DECADES = 5;
const LATENCY_WIDTH = 150;

/** p50, p95 and p99 of the latency, on a scale that all destinations share. */
export function LatencyRange({ latency }: { readonly latency: Latency | null }) {
  if (latency === null) return <span class="none">–</span>;
  const place = (ms: number) =>
    round(5 + Math.min(1, Math.max(0, Math.log10(Math.max(1, ms)) / DECADES)) * (LATENCY_WIDTH - 10));
  const [half, most, nearly] = [place(latency.p50_ms), place(latency.p95_ms), place(latency.p99_ms)];
  return (
    <svg class="latency" viewBox={`0 0 ${LATENCY_WIDTH} 16`} width={LATENCY_WIDTH} height="16" aria-hidden="true">
      <path class="scale" d={Array.from({ length: DECADES + 1 }, (_, n) => `M${place(10 ** n)} 2v12`).join("")} />
      <path class="range" d={`M${half} 8H${nearly}`} />
      <circle class="half" cx={half} cy="8" r="4" />
      <path class="most" d={`M${most} 3v10`} />
      <path class="nearly" d={`M${nearly} 5v6`} />
    </svg>
  );
}
