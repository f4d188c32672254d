// How a time is written in answers, and how long a day is. Pure.

export const DAY_MS = 86_400_000;

/** ISO 8601 in UTC, with milliseconds. */
export function iso(time: number): string;
export function iso(time: number | null): string | null;
export function iso(time: number | null): string | null {
  return time === null ? null : new Date(time).toISOString();
}

/** For people: `2026-12-31 00:00 UTC`, with seconds where it has any. */
export function inUtc(time: number): string {
  const [day = "", clock = ""] = iso(time).slice(0, 19).split("T");
  return `${day} ${clock.endsWith(":00") ? clock.slice(0, 5) : clock} UTC`;
}
