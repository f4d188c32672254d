// Which deliveries are sent now? Bells are admitted or put off here, and claims take their turn here; touches nothing.
import type { Claim } from "../d1/store.ts";
import type { Bell, Destination } from "../types.ts";
import type { Pace } from "./pace.ts";
import { INLINE_BYTES } from "../bytes/body.ts";
import { parseDeliveryId } from "../ids.ts";
import { LOAD_BYTES, LOAD_PARTS } from "./load.ts";

/** When a delivery that could not be taken is due again, in ms. */
export const LATER_MS = 5_000;
/** Sends to one destination in one invocation while others wait. */
const SLOTS_TO_ONE = 2;
/** Of the 50 D1 queries of an invocation, those that read bodies; settling takes 20 at most, breakers nine. */
const QUERIES = 16;
/** Of those, what an inspector takes to keep one request. */
const INSPECTION_QUERIES = 2;

/** What admission is decided by, besides the bells themselves. */
export interface Admission {
  readonly pace: Pick<Pace, "admits" | "isSlow">;
  readonly destinations: ReadonlyMap<string, Pick<Destination, "script" | "fetches">>;
  readonly now: number;
}

/**
 * Which bells this invocation answers, and which must ring again: too early, too many, or their destination is slow.
 */
export function choose(
  bells: readonly Bell[],
  { pace, destinations, now }: Admission,
): { wanted: Bell[]; later: Bell[] } {
  const wanted = new Map<string, Bell>();
  const later = new Map<string, Bell>();
  // The sweep rings beside a bell that is put off again and again: what is the same is one, or they would add up.
  const putOff = (bell: Bell) => later.set(`${bell.delivery} ${bell.attempt} ${bell.due}`, bell);
  const planned = new Map<string, number>();
  let bytes = 0;
  let queries = 0;
  for (const bell of bells) {
    const destination = parseDeliveryId(bell.delivery)?.destination;
    // One that rings twice in a batch is one. An old bell must not outdo the bell of a later attempt.
    const name = `${bell.delivery} ${bell.attempt}`;
    if (destination === undefined || wanted.has(name)) continue;
    const toOne = planned.get(destination) ?? 0;
    const { script, fetches } = destinations.get(destination) ?? {};
    const own = (script === undefined ? 0 : INSPECTION_QUERIES) + (fetches === true ? 1 : 0);
    const cost = queriesFor(bell.size) + own;
    if (bell.due > now) {
      putOff(bell);
    } else if (!pace.admits(destination, bell.size, { toOne, bytes }, now)) {
      // A backlog of bells for a destination that hangs would ring in circles: its rows are the sweep's.
      if (!pace.isSlow(destination, now)) putOff({ ...bell, due: now + LATER_MS });
    } else if (queries > 0 && queries + cost > QUERIES) {
      putOff(bell);
    } else {
      wanted.set(name, bell);
      planned.set(destination, toOne + 1);
      bytes += bell.size;
      queries += cost;
    }
  }
  return { wanted: [...wanted.values()], later: [...later.values()] };
}

function queriesFor(size: number): number {
  // Base64 makes four characters of three bytes.
  return size <= INLINE_BYTES ? size / LOAD_BYTES : 1 + Math.ceil((size * 4) / 3 / (LOAD_PARTS * 1_000_000));
}

/**
 * Which of the waiting claims a free slot takes: the oldest whose destination has the fewest sends running.
 *
 * @param running sends under way in this invocation, by destination
 * @returns `null` to leave the slot to destinations that answer
 */
export function chooseNext<One extends Pick<Claim, "destination">>(
  waiting: readonly One[],
  running: ReadonlyMap<string, number>,
): One | null {
  let best: One | null = null;
  let fewest = Infinity;
  for (const claim of waiting) {
    const count = running.get(claim.destination) ?? 0;
    if (count < fewest) [best, fewest] = [claim, count];
  }
  const others = [...running].some(([destination, count]) => count > 0 && destination !== best?.destination);
  return fewest >= SLOTS_TO_ONE && others ? null : best;
}
