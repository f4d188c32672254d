// One run as a picture: what the assistant reported, and each request to each of the five systems over time. Pure.
import { DOWN, type ServiceName, SERVICES, type Visit } from "./services.ts";

/** When a destination's breaker was open, in ms since the run began. */
export interface Open {
  readonly service: ServiceName;
  readonly from: number;
  readonly until: number;
}

export interface Run {
  /** When each report was answered with 200, in ms since the run began. */
  readonly accepted: readonly number[];
  readonly visits: readonly Visit[];
  readonly opens: readonly Open[];
}

/** Of the picture, a lane, and what stands left of it, in pixels. */
const [WIDTH, LANE, LEFT, RIGHT, TOP] = [960, 62, 190, 24, 62];

const SAYS: Readonly<Record<ServiceName, string>> = {
  crm: "upsert, down for a while",
  tickets: "create, one answer lost",
  chat: "at most one a second",
  context: "slow, two at a time",
  audit: "signed, byte for byte",
};

const STYLE = `
    text { font-size: 12px; fill: #4a5868; } .name { font-size: 14px; font-weight: 650; fill: #14202e; }
    .grid { stroke: #d7dee6; } .down { fill: #c0392b; opacity: 0.1; } .open { fill: #b3661e; }
    .in { fill: #3b6ea8; } .ok { fill: #2c8a57; } .no { fill: #c0392b; }
    @media (prefers-color-scheme: dark) {
      text { fill: #9fb0c2; } .name { fill: #e8eef5; } .grid { stroke: #33404e; } .down { opacity: 0.25; } .open { fill: #e39a55; }
      .in { fill: #6fa8e6; } .ok { fill: #56c78a; } .no { fill: #ff8a7a; }
    }`;

/** The top of a lane. */
const y = (lane: number) => TOP + lane * LANE;

/** The run as SVG, for light and dark pages. */
export function picture({ accepted, visits, opens }: Run): string {
  const last = Math.max(...accepted, ...visits.map(({ ended }) => ended));
  const span = Math.ceil((last + 500) / 1000) * 1000;
  const x = (ms: number) => Number((LEFT + (ms / span) * (WIDTH - LEFT - RIGHT)).toFixed(1));
  const lanes = SERVICES.length + 1;
  const height = y(lanes) + 52;
  const step = span > 24_000 ? 4_000 : 2_000;
  const parts: string[] = [];
  for (let ms = 0; ms <= span; ms += step)
    parts.push(
      `<line class="grid" x1="${x(ms)}" x2="${x(ms)}" y1="${y(0) - 12}" y2="${y(lanes) - 12}"/>`,
      `<text x="${x(ms)}" y="${y(lanes) + 6}" text-anchor="middle">${ms / 1000} s</text>`,
    );
  parts.push(...label("assistant", `${accepted.length} reports, each a 200`, y(0)));
  for (const ms of accepted) parts.push(`<circle class="in" cx="${x(ms)}" cy="${y(0) + 16}" r="4"/>`);
  for (const [n, service] of SERVICES.entries()) {
    const top = y(n + 1);
    parts.push(...label(service, SAYS[service], top));
    if (service === "crm")
      parts.push(
        `<rect class="down" x="${x(DOWN.from)}" y="${top - 6}" width="${x(DOWN.until) - x(DOWN.from)}" height="${LANE - 12}"/>`,
        `<text x="${x(DOWN.from) + 6}" y="${top + 8}">down</text>`,
      );
    for (const { from, until } of opens.filter((one) => one.service === service))
      parts.push(`<rect class="open" x="${x(from)}" y="${top + 36}" width="${x(until) - x(from)}" height="4" rx="2"/>`);
    for (const one of visits.filter((visit) => visit.service === service)) parts.push(drawn(one, x, top + 22));
  }
  parts.push(...key(height - 18));
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="ui-sans-serif, system-ui, sans-serif" role="img" aria-labelledby="t">
  <title id="t">A run of the support desk: every request to each of the five systems over ${span / 1000} seconds</title>
  <style>${STYLE}
  </style>
  <text class="name" x="${LEFT}" y="26">Each request, by the time it took</text>
${parts.map((part) => `  ${part}`).join("\n")}
</svg>
`;
}

function label(name: string, says: string, top: number): string[] {
  return [`<text class="name" x="16" y="${top + 12}">${name}</text>`, `<text x="16" y="${top + 30}">${says}</text>`];
}

/** A request as a bar as long as it took, or a dot where that was nothing. */
function drawn({ began, ended, status }: Visit, x: (ms: number) => number, middle: number): string {
  const style = status >= 200 && status < 300 ? "ok" : "no";
  const width = Math.max(x(ended) - x(began), 6);
  return `<rect class="${style}" x="${x(began) - 3}" y="${middle - 5}" width="${width}" height="10" rx="3" opacity="0.8"/>`;
}

function key(bottom: number): string[] {
  const entries = [
    ["in", "a report was accepted", 0],
    ["ok", "answered 2xx", 175],
    ["no", "failed", 300],
    ["open", "the breaker is open: one probe at a time", 385],
  ] as const;
  return entries.flatMap(([style, text, left]) => [
    `<rect class="${style}" x="${LEFT + left}" y="${bottom - 8}" width="10" height="10" rx="5"/>`,
    `<text x="${LEFT + left + 16}" y="${bottom + 1}">${text}</text>`,
  ]);
}
