// Objects of the bucket whose rows are gone: a mark names each until it is gone as well.
import type { Bodies } from "../d1/parts.ts";
import type { Upkeep } from "../d1/upkeep.ts";
import type { Log } from "../log.ts";

/** Objects in one turn: one call of R2 removes up to 1,000. */
const MOST = 500;

export interface LeavingDeps {
  /** `null` where no bucket is bound: then nothing is asked. */
  readonly bodies?: Bodies | null;
  readonly upkeep: Pick<Upkeep, "leaving" | "left">;
  readonly log: Log;
}

/** Never rejects: what it leaves is removed a minute later. Returns whether there is more. */
export async function removeBodies({ bodies = null, upkeep, log }: LeavingDeps): Promise<boolean> {
  if (bodies === null) return false;
  try {
    const keys = await upkeep.leaving(MOST);
    if (keys.length === 0) return false;
    await bodies.remove(keys);
    await upkeep.left(keys);
    log.info("bodies.removed", { objects: keys.length });
    return keys.length === MOST;
  } catch (error) {
    log.error("bodies.not_removed", {
      error: String(error),
      advice: "what was deleted is still in the bucket EVENT_BODIES: see whether it is still there",
    });
    return false;
  }
}
