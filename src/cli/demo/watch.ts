// What has been seen of the demo's deliveries so far, and are they all over? Counts; touches nothing.
import { deliveryId } from "../../ids.ts";
import { delivered, type Said } from "./lines.ts";
import type { Arrival } from "./receiver.ts";

/** Proofs come from the receiver, ends from the relay's log. */
export class Watch {
  readonly proofs = new Map<string, string>();
  readonly #accepted = new Set<string>();
  readonly #ended = new Set<string>();
  #refusals = 0;
  #wake = () => {};

  arrived({ id, destination, status, proven, digest }: Arrival): void {
    if (proven && status === 200) this.proofs.set(deliveryId(id, destination), digest);
  }

  heard({ told }: Said): void {
    if (told?.event === "ingest.rejected") this.#refusals += 1;
    else if (told?.event === "ingest.accepted") {
      this.#accepted.add(told.id);
      for (const { delivery } of delivered(told)) this.#ended.add(delivery);
    } else if (told?.event === "delivery.failed" || told?.state === "delivered") this.#ended.add(told.delivery);
    this.#wake();
  }

  /** Whether all of these deliveries have ended. */
  ended(deliveries: readonly string[]): boolean {
    return deliveries.every((delivery) => this.#ended.has(delivery));
  }

  /** Whether the relay has told of the acceptance of all these events. */
  accepted(events: readonly string[]): boolean {
    return events.every((event) => this.#accepted.has(event));
  }

  /** Whether the relay has said so often why it refused something. */
  refused(times: number): boolean {
    return this.#refusals >= times;
  }

  /** Resolves when it is so, or when `patienceMs` are over. */
  until(so: () => boolean, patienceMs: number): Promise<void> {
    return new Promise((resolve) => {
      const patience = setTimeout(resolve, patienceMs);
      this.#wake = () => {
        if (!so()) return;
        clearTimeout(patience);
        resolve();
      };
      this.#wake();
    });
  }
}
