// What the rules look at, and what they find. Types only. Times are in ms since 1970.
import type { SecretEnd } from "../config/configured.ts";
import type { Pulse, Wrong } from "../d1/wrong.ts";
import type { Silence } from "../feed/silence.ts";
import type { Recent } from "../feed/tallies.ts";

/** How much of a limit is used. */
export interface Limit {
  readonly meter: string;
  readonly used: number | null;
  readonly limit: number | null;
  readonly reached: boolean;
  /** The day, in UTC, on which it is reached if all goes on as in the last week; where that is known. */
  readonly fullOn: string | null;
  /** What still works where it is reached. */
  readonly says: string | null;
}

/** Everything that one look sees. What is `null` could not be looked at, or is not looked at this time. */
export interface Seen extends Wrong, Pick<Pulse, "overdue"> {
  readonly now: number;
  /** How late the sweep is. */
  readonly lateMs: number;
  readonly lately: readonly Recent[] | null;
  readonly gaps: readonly Silence[] | null;
  /** Names of all that are configured. */
  readonly sources: ReadonlySet<string>;
  readonly limits: readonly Limit[] | null;
  /** Old secrets that end within a week. */
  readonly ending: readonly SecretEnd[];
  readonly journal: { readonly waiting: number; readonly stuck: number } | null;
}

/** Something that is wrong, as a rule sees it. */
export interface Cause {
  readonly subject: string;
  readonly since: number;
  readonly count: number;
  /** For people and their transforms; nothing secret, and nothing of a body. */
  readonly context: Readonly<Record<string, string | number | null>>;
}
