// Which of the deliveries whose bells rang have a place at a destination that takes only so many?
// Asks for all of a batch at once, once for each destination. What gets no place waits, and spends no attempt.
import { attemptMs } from "../deadlines.ts";
import { parseDeliveryId } from "../ids.ts";
import type { LimitDoor } from "../limit/door.ts";
import type { Limits } from "../limit/limiter.ts";
import type { Turn } from "../limit/turn.ts";
import type { Bell, Destination } from "../types.ts";

/** A bell that is due again when there may be a place, and the word for why it waits. */
interface Waiter {
  readonly bell: Bell;
  readonly why: "rate" | "concurrency";
}

export interface Admitted {
  readonly wanted: readonly Bell[];
  readonly waiting: readonly Waiter[];
  /** The places of each destination that was asked for. */
  readonly turns: ReadonlyMap<string, Turn>;
}

interface AdmitDeps {
  readonly limits: Pick<LimitDoor, "ask">;
  readonly config: { readonly destinations: ReadonlyMap<string, Destination> };
  readonly now: () => number;
}

/** What the destination of a bell takes; `null` for any number. */
export function limitsFor(
  { delivery }: Bell,
  destinations: ReadonlyMap<string, Pick<Destination, "limits">>,
): Limits | null {
  const name = parseDeliveryId(delivery)?.destination;
  return (name === undefined ? undefined : destinations.get(name)?.limits) ?? null;
}

/** @param bells to destinations with limits. Never rejects */
export async function admit(bells: readonly Bell[], { limits, config, now }: AdmitDeps): Promise<Admitted> {
  const byName = Map.groupBy(bells, ({ delivery }) => parseDeliveryId(delivery)?.destination ?? "");
  const asked = [...byName].map(async ([destination, own]) => {
    const configured = config.destinations.get(destination);
    const their = configured?.limits ?? {};
    // Those who have waited go first.
    const [back, fresh] = [own.filter((bell) => bell.back === true), own.filter((bell) => bell.back !== true)];
    const ordered = [...back, ...fresh];
    const wish = {
      destination,
      want: ordered.length,
      back: back.length,
      limits: their,
      attemptMs: attemptMs(configured),
    };
    const turn = await limits.ask(wish);
    const why = their.rate === undefined ? ("concurrency" as const) : ("rate" as const);
    const waiting = ordered.slice(turn.go).map((bell, n): Waiter => {
      const due = now() + (turn.waits[n] ?? 0);
      return { bell: Object.assign({}, bell, { due, back: true as const }), why };
    });
    return { destination, turn, wanted: ordered.slice(0, turn.go), waiting };
  });
  const all = await Promise.all(asked);
  return {
    wanted: all.flatMap(({ wanted }) => wanted),
    waiting: all.flatMap(({ waiting }) => waiting),
    turns: new Map(all.map(({ destination, turn }) => [destination, turn])),
  };
}
