// What has been seen of the demo's deliveries so far, and are they all over? Counts; touches nothing.
import { deliveryId } from "../ids.ts";
import type { Said } from "./demo-lines.ts";
import type { Arrival } from "./receiver.ts";

/** Proofs come from the receiver, ends from the relay's log. */
export class Watch {
  readonly proofs = new Map<string, string>();
  readonly #ended = new Set<string>();
  #wake = () => {};

  arrived({ id, destination, status, proven, digest }: Arrival): void {
    if (proven && status === 200) this.proofs.set(deliveryId(id, destination), digest);
  }

  heard({ told }: Said): void {
    const ended =
      told?.event === "delivery.failed" || (told?.event === "delivery.attempted" && told.state === "delivered");
    if (ended) this.#ended.add(told.delivery);
    this.#wake();
  }

  /** Resolves when all of them have ended, or when `signal` has had enough. */
  until(deliveries: readonly string[], signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = () => {
        if (signal.aborted || deliveries.every((delivery) => this.#ended.has(delivery))) resolve();
      };
      signal.addEventListener("abort", this.#wake);
      this.#wake();
    });
  }
}
