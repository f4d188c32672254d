// The numbers of one run, and how they are told to a reader.
import { type BundleSize, bundleLimit } from "./bundle.ts";
import type { Cost } from "./cost.ts";
import type { Beside, Crowd } from "./crowd.ts";
import type { DeliverySpeed } from "./delivery.ts";
import type { FeatureCost } from "./features.ts";
import { goals } from "./goals.ts";
import type { HistoryCost } from "./history.ts";
import type { IngestSpeed } from "./ingest.ts";
import type { Conditions } from "./machine.ts";
import type { Spread } from "./statistics.ts";
import type { TunnelSpeed } from "./tunnel.ts";
import type { VerifySpeed } from "./verify.ts";

export interface Report {
  readonly conditions: Conditions & { readonly seconds: number; readonly rounds: number };
  readonly generator: { readonly perSecond: number };
  readonly ingest: readonly IngestSpeed[];
  readonly delivery: readonly DeliverySpeed[];
  readonly beside: Beside;
  readonly crowd: Crowd;
  readonly tunnel?: TunnelSpeed;
  readonly cost: readonly Cost[];
  /** Empty in a quick run. */
  readonly features: readonly FeatureCost[];
  readonly history: readonly HistoryCost[];
  readonly verify: readonly VerifySpeed[];
  readonly bundle: BundleSize;
}

/** The whole report as text for a terminal. */
export function table(report: Report): string {
  return [
    machine(report),
    ingest(report),
    delivery(report),
    company(report),
    ...(report.tunnel === undefined ? [] : [tunnel(report.tunnel)]),
    cost(report),
    features(report.features),
    history(report.history),
    verify(report),
    bundle(report),
    goalsOf(report),
  ].join("");
}

function machine({ conditions: { versions, ...rest } }: Report): string {
  const software = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return lines(`Hookline bench, ${rest.date}`, [
    `${rest.cores} cores (${rest.cpu}), ${rest.system}, load ${rest.load.toFixed(1)}; ${software.join(", ")}`,
    `everything on this one machine; medians of ${rest.rounds} rounds of ${rest.seconds} s that take turns`,
    "what else runs on it shows in every rate: the ratios are of rounds that stood next to each other, and say more",
  ]);
}

function ingest({ ingest: speeds, generator }: Report): string {
  const loads = speeds.flatMap((one): (readonly Cell[])[] => {
    const width = one.connections;
    const { accepted: ours, durable: theirs } = one.cpuUs ?? { accepted: Number.NaN, durable: Number.NaN };
    return [
      [`no-op Hono route, ${width} connections`, round(one.noop), "", percentiles(one.noopLatencyMs), ""],
      [`one RPC to an object, ${width}`, round(one.hop), "", "", ""],
      [`durable minimum, ${width}`, round(one.durable), "1.00", percentiles(one.durableLatencyMs), round(theirs)],
      [
        `accepted, ${width}`,
        round(one.accepted),
        `${one.durableRatio.toFixed(2)} (${one.durableRatios.map((ratio) => ratio.toFixed(2)).join(" to ")})`,
        percentiles(one.latencyMs),
        round(ours),
      ],
      ...(one.before === null ? [] : [[`the other checkout, ${width}`, round(one.before), "", "", ""]]),
    ];
  });
  const busy = Math.max(...speeds.map((one) => one.generatorBusy));
  return lines("Ingest: signed GitHub events of 1 KB, each one new, one source without a route", [
    ...grid(["", "per second", "to the durable minimum", "p50/p99 ms", "CPU µs an event"], loads),
    ...speeds.flatMap((one) =>
      one.beforeRatio === null
        ? []
        : [`${one.connections} connections: to the other checkout ${one.beforeRatio.toFixed(2)}`],
    ),
    ...speeds.map(
      (one) =>
        `${one.connections} connections: accepted : no-op ${one.ratio.toFixed(2)}, in D1 after ${round(one.drainMs)} ms, lost ${one.lost}, other answers ${said(one.others)}`,
    ),
    `the generator reaches ${round(generator.perSecond)}/s against a socket that only answers, and used ${round(busy * 100)} % of a core at most`,
  ]);
}

function delivery({ delivery: speeds }: Report): string {
  const rows = speeds.map((one) => [
    one.load,
    one.accepted,
    round(one.deliveredPerSecond),
    one.minimumPerSecond === null ? "" : round(one.minimumPerSecond),
    one.sendRatio === null ? "" : one.sendRatio.toFixed(2),
    percentiles(one.ackToFirstByteMs),
    round(one.cpuUs ?? Number.NaN),
    one.lost,
    one.repeats,
    said(one.others),
  ]);
  const head = [
    "load",
    "accepted",
    "delivered/s",
    "durable minimum with a send/s",
    "ratio",
    "ack to first byte p50/p99 ms",
  ];
  return lines("Delivery: the same events, routed to one receiver on this machine", [
    ...grid([...head, "CPU µs an event", "lost", "repeats", "other answers"], rows),
    ...speeds.flatMap(({ beforePerSecond }) =>
      beforePerSecond === null ? [] : [`burst: the other checkout delivered ${round(beforePerSecond)}/s`],
    ),
  ]);
}

function company({ beside, crowd }: Report): string {
  const megabytes = (bytes: number) => `${round(bytes / 1e6)} MB`;
  const held = (memory: Crowd["memory"]) =>
    memory === null ? "memory not told" : `${megabytes(memory.before)} before, ${megabytes(memory.peak)} at most`;
  return lines("In company", [
    `one destination beside ${beside.hanging} that hang, ${beside.perSecond} events a second: ack to first byte p50/p99 ${percentiles(beside.ackToFirstByteMs)} ms, lost ${beside.lost} of ${beside.accepted}`,
    ...(beside.everything === null ? [] : [besideEverything(beside.everything, beside)]),
    `${round(crowd.connections)} connections at once: ${held(crowd.memory)} (durable minimum: ${held(crowd.minimumMemory)}); ${round(crowd.accepted)} accepted, p50/p99 ${percentiles(crowd.latencyMs)} ms, other answers ${said(crowd.others)}`,
  ]);
}

