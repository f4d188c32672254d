// What is due by the clock: the sweep, and beside it one step of a bulk replay.
import { earlier } from "../patience.ts";
import { type ReplaysDeps, runReplays } from "./replays.ts";
import { sweep, type SweepDeps } from "./sweep.ts";

/** Looks whether anything is wrong. Neither half ever rejects. */
interface Watching<Pulse> {
  /** What there is to look at, asked before the sweep: afterwards nothing is late any more. */
  pulse(): Promise<Pulse>;
  look(pulse: Pulse): Promise<void>;
}

export interface RescueDeps {
  readonly sweep: SweepDeps;
  readonly replays: ReplaysDeps;
  readonly watch: Watching<unknown>;
}

/**
 * The sweep goes first: what was accepted comes before what is replayed.
 * Both together stay within the free plan's 50 queries.
 *
 * @returns when to look again (milliseconds since 1970), `null` while there is nothing to come back for
 */
export async function rescue(deps: RescueDeps): Promise<number | null> {
  const pulse = await deps.watch.pulse();
  try {
    const next = await sweep(deps.sweep);
    return earlier(next, await runReplays(deps.replays));
  } finally {
    // A sweep that fails is no reason not to look: it may be what there is to see.
    await deps.watch.look(pulse);
  }
}
