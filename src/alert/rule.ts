// The form of a rule, and the words that rules share. Pure.
import type { Cause, Seen } from "./seen.ts";

/** What to do about it: a command, and the page that has the button. */
interface Fix {
  readonly says: string;
  readonly command: string;
  readonly path: string;
}

/** One thing of which somebody is told. */
export interface Rule {
  readonly name: string;
  /** `critical`: events are late or not delivered, or soon will be. */
  readonly severity: "critical" | "warning";
  /** What its subject names. */
  readonly of: "destination" | "source" | "relay";
  /** When it is raised, as the docs say it. */
  readonly says: string;
  /** How long it must not have been seen before it is over, in ms. */
  readonly calmMs: number;
  /** Whether an open alert is not over although the rule sees no cause: what it would see may be forgotten. */
  readonly lasts?: (alert: { readonly subject: string; readonly since: number }, seen: Seen) => boolean;
  /** Nobody is told of it while one of these is open for the same subject: the cause is the same. */
  readonly within?: readonly string[];
  /** Everything that it sees now; `null` where it could not look. */
  readonly look: (seen: Seen) => readonly Cause[] | null;
  /** What is wrong, in one sentence without its end. */
  readonly title: (cause: Pick<Cause, "subject" | "count" | "context">) => string;
  readonly fix: (cause: Pick<Cause, "subject" | "context">) => Fix;
}

export const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;
/** Failures are looked at until so long after the last of them, in ms; then they are over, and forgotten. */
export const REMEMBERED_MS = 60 * MINUTE_MS;

/** `3 events`, `an event`. */
export function some(count: number, one: string, many: string): string {
  return count === 1 ? one : `${count} ${many}`;
}

/** A time in seconds as somebody says it. */
export function span(value: unknown): string {
  const s = Number(value);
  if (s < 120) return `${s} s`;
  if (s < 3_600) return `${Math.round(s / 60)} min`;
  return s < 172_800 ? `${Math.round(s / 3600)} h` : `${Math.round(s / 86_400)} d`;
}

export function seconds(ms: number): number {
  return Math.round(ms / 1000);
}
