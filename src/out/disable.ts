// A receiver wants no more deliveries: its destination is paused, as by an operator who would hear of it in the log.
import type { Log } from "../log.ts";

export interface DisableDeps {
  /** Pauses the destination in its own name, with an audit row; returns whether it was not paused before. */
  readonly stop: (destination: string, now: number) => Promise<boolean>;
  /** Tells whoever grants first attempts that nothing goes to this destination now. */
  readonly stopFirsts: (destination: string) => Promise<unknown>;
  readonly now: () => number;
  readonly log: Log;
}

/** Never rejects: where D1 does not take it, the receiver says it again with its next answer. */
export function openDisable({ stop, stopFirsts, now, log }: DisableDeps): (destination: string) => Promise<void> {
  return async (destination) => {
    try {
      if (!(await stop(destination, now()))) return;
      log.warn("destination.disabled", { destination, by: "webhook-delivery: disable" });
      await stopFirsts(destination);
    } catch (error) {
      log.warn("destination.not_disabled", { destination, error: String(error) });
    }
  };
}
