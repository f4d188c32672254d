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
 */
export function openLog(from: Level, wrote: (characters: number) => void = () => {}): Log {
  const writer = (level: Level, write: (line: string) => void) => (event: string, fields: Fields) => {
    if (LEVELS.indexOf(level) < LEVELS.indexOf(from)) return;
    const line = lineOf({ level, event, ...fields });
    write(line);
    wrote(line.length);
  };
  return {
    info: writer("info", console.log),
    warn: writer("warn", console.warn),
    error: writer("error", console.error),
  };
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
