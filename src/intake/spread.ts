// Which object has an event, and has had it before: how isolates spread events over the objects. Touches nothing.
import { fnv1a } from "../ids.ts";
import type { Rate, Source } from "../types.ts";

/** What of an event decides which object has it. */
export interface Spreadable {
  readonly id: string;
  readonly source: string;
  readonly rate: Rate | null;
  /** By which name it comes to one object with others, where a destination wants them in order. */
  readonly together?: string;
}

/** The object of a shard. */
export const nameOf = (shard: number): string => `intake-${shard}`;
/** The object that sweeps, and knows how events are spread. */
export const LEADER = nameOf(0);

/**
 * The same over isolates and deploys. A source with a rate always meets its own bucket, and what must not overtake each
 * other stands in one journal; the events of all others spread by their ids.
 */
export function shardOf({ id, source, rate, together }: Spreadable, shards: number): string {
  return nameOf(fnv1a(together ?? (rate === null ? id : source)) % shards);
}

/**
 * What isolates that spread events alike have in common: the number of objects, and a hash of the sources that keep to
 * one of them, for their rate or an order.
 *
 * @returns such as `8`, or `8.1f3a90c2` where there are such sources
 */
export function spreadOf(
  shards: number,
  sources: Iterable<Pick<Source, "name" | "rate"> & Pick<Spreadable, "together">>,
): string {
  const rated = [...sources]
    .filter(({ rate, together }) => rate !== null || together !== undefined)
    .map(({ name, together }) => (together === undefined ? name : `${name}>${together}`));
  return rated.length === 0 ? String(shards) : `${shards}.${fnv1a(rated.toSorted().join(" ")).toString(16)}`;
}

/** How many objects a spread has; 0 for that of an earlier release, which does not say. */
export function shardsOf(spread: string): number {
  return Number.parseInt(spread, 10) || 0;
}

/**
 * Whether an isolate that spreads events in the other way may give this event to another object than one that spreads
 * them in this.
 */
export function isElsewhere(event: Spreadable, here: string, other: string): boolean {
  if (other === here) return false;
  const [mine, theirs] = [shardsOf(here), shardsOf(other)];
  if (mine <= 1 && theirs <= 1) return false;
  // Of the other way it is not known which sources have a rate, nor anything of an earlier release's.
  if (here.split(".")[1] !== other.split(".")[1] || mine === 0 || theirs === 0) return true;
  return shardOf(event, mine) !== shardOf(event, theirs);
}
