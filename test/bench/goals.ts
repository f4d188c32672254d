// Which of the figures that the project has set itself did this run reach? Told, never asserted: a busy machine misses them too. Pure.
import type { Beside } from "./crowd.ts";
import type { Report } from "./report.ts";

export interface Goal {
  readonly name: string;
  /** The bound as it is read, e.g. `≥ 0.70`. */
  readonly bound: string;
  /** What was measured; NaN where it was not. */
  readonly figure: number;
  readonly met: boolean;
}

type Measured = Pick<Report, "ingest" | "delivery" | "cost"> & { readonly beside: Omit<Beside, "everything"> };

/** All goals with what this run says of them. */
export function goals({ ingest, delivery, cost, beside }: Measured): Goal[] {
  const load = (name: string) => delivery.find((one) => one.load.startsWith(name));
  const wait = (name: string) => load(name)?.ackToFirstByteMs.p50;
  const lost = [...ingest, ...delivery, beside].reduce((sum, one) => sum + one.lost, 0);
  const repeats = delivery.reduce((sum, one) => sum + one.repeats, 0);
  const atHundred = cost.find((one) => one.load === HUNDRED)?.perEvent;
  const counted = (name: string) => (atHundred === undefined ? undefined : (atHundred[name] ?? 0));
  return [
    ...ingest.map((one) =>
      atLeast(`accepted : durable minimum, ${one.connections} connections`, 0.7, one.durableRatio),
    ),
    atLeast("delivered : durable minimum with a send, in a burst", 0.65, load("burst")?.sendRatio),
    atMost("ack to first byte p50, at half of that steadily, ms", 15, wait("steady")),
    atMost("ack to first byte p50, idle, ms", 6, wait("idle")),
    atMost("events lost", 0, lost),
    atMost("events that came twice", 0, repeats),
    atMost("D1 rows written for an event, at 100 a second", 3, counted("D1 rows written")),
    atMost("queue operations for an event, at 100 a second", 0, queueOperations(atHundred)),
    atMost("requests to the object for an event, at 100 a second", 2, counted("Durable Object requests")),
    atMost("rows in objects for an event, at 100 a second", 0.2, objectRows(atHundred)),
  ];
}

/** The load at which an event's cost has its goals. */
export const HUNDRED = "100 a second";

type Counts = Readonly<Record<string, number>> | undefined;

/** Each message is written, read and deleted. */
function queueOperations(counts: Counts): number | undefined {
  if (counts === undefined) return undefined;
  return (counts["queue messages written"] ?? 0) + 2 * (counts["queue messages read"] ?? 0);
}

function objectRows(counts: Counts): number | undefined {
  if (counts === undefined) return undefined;
  return (counts["Durable Object rows written"] ?? 0) + (counts["Feed rows written"] ?? 0);
}

function atLeast(name: string, bound: number, figure: number | null = Number.NaN): Goal {
  const value = figure ?? Number.NaN;
  return { name, bound: `≥ ${bound}`, figure: value, met: value >= bound };
}

function atMost(name: string, bound: number, figure: number = Number.NaN): Goal {
  return { name, bound: `≤ ${bound}`, figure, met: figure <= bound };
}
