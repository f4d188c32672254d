// How it went over time: accepted and delivered per second, and how many promised deliveries were open. Pure.
import type { KeptEvent } from "./books.ts";
import type { Life } from "./killed-relay.ts";
import type { Sent } from "./senders.ts";

/** Points that a plot on a telephone can show. */
const MOST_POINTS = 360;

/** Times in seconds since the start; every list has one entry for each bin of `stepS` seconds. */
export interface Series {
  readonly stepS: number;
  readonly accepted: readonly number[];
  readonly delivered: readonly number[];
  /** At the end of the bin. */
  readonly backlog: readonly number[];
  readonly kills: readonly number[];
  /** When the last kill was over and every receiver healthy. */
  readonly calmS: number;
}

export interface Span {
  readonly began: number;
  readonly calm: number;
  readonly ended: number;
}

/** Rates are per second, whatever the bin. */
export function series(
  { began, calm, ended }: Span,
  sent: readonly Sent[],
  books: ReadonlyMap<string, KeptEvent>,
  lives: readonly Life[],
): Series {
  const seconds = Math.max(1, Math.ceil((ended - began) / 1_000));
  const stepS = Math.ceil(seconds / MOST_POINTS);
  const bins = Math.ceil(seconds / stepS);
  const binOf = (at: number) => Math.min(bins - 1, Math.max(0, Math.floor((at - began) / 1_000 / stepS)));
  const [accepted, delivered, change] = [0, 1, 2].map(() => Array<number>(bins).fill(0));
  const count = (list: number[] | undefined, at: number, by = 1) => {
    if (list !== undefined) list[binOf(at)] = (list[binOf(at)] ?? 0) + by;
  };
  for (const { ackedAt } of sent) if (ackedAt !== null) count(accepted, ackedAt);
  for (const event of books.values()) {
    for (const { endedAt, state } of event.deliveries.values()) {
      count(change, event.receivedAt);
      if (endedAt === null) continue;
      count(change, endedAt, -1);
      if (state === "delivered") count(delivered, endedAt);
    }
  }
  let open = 0;
  const since = (at: number) => (at - began) / 1_000;
  return {
    stepS,
    accepted: (accepted ?? []).map((n) => n / stepS),
    delivered: (delivered ?? []).map((n) => n / stepS),
    backlog: (change ?? []).map((by) => (open += by)),
    kills: lives.flatMap(({ killed }) => (killed === null || killed > calm ? [] : [since(killed)])),
    calmS: since(calm),
  };
}
