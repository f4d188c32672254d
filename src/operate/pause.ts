// A destination gets nothing for a while, and then all of it.
import type { Pauses } from "../d1/pauses.ts";
import type { Config } from "../config/configured.ts";
import type { Log } from "../log.ts";
import type { Acts, Looks } from "./operator.ts";
import { type AskingDeps, askingFor } from "./asking.ts";
import { noDestination } from "./refuse.ts";

export interface PauseDeps extends AskingDeps {
  readonly config: Pick<Config, "destinations">;
  readonly pauses: Pauses;
  readonly destination: Looks["destination"];
  /** Has the sweep look at this time, in ms, at the latest. */
  readonly remind: (at: number) => Promise<void>;
  readonly log: Log;
}

/** @see Acts */
export function openPausing(deps: PauseDeps): Pick<Acts, "pause" | "resume"> {
  const { config, pauses, destination, remind, now, log } = deps;
  return {
    async pause(name, by) {
      if (!config.destinations.has(name)) return noDestination(name);
      await pauses.pause(await askingFor("pause", name, by, deps), now());
      log.info("pause.asked", { destination: name });
      return await destination(name);
    },

    async resume(name, by) {
      if (!config.destinations.has(name)) return noDestination(name);
      await pauses.resume(await askingFor("resume", name, by, deps), now());
      log.info("resume.asked", { destination: name });
      // Also where the answer to an earlier asking was lost: what is held must not wait for the next minute's sweep.
      await remind(now());
      return await destination(name);
    },
  };
}
