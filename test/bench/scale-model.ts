// From what an event takes in D1 to how long a database lasts; pure.

/** What an event with a body of so many bytes takes in D1, in bytes. */
export interface Measured {
  readonly bytes: number;
  readonly stored: number;
}

/** Of an event whose body is gone: what is left where the body itself is taken away. Of the smallest body measured. */
export function metadataOf(all: readonly Measured[]): number {
  const [smallest] = all.toSorted((one, other) => one.bytes - other.bytes);
  return smallest === undefined ? 0 : smallest.stored - smallest.bytes;
}

/** Days until so many bytes are full. */
export function daysOf(stored: number, eventsADay: number, full: number): number {
  return full / (stored * eventsADay);
}

/** Bytes once events are kept for so many days. */
export function sizeAfter(stored: number, eventsADay: number, days: number): number {
  return stored * eventsADay * days;
}
