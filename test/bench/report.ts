// The numbers of one run, and how they are told to a reader.
import { type BundleSize, bundleLimit } from "./bundle.ts";
import type { Cost } from "./cost.ts";
import type { DeliverySpeed } from "./delivery.ts";
import type { HistoryCost } from "./history.ts";
import type { IngestSpeed } from "./ingest.ts";
import type { Conditions } from "./machine.ts";
import type { Spread } from "./statistics.ts";
import type { VerifySpeed } from "./verify.ts";

export interface Report {
  readonly conditions: Conditions & { readonly seconds: number; readonly rounds: number };
  readonly generator: { readonly perSecond: number };
  readonly ingest: readonly IngestSpeed[];
  readonly delivery: readonly DeliverySpeed[];
  readonly cost: readonly Cost[];
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
    cost(report),
    history(report.history),
    verify(report),
    bundle(report),
  ].join("");
}

function machine({ conditions: { versions, ...rest } }: Report): string {
  const software = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return lines(`Hookline bench, ${rest.date}`, [
    `${rest.cores} cores (${rest.cpu}), ${rest.system}, load ${rest.load.toFixed(1)}; ${software.join(", ")}`,
    `everything on this one machine; medians of ${rest.rounds} rounds of ${rest.seconds} s that take turns`,
  ]);
}

function ingest({ ingest: speeds, generator }: Report): string {
  const rows = speeds.map((one) => [
    one.connections,
    round(one.accepted),
    round(one.noop),
    round(one.hop),
    one.ratio.toFixed(2),
    percentiles(one.latencyMs),
    percentiles(one.noopLatencyMs),
    round(one.drainMs),
    one.lost,
    said(one.others),
  ]);
  const busy = Math.max(...speeds.map((one) => one.generatorBusy));
  return lines("Ingest: signed GitHub events of 1 KB, each one new, one source without a route", [
    ...grid(
      [
        "connections",
        "accepted/s",
        "no-op Hono route/s",
        "with one RPC/s",
        "accepted : no-op",
        "p50/p99 ms",
        "no-op p50/p99 ms",
        "in D1 after ms",
        "lost",
        "other answers",
      ],
      rows,
    ),
    `the generator reaches ${round(generator.perSecond)}/s against a socket that only answers, and used ${round(busy * 100)} % of a core at most`,
  ]);
}

function delivery({ delivery: speeds }: Report): string {
  const rows = speeds.map((one) => [
    one.load,
    one.accepted,
    round(one.deliveredPerSecond),
    percentiles(one.ackToFirstByteMs),
    one.lost,
    one.repeats,
    said(one.others),
  ]);
  return lines("Delivery: the same events, routed to one receiver on this machine", [
    ...grid(
      ["load", "accepted", "delivered/s", "ack to first byte p50/p99 ms", "lost", "repeats", "other answers"],
      rows,
    ),
  ]);
}

function cost({ cost: costs }: Report): string {
  const names = [...new Set(costs.flatMap(({ perEvent }) => Object.keys(perEvent)))].toSorted();
  const rows = names.map((name) => [name].concat(costs.map(({ perEvent }) => (perEvent[name] ?? 0).toFixed(2))));
  return lines(
    "Cost per event that is delivered at the first try, one destination (counted)",
    grid(["", ...costs.map(({ load }) => load)], rows),
  );
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
    "Verify: operations per second, 1 KB",
    grid(["provider", "where", "hookline", "official", "library"], rows),
  );
}

function bundle({ bundle: { bytes, gzipBytes } }: Report): string {
  return lines("Bundle", [
    `${kilobytes(gzipBytes)} after gzip (limit ${kilobytes(bundleLimit)}), ${kilobytes(bytes)} before`,
  ]);
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
