// One JSON line per decision; the only file that may touch the console.
import { withoutUnseen } from "./bytes/unseen.ts";

/** Fields of a line. Values that could carry a secret (header values, bodies, secrets) have no place here. */
type Fields = Readonly<Record<string, unknown>>;

export interface Log {
  /** Something happened as it should. */
  info(event: string, fields: Fields): void;
  /** Somebody else's fault, or something that an operator may want to look at. */
  warn(event: string, fields: Fields): void;
  /** Our own fault: somebody should look. */
  error(event: string, fields: Fields): void;
}

/** In order of weight. */
export const LEVELS = ["info", "warn", "error"] as const;
export type Level = (typeof LEVELS)[number];

/**
 * Writes to the Workers log, where every line is searchable by field.
 *
 * @param wrote hears of each line that is written, by its length: they are billed
 * @param from lines of less weight are not written: thousands of accepted events a second are better read from D1
 * @param share of the events whose success is written, 0 to 1; whatever else happens always is
 */
export function openLog(from: Level, wrote: (characters: number) => void = () => {}, share = 1): Log {
  const writer = (level: Level, write: (line: string) => void) => (event: string, fields: Fields) => {
    if (LEVELS.indexOf(level) < LEVELS.indexOf(from)) return;
    const of = share < 1 && level === "info" ? (SUCCESSES.get(event)?.(fields) ?? null) : null;
    if (of !== null && !isSampled(of, share)) return;
    const line = lineOf({ level, event, ...fields, ...(of === null ? {} : { sampled: share }) });
    write(line);
    wrote(line.length);
  };
  return {
    info: writer("info", console.log),
    warn: writer("warn", console.warn),
    error: writer("error", console.error),
  };
}

/** Lines that tell of a success, each with the event that it is about; `null` where it tells of anything else. */
const SUCCESSES: ReadonlyMap<string, (fields: Fields) => string | null> = new Map([
  // A first attempt that did not succeed is told here too, beside the line of its own.
  ["ingest.accepted", ({ id, first = [] }: Fields) => (isAllDelivered(first) ? textOf(id) : null)],
  ["ingest.replied", ({ id }: Fields) => textOf(id)],
  ["delivery.attempted", ({ delivery }: Fields) => textOf(delivery)?.split(":")[0] ?? null],
]);

function isAllDelivered(first: unknown): boolean {
  return Array.isArray(first) && first.every((one: unknown) => stateOf(one) === "delivered");
}

function stateOf(one: unknown): unknown {
  return typeof one === "object" && one !== null && "state" in one ? one.state : null;
}

function textOf(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}

/** By the event's id, which is a hash: all lines of one event are there, or none. An id of another kind is there. */
function isSampled(id: string, share: number): boolean {
  const [tail] = /[0-9a-f]{8}$/.exec(id) ?? [];
  return tail === undefined || Number.parseInt(tail, 16) < share * 2 ** 32;
}

function lineOf(fields: Fields): string {
  // A stranger's word must neither forge a line nor hide one.
  return withoutUnseen(JSON.stringify(fields), (one) =>
    one
      .split("")
      .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`)
      .join(""),
  );
}