/** What a tunnel adds. */
export function tunnel({ perSecond, accepted, lost, ackToLocalMs, directMs }: TunnelSpeed): string {
  const ratio = ackToLocalMs.p50 / directMs.p50;
  return lines(
    `Tunnel: ${perSecond} events a second, one connection, through hookline listen to a server on this machine`,
    [
      `ack to first byte p50/p99 ${percentiles(ackToLocalMs)} ms, ${ratio.toFixed(1)} times that of the same events without a tunnel (${percentiles(directMs)} ms); lost ${lost} of ${accepted}`,
    ],
  );
}

function besideEverything(all: NonNullable<Beside["everything"]>, plain: Beside): string {
  const ratio = all.ackToFirstByteMs.p50 / plain.ackToFirstByteMs.p50;
  return `the same with when, transform, rate, concurrency, headers and Ed25519 at all of them: p50/p99 ${percentiles(all.ackToFirstByteMs)} ms, ${ratio.toFixed(2)} of it at p50, lost ${all.lost} of ${all.accepted}`;
}

function cost({ cost: costs }: Report): string {
  const names = [...new Set(costs.flatMap(({ perEvent }) => Object.keys(perEvent)))].toSorted();
  const rows = names.map((name) => [name].concat(costs.map(({ perEvent }) => (perEvent[name] ?? 0).toFixed(2))));
  return lines(
    "Cost per event that is delivered at the first try, one destination (counted)",
    grid(["", ...costs.map(({ load }) => load)], rows),
  );
}

/** What each feature adds. */
export function features(all: readonly FeatureCost[]): string {
  if (all.length === 0) return "";
  const rows = all.map((one) => [
    one.feature,
    one.d1RowsWritten.toFixed(2),
    one.d1RowsRead.toFixed(1),
    one.objectRequests.toFixed(2),
    one.objectRowsWritten.toFixed(2),
    one.queueOperations.toFixed(2),
    one.cpuRatio?.toFixed(2) ?? "not told",
    said(one.others),
  ]);
  const head = [
    "feature",
    "D1 written",
    "D1 read",
    "object requests",
    "object rows",
    "queue",
    "CPU to plain",
    "beside",
  ];
  return lines("Features: cost per event at 25 a second, one destination (counted)", grid(head, rows));
}

/** What each list costs in a short and in a long history. */
export function history(lists: readonly HistoryCost[]): string {
  const sizes = lists[0]?.sizes.map(({ events }) => round(events)) ?? [];
  const head = ["list", ...sizes.map((size) => `rows at ${size}`), "ratio", ...sizes.map((size) => `ms at ${size}`)];
  const rows = lists.map((one) => [
    one.list,
    ...one.sizes.map((size) => round(size.rows)),
    one.ratio.toFixed(2),
    ...one.sizes.map((size) => size.ms.toFixed(1)),
  ]);
  return lines("History: rows that D1 reads for a list, and how long it takes, by how many events there are", [
    ...grid(head, rows),
    "a preview counts what it finds, up to 20,000 deliveries: a short history has fewer",
  ]);
}

function verify({ verify: speeds }: Report): string {
  const rows = speeds.map((one) => [one.provider, one.where, round(one.hookline), round(one.official), one.library]);
  return lines(
    "Verify: operations per second, 1 KB; and one condition and one transform over a body of 1 KB",
    grid(["provider", "where", "hookline", "official", "library"], rows),
  );
}

function bundle({ bundle: { bytes, gzipBytes } }: Report): string {
  return lines("Bundle", [
    `${kilobytes(gzipBytes)} after gzip (limit ${kilobytes(bundleLimit)}), ${kilobytes(bytes)} before`,
  ]);
}

function goalsOf(report: Report): string {
  const rows = goals(report).map((one) => [
    one.name,
    one.bound,
    Number.isNaN(one.figure) ? "not measured" : String(Number(one.figure.toFixed(2))),
    one.met ? "met" : "missed",
  ]);
  return lines("Goals (told, never asserted)", grid(["", "goal", "this run", ""], rows));
}

function lines(title: string, body: readonly string[]): string {
  return `\n${title}\n${body.map((line) => `  ${line}\n`).join("")}`;
}

type Cell = string | number;

/** Columns as wide as their widest cell, numbers to the right. */
function grid(head: readonly string[], rows: readonly (readonly Cell[])[]): string[] {
  const all = [head, ...rows];
  const width = head.map((_, n) => Math.max(...all.map((row) => String(row[n] ?? "").length)));
  return all.map((row) =>
    row
      .map((cell, n) => {
        const text = String(cell);
        return n === 0 ? text.padEnd(width[n] ?? 0) : text.padStart(width[n] ?? 0);
      })
      .join("  ")
      .trimEnd(),
  );
}

function percentiles({ p50, p99 }: Spread): string {
  return `${p50.toFixed(1)} / ${p99.toFixed(1)}`;
}

function said(others: Readonly<Record<string, number>>): string {
  const list = Object.entries(others).map(([status, n]) => `${n} × ${status}`);
  return list.length === 0 ? "none" : list.join(", ");
}

function round(value: number): string {
  return Math.round(value).toLocaleString("en-GB");
}

function kilobytes(bytes: number): string {
  return `${(bytes / 1000).toFixed(1)} KB`;
}
