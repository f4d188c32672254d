// How long something of an event is kept, and what is said of a body that is gone. Pure.

/**
 * One time after which something of some sources' events goes. `sources` are those that it is for, or with `except` all
 * others, those that are no longer configured among them.
 */
export interface Keeping {
  readonly of: "events" | "bodies";
  readonly ms: number;
  readonly sources: readonly string[];
  readonly except: boolean;
}

/** How long that is of one source's, in ms; `null` for bodies that go with their events. */
export function keptFor(keepings: readonly Keeping[], of: Keeping["of"], source: string): number | null {
  return keepings.find((one) => one.of === of && one.sources.includes(source) !== one.except)?.ms ?? null;
}

/** Why an event has no body any more: as it stands in its row, as JSON. */
export type Gone = { readonly at: number } & (
  | { readonly why: "retention"; readonly after: number }
  | { readonly why: "deleted" }
);

export function readGone(json: string | null | undefined): Gone | null {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the relay's own statements wrote it
  return json === null || json === undefined ? null : (JSON.parse(json) as Gone);
}

const HOUR_MS = 3_600_000;

/** The same in a sentence, about `the body of …`. */
export function goneWords(gone: Gone): string {
  const on = new Date(gone.at).toISOString().slice(0, 10);
  if (gone.why === "deleted") return `was deleted by an operator on ${on}`;
  const [count, unit] =
    gone.after % (24 * HOUR_MS) === 0 ? [gone.after / (24 * HOUR_MS), "day"] : [gone.after / HOUR_MS, "hour"];
  return `was deleted on ${on}, after its retention of ${count} ${unit}${count === 1 ? "" : "s"}`;
}
