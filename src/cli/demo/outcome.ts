// Did it work? Holds the relay's history and the receiver's proofs against what was sent;
// asks the relay's API, changes nothing.
import * as z from "zod";
import { deliveryId } from "../../ids.ts";
import { ROUTED } from "./relay.ts";
import type { Sent } from "./traffic.ts";
import { digest } from "./receiver.ts";

/** What a provider was told. */
export interface Answered {
  readonly sent: Sent;
  readonly status: number;
  /** The event's id, `null` where the request was refused. */
  readonly id: string | null;
}

/** How one delivery ended. */
export interface Outcome {
  /** The event's. */
  readonly id: string;
  readonly source: string;
  readonly type: string;
  readonly destination: string;
  /** As the relay has it, or `missing`. */
  readonly state: string;
  readonly attempts: number;
  /** From the acceptance to the end, `null` while there is none. */
  readonly tookMs: number | null;
  /** The receiver has found the signature right, and the body is the one that was sent. */
  readonly proven: boolean;
}

export interface Totals {
  readonly sent: number;
  readonly accepted: number;
  readonly refused: number;
  readonly deliveries: number;
  readonly delivered: number;
  readonly proven: number;
  readonly attempts: number;
  readonly tookMs: number;
  /** Everything that should have been accepted was, reached all its destinations, and nothing else did. */
  readonly ok: boolean;
}

const shown = z.object({
  type: z.string(),
  received_at: z.string(),
  deliveries: z.array(
    z.object({ destination: z.string(), state: z.string(), attempt: z.number(), ended_at: z.string().nullable() }),
  ),
});

/**
 * How every delivery that was promised has ended.
 *
 * @param proofs delivery → digest of the body that its receiver has proven and answered 200
 */
export async function outcomesOf(
  answered: readonly Answered[],
  proofs: ReadonlyMap<string, string>,
  ask: (path: string) => Promise<unknown>,
): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const { id, sent } of answered) {
    if (id === null) continue;
    const found = shown.safeParse(await ask(`/api/events/${id}`));
    for (const destination of ROUTED[sent.source]) {
      const delivery = found.data?.deliveries.find((one) => one.destination === destination);
      const took =
        typeof delivery?.ended_at !== "string"
          ? null
          : Date.parse(delivery.ended_at) - Date.parse(found.data?.received_at ?? "");
      outcomes.push({
        id,
        source: sent.source,
        type: found.data?.type ?? "",
        destination,
        state: delivery?.state ?? "missing",
        attempts: delivery?.attempt ?? 0,
        tookMs: took,
        proven: proofs.get(deliveryId(id, destination)) === digest(Buffer.from(sent.body)),
      });
    }
  }
  return outcomes;
}

export function totalsOf(answered: readonly Answered[], outcomes: readonly Outcome[], tookMs: number): Totals {
  const rightly = answered.filter(({ sent, status }) => status === (sent.forged ? 401 : 200));
  const accepted = answered.filter(({ id }) => id !== null);
  const proven = outcomes.filter((one) => one.state === "delivered" && one.proven);
  return {
    sent: answered.length,
    accepted: accepted.length,
    refused: answered.length - accepted.length,
    deliveries: outcomes.length,
    delivered: outcomes.filter(({ state }) => state === "delivered").length,
    proven: proven.length,
    attempts: outcomes.reduce((sum, { attempts }) => sum + attempts, 0),
    tookMs,
    ok: answered.length > 0 && rightly.length === answered.length && proven.length === outcomes.length,
  };
}
