// In which words is a run told, on a terminal and on the page alike? Pure.
import { grouped } from "../../src/cli/columns.ts";
import type { Report } from "./report.ts";

export type Line = readonly [name: string, value: string | number];

export interface Section {
  readonly title: string;
  readonly lines: readonly Line[];
}

/** One sentence for all of it. */
export function verdict({ ok, account, kills, drainedS }: Report): string {
  const events = `${grouped(account.acked)} events acknowledged`;
  if (ok)
    return `Nothing was lost: ${events} over ${kills} ${kills === 1 ? "kill" : "kills"}, ${duplicated(account.duplicates)}.`;
  if (account.acked === 0) return "Nothing was proven: no event was acknowledged.";
  if (kills === 0) return "Nothing was proven: the time was too short for a kill.";
  if (drainedS === null) return `Not everything ended: ${events}, and deliveries are still open.`;
  const wrong = account.findings.reduce((total, { count }) => total + count, 0);
  return `Something is wrong: ${events}, ${grouped(wrong)} findings.`;
}

function duplicated(duplicates: Readonly<Record<string, number>>): string {
  const count = sum(duplicates);
  return count === 0 ? "no duplicate" : `${grouped(count)} duplicates, each of them explained`;
}

export function sum(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((total, n) => total + n, 0);
}

export function sections(report: Report): Section[] {
  const { account, requests, errors } = report;
  return [
    { title: "In", lines: incoming(report) },
    {
      title: "Out",
      lines: [
        ["deliveries", account.deliveries],
        ["delivered", account.delivered],
        ...Object.entries(account.failed).map(([why, n]): Line => [`failed ${why}`, n]),
        ["requests at receivers", account.requests],
      ],
    },
    {
      title: "Heard again after a 2xx (duplicates)",
      lines: [
        ...Object.entries(account.duplicates),
        ["in all", sum(account.duplicates)],
        ["longest from such a 2xx to the kill", seconds(account.longestHiddenMs / 1_000)],
      ],
    },
    { title: "Tried again", lines: Object.entries(account.retries) },
    {
      title: "Time",
      lines: [
        ["kills", report.kills],
        ["of those, while it was starting", report.killsInStart],
        ["restarts", report.restarts],
        ["slowest recovery, kill to listening", seconds(report.slowestRestartS)],
        ["2xx to end of delivery, p50", seconds(report.ackToEndS.p50)],
        ["2xx to end of delivery, p99", seconds(report.ackToEndS.p99)],
        ["2xx to end of delivery, slowest", seconds(report.ackToEndS.slowest)],
        ["last kill until nothing was open", report.drainedS === null ? "never" : seconds(report.drainedS)],
      ],
    },
    {
      title: "Requests of senders",
      lines: [
        ...Object.entries(requests.statuses).map(([status, n]): Line => [`answered ${status}`, n]),
        ["connection broken before an answer", requests.broken],
        ["nobody listening", requests.unreachable],
        ...(requests.skipped > 0 ? [["not begun: too many open", requests.skipped] satisfies Line] : []),
      ],
    },
    ...(sum(errors) > 0 ? [{ title: "The relay's log at level error", lines: Object.entries(errors) }] : []),
  ];
}

function incoming({ account }: Report): Line[] {
  return [
    ["events acknowledged", account.acked],
    ["of those, sent once more", account.repeated],
    ["never acknowledged, not kept", account.unackedGone],
    ["never acknowledged, kept and delivered all the same", account.unackedKept],
    ["forged", account.forged],
    ...Object.entries(account.forgedAnswers).map(([status, n]): Line => [`of those, answered ${status}`, n]),
    ["of those, while nobody was there to answer", account.forged - sum(account.forgedAnswers)],
  ];
}

export function seconds(value: number): string {
  return `${value.toFixed(value < 10 ? 2 : 1)} s`;
}
