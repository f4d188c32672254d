// Lines over a few positions, as an SVG that reads well on light and dark pages; pure.

interface Line {
  readonly name: string;
  /** One for each position. */
  readonly values: readonly number[];
  /** One of the colours below, by its number. */
  readonly colour: 0 | 1 | 2 | 3;
}

export interface Panel {
  readonly title: string;
  readonly lines: readonly Line[];
  /** Where they are not those of the other panels. */
  readonly positions?: readonly number[];
}

/** Of the whole picture, and what an axis leaves free, in pixels. */
const [PANEL, HEIGHT, LEFT, RIGHT, TOP, BOTTOM] = [480, 340, 62, 28, 44, 96];

const STYLE = `
    text { font-size: 12px; fill: #4a5868; } .title { font-size: 14px; font-weight: 650; fill: #14202e; }
    .grid { stroke: #d7dee6; stroke-width: 1; } .line { fill: none; stroke-width: 2; }
    .c0 { stroke: #3b6ea8; } .c1 { stroke: #2c8a57; } .c2 { stroke: #b3661e; } .c3 { stroke: #8a4f9e; }
    @media (prefers-color-scheme: dark) {
      text { fill: #9fb0c2; } .title { fill: #e8eef5; } .grid { stroke: #33404e; }
      .c0 { stroke: #6fa8e6; } .c1 { stroke: #56c78a; } .c2 { stroke: #e39a55; } .c3 { stroke: #c48ad6; }
    }`;

/** The panels side by side, over the same positions unless one has its own. */
export function plot(title: string, positions: readonly number[], panels: readonly Panel[]): string {
  const width = PANEL * panels.length;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${HEIGHT}" font-family="ui-sans-serif, system-ui, sans-serif" role="img" aria-labelledby="t">
  <title id="t">${title}</title>
  <style>${STYLE}
  </style>
${panels.map((panel, n) => drawn(panel, panel.positions ?? positions, n * PANEL)).join("\n")}
</svg>
`;
}

function drawn({ title, lines }: Panel, positions: readonly number[], left: number): string {
  const most = step(Math.max(...lines.flatMap(({ values }) => values)) / 4) * 4;
  const x = (n: number) => left + LEFT + (n / (positions.length - 1)) * (PANEL - LEFT - RIGHT);
  const y = (value: number) => HEIGHT - BOTTOM - (value / most) * (HEIGHT - TOP - BOTTOM);
  const parts = [`<text class="title" x="${left + LEFT}" y="24">${title}</text>`];
  for (let n = 0; n <= 4; n += 1) {
    const value = (most / 4) * n;
    parts.push(`<line class="grid" x1="${x(0)}" x2="${x(positions.length - 1)}" y1="${y(value)}" y2="${y(value)}"/>`);
    parts.push(
      `<text x="${x(0) - 8}" y="${y(value) + 4}" text-anchor="end">${value.toLocaleString("en", { useGrouping: true })}</text>`,
    );
  }
  for (const [n, position] of positions.entries())
    parts.push(`<text x="${x(n)}" y="${HEIGHT - BOTTOM + 20}" text-anchor="middle">${position}</text>`);
  for (const [n, { name, values, colour }] of lines.entries()) {
    const points = values.map((value, at) => `${x(at).toFixed(1)},${y(value).toFixed(1)}`).join(" ");
    const key = { x: left + LEFT + (n % 2) * 190, y: HEIGHT - 44 + Math.floor(n / 2) * 22 };
    parts.push(
      `<polyline class="line c${colour}" points="${points}"/>`,
      `<line class="line c${colour}" x1="${key.x}" x2="${key.x + 22}" y1="${key.y}" y2="${key.y}"/>`,
      `<text x="${key.x + 30}" y="${key.y + 4}">${name}</text>`,
    );
  }
  return parts.map((part) => `  ${part}`).join("\n");
}

/** The next of 1, 2, 2.5 and 5 times a power of ten. */
function step(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least));
  return ([1, 2, 2.5, 5].find((times) => times * power >= least) ?? 10) * power;
}
