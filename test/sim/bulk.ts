// The operator's bulk replay: one job a world at most, asked for again under the same key where no answer came.
import { Dice } from "./dice.ts";
import type { Ledger } from "./ledger.ts";
import type { Step } from "./plan.ts";

/** What a bulk replay is asked to open. */
export interface Bulk {
  /** `null`: the order names none, and means what failed. */
  readonly state: "failed" | "delivered" | "both" | null;
  readonly destination: "alpha" | "beta" | null;
  /** Deliveries a minute. */
  readonly rate: number;
}

const ASKINGS = 4;
const AGAIN_MS = 8_000;

/** In one stormy world of five. It has dice of its own, so that no other choice moves. */
export function bulkOf(seed: number, span: number): Step[] {
  const dice = new Dice(seed, "bulk");
  if (!dice.chance(0.2)) return [];
  const order: Bulk = {
    state: dice.pick([null, "failed", "delivered", "both"]),
    destination: dice.pick([null, null, "alpha", "beta"]),
    rate: dice.pick([2, 6, 60, 600]),
  };
  return [{ at: dice.whole(0, span + 300_000), do: "bulk", order }];
}

/** Asks for the job, in the words of the API. */
export async function startBulk({ rate, state, destination }: Bulk, { platform, scheduler }: Ledger): Promise<void> {
  const body = JSON.stringify({ filter: { destination, ...(state === null ? {} : { state }) }, rate });
  for (let count = 0; count < ASKINGS; count += 1) {
    scheduler.tell("event", "operator", `asks for a bulk replay of ${body}`);
    try {
      const answer = await platform.post(
        "bulk replay",
        () =>
          new Request("https://relay.example.com/api/replays", {
            method: "POST",
            headers: {
              authorization: `Bearer ${String(platform.vars["ADMIN_TOKEN"])}`,
              "content-type": "application/json",
              "idempotency-key": "bulk",
            },
            body,
          }),
        (given) => scheduler.tell("event", "relay", `answers the operator: ${given.status}`),
      );
      if (answer.status < 500) return;
    } catch {
      // No answer: ambiguous, so it asks again.
    }
    await new Promise<void>((resolve) => {
      scheduler.after(AGAIN_MS, resolve);
    });
  }
}
