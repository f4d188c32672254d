// How a time is written in answers. Pure.

/** ISO 8601 in UTC, with milliseconds. */
export function iso(time: number): string;
export function iso(time: number | null): string | null;
export function iso(time: number | null): string | null {
  return time === null ? null : new Date(time).toISOString();
}
