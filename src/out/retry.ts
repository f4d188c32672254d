// When is the next attempt due? Schedules, jitter and Retry-After, with clock and dice as arguments; touches nothing.

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/**
 * Waits before the second, third … attempt, in milliseconds.
 * `standard` is the curve that the Standard Webhooks specification recommends (ten attempts over 75 hours);
 * `quick` is for receivers that would rather lose an event than hear of it late.
 */
export const PRESETS = {
  standard: [5 * SECOND, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, 14 * HOUR, 20 * HOUR, 24 * HOUR],
  quick: [5 * SECOND, 15 * SECOND, 30 * SECOND],
} as const satisfies Record<string, readonly number[]>;

/** Deliveries that failed together must not come back together. */
const JITTER = 0.2;

/** The longest that a Retry-After may put a delivery off: the longest step of the standard schedule. */
export const RETRY_AFTER_LIMIT_MS = DAY;

export interface Turn {
  /** Waits between attempts, in milliseconds. */
  readonly schedule: readonly number[];
  /** Attempts that were begun, the last one included: at least 1. */
  readonly attemptsMade: number;
  readonly now: number;
  /** A number of [0, 1). */
  readonly dice: () => number;
  /** What the receiver asked for, from `parseRetryAfter`. */
  readonly retryAfterMs: number | null;
}

/**
 * When the next attempt is due, in milliseconds since 1970, or `null` where the schedule has ended. Retry-After can
 * put it off, up to `RETRY_AFTER_LIMIT_MS`, and never brings it forward: a receiver that answers `0` to everything
 * would otherwise spend the whole schedule in a second.
 */
export function nextDue({ schedule, attemptsMade, now, dice, retryAfterMs }: Turn): number | null {
  const base = schedule[attemptsMade - 1];
  if (base === undefined) return null;
  const asked = Math.min(retryAfterMs ?? 0, RETRY_AFTER_LIMIT_MS);
  return now + Math.max(jittered(base, dice()), asked);
}

/** A wait of ±20 %, in whole milliseconds: 0 is the shortest roll, and just below 1 the longest. */
export function jittered(baseMs: number, roll: number): number {
  return Math.round(baseMs * (1 - JITTER + 2 * JITTER * roll));
}

const DELTA_SECONDS = /^\d+$/;
/** IMF-fixdate, and the two obsolete forms that a recipient must still accept (RFC 9110, 5.6.7). */
const HTTP_DATES = [
  /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/,
  /^[A-Z][a-z]{5,8}, \d{2}-[A-Z][a-z]{2}-\d{2} \d{2}:\d{2}:\d{2} GMT$/,
  /^[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d{2}:\d{2}:\d{2} \d{4}$/,
];

/**
 * Retry-After as a wait in milliseconds, from 0 to `RETRY_AFTER_LIMIT_MS`: seconds, or a date, which may be past.
 * `null` for a missing header and for anything else (RFC 9110, 10.2.3).
 */
export function parseRetryAfter(text: string | null, now: number): number | null {
  if (text === null) return null;
  const wait = DELTA_SECONDS.test(text) ? Number(text) * SECOND : parseHttpDate(text) - now;
  return Number.isNaN(wait) ? null : Math.min(Math.max(wait, 0), RETRY_AFTER_LIMIT_MS);
}

function parseHttpDate(text: string): number {
  if (!HTTP_DATES.some((form) => form.test(text))) return Number.NaN;
  // asctime names no zone and means UTC; left alone, the parser would take the machine's.
  // oxlint-disable-next-line no-restricted-globals -- reads a text, not the clock
  return Date.parse(text.endsWith("GMT") ? text : `${text} GMT`);
}
