// The way to the objects that count how many deliveries a destination gets: each has its own.
import { PLACE_MS } from "../deadlines.ts";
import type { Log } from "../log.ts";
import { within } from "../patience.ts";
import type { Ask, Places, Told } from "./limiter.ts";
import { Turn } from "./turn.ts";

/** How long an isolate waits for an answer, in ms; its bells wait as long to be acknowledged. */
const PATIENCE_MS = 2_000;
/** When what got no answer comes back, in ms. */
const SILENT_MS = 5_000;
/** After an answer that there is no place, first attempts do not ask for so long at most, in ms. */
const FULL_MS = 1_000;

/** What the object offers over RPC. */
export interface LimiterRpc {
  ask(ask: Ask): Promise<Places>;
  tell(told: Told): Promise<void>;
}

/** What is asked for one destination. */
export interface Wish extends Omit<Ask, "by"> {
  readonly destination: string;
}

/** The door to the counting. */
export interface LimitDoor {
  /** Never rejects: with a silent object nothing goes, and everything waits. */
  ask(wish: Wish): Promise<Turn>;
  /** Whether the last answer leaves no place at this moment for what has not waited yet. */
  isFull(destination: string): boolean;
}

/** @param stub opens the object of a destination */
export function openLimits(
  stub: (destination: string) => LimiterRpc,
  now: () => number,
  newId: () => string,
  log: Log,
): LimitDoor {
  const fullUntil = new Map<string, number>();

  return {
    async ask({ destination, ...wish }) {
      const by = newId();
      const tell = async (told: Told) => {
        try {
          await within(PATIENCE_MS, "the limiter", stub(destination).tell(told));
        } catch (error) {
          log.warn("limit.unreachable", { destination, error: String(error) });
        }
      };
      // By a timer and from the question on: the object counts from its answer, which comes later.
      const over = { isOver: false };
      setTimeout(() => (over.isOver = true), PLACE_MS);
      try {
        const places = await within(PATIENCE_MS, "the limiter", stub(destination).ask({ by, ...wish }));
        const inMs = places.go < wish.want ? Math.min(FULL_MS, ...places.waits) : 0;
        fullUntil.set(destination, now() + inMs);
        return new Turn(by, places, over, tell);
      } catch (error) {
        log.warn("limit.unreachable", { destination, error: String(error) });
        // It may have answered: what it has given is given back, as far as it hears.
        void tell({ by, begun: 0, unused: wish.want, freed: wish.limits.concurrency ?? 0 });
        const waits = Array.from({ length: wish.want }, () => SILENT_MS);
        return new Turn(by, { go: 0, lanes: 0, waits }, over, tell);
      }
    },

    isFull: (destination) => (fullUntil.get(destination) ?? 0) > now(),
  };
}
