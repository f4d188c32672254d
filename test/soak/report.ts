// What one run of the soak came to: every figure, for the table, the page and the machine. Pure.
import type { Account } from "./account.ts";
import type { KeptEvent } from "./books.ts";
import type { Life } from "./killed-relay.ts";
import type { Sent, Tally } from "./senders.ts";
import { type Series, series, type Span } from "./series.ts";

interface Conditions {
  readonly date: string;
  readonly machine: string;
  readonly seed: number;
  /** Letters a second. */
  readonly rate: number;
  /** How long there was traffic and killing. */
  readonly chaosS: number;
}

export interface Report {
  readonly ok: boolean;
  readonly conditions: Conditions;
  readonly account: Account;
  readonly requests: {
    readonly unreachable: number;
    readonly broken: number;
    readonly skipped: number;
    readonly statuses: Readonly<Record<string, number>>;
  };
  readonly kills: number;
  /** Of those, before the relay listened. */
  readonly killsInStart: number;
  readonly restarts: number;
  /** From a kill until the relay listened again, the slowest, in s. */
  readonly slowestRestartS: number;
  /** From the 2xx to the end of a delivery, in s. */
  readonly ackToEndS: { readonly p50: number; readonly p99: number; readonly slowest: number };
  /** From the last kill until nothing was open, in s; `null` where something still was. */
  readonly drainedS: number | null;
  /** What the relay logged as its own fault, by the name of the line. */
  readonly errors: Readonly<Record<string, number>>;
  readonly series: Series;
}

export interface Run {
  readonly conditions: Conditions;
  readonly account: Account;
  readonly sent: readonly Sent[];
  readonly tally: Tally;
  readonly books: ReadonlyMap<string, KeptEvent>;
  readonly lives: readonly Life[];
  readonly errors: ReadonlyMap<string, number>;
  readonly span: Span;
  readonly drained: boolean;
}

export function report({ conditions, account, sent, tally, books, lives, errors, span, drained }: Run): Report {
  // The last life was ended by the soak itself, when all was over.
  const killed = lives.slice(0, -1);
  const waits = ackToEnd(sent, books);
  return {
    ok: account.findings.length === 0 && drained && account.acked > 0 && killed.length > 0,
    conditions,
    account,
    requests: {
      unreachable: tally.unreachable,
      broken: tally.broken,
      skipped: tally.skipped,
      statuses: Object.fromEntries([...tally.statuses].toSorted(([a], [b]) => a - b)),
    },
    kills: killed.length,
    killsInStart: killed.filter(({ listened }) => listened === null).length,
    restarts: lives.length - 1,
    slowestRestartS: slowestRestart(lives),
    ackToEndS: { p50: quantile(waits, 0.5), p99: quantile(waits, 0.99), slowest: quantile(waits, 1) },
    drainedS: drained ? Math.max(0, lastEnd(books) - (killed.at(-1)?.killed ?? span.calm)) / 1_000 : null,
    errors: Object.fromEntries(errors),
    series: series(span, sent, books, lives),
  };
}

/** In s, sorted. */
function ackToEnd(sent: readonly Sent[], books: ReadonlyMap<string, KeptEvent>): number[] {
  const waits: number[] = [];
  for (const { id, ackedAt } of sent) {
    const deliveries = books.get(id ?? "")?.deliveries.values() ?? [];
    for (const { endedAt } of deliveries) if (ackedAt !== null && endedAt !== null) waits.push(endedAt - ackedAt);
  }
  return waits.map((ms) => Math.max(0, ms) / 1_000).toSorted((a, b) => a - b);
}

function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0;
}

function slowestRestart(lives: readonly Life[]): number {
  let slowest = 0;
  let down: number | null = null;
  for (const { listened, killed } of lives) {
    if (listened !== null && down !== null) slowest = Math.max(slowest, listened - down);
    if (listened !== null) down = null;
    down ??= killed;
  }
  return slowest / 1_000;
}

function lastEnd(books: ReadonlyMap<string, KeptEvent>): number {
  let last = 0;
  for (const event of books.values())
    for (const { endedAt } of event.deliveries.values()) last = Math.max(last, endedAt ?? 0);
  return last;
}
