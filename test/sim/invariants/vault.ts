// What retention has moved to the archive: each event whole, in one place that is read, whatever has failed on the way; and nothing that
// was deleted.
import { same } from "../ledger.ts";
import { keptBodyOf } from "../redacted.ts";
import { keptIn } from "../vault.ts";
import { first, type Invariant } from "./invariant.ts";

export const movedWhole: Invariant = {
  id: "one place",
  says: "an event that retention has moved is in one segment, byte for byte, with all of its deliveries, and the bucket has nothing that no segment names",
  expired(ledger) {
    const { plan, platform } = ledger;
    if (!plan.traits.includes("vaulted") || !platform.d1.hasTable("segments")) return null;
    const kept = Map.groupBy(
      keptIn(platform).filter(({ named }) => named),
      ({ id }) => id,
    );
    const acked = new Set(ledger.tries.flatMap(({ id }) => id ?? []));
    const broken = first(acked, (id) => {
      const here = platform.d1.look("SELECT 1 FROM events WHERE id = ?1", id).length;
      const there = kept.get(id) ?? [];
      const [one] = there;
      if (here + there.length !== 1 || one === undefined)
        return `${id} is in ${here} places of the history and in ${there.length} of the archive`;
      const letter = ledger.letterOf(id);
      if (letter !== null && !one.gone && !same(one.body, keptBodyOf(letter, plan.traits)))
        return `the archive has other bytes of ${id} than were sent`;
      const moved = new Set(ledger.moves.filter((move) => move.id === id).map(({ destination }) => destination));
      const lost = [...moved].filter((destination) => !one.destinations.includes(destination));
      return lost.length === 0 ? null : `the archive knows nothing of ${id} at ${lost.join(", ")}`;
    });
    if (broken !== null) return broken;
    const named = new Set(platform.d1.look<{ key: string }>("SELECT key FROM segments").map(({ key }) => key));
    const nobodys = [...platform.vault.objects.keys()].find((key) => !named.has(key));
    return nobodys === undefined ? null : `the bucket has ${nobodys}, which no segment names`;
  },
};

export const deletedThere: Invariant = {
  id: "I-16",
  says: "no object of the archive holds anything of what was deleted, and what was not deleted is there",
  expired(ledger) {
    if (!ledger.plan.traits.includes("vaulted") || !ledger.platform.d1.hasTable("segments")) return null;
    const { deleted } = ledger;
    return first(keptIn(ledger.platform), ({ id, key, gone, body, named }) => {
      if (deleted.has(id) && (!gone || body.length > 0))
        return `${key} still holds the body of ${id}, which was deleted`;
      // A copy that somebody has edited goes with its original, an erasure names a subject, and bodies may go sooner.
      if (
        gone &&
        named &&
        ledger.erased.length === 0 &&
        !ledger.plan.traits.includes("bodiless") &&
        ledger.letterOf(id) !== null &&
        !ledger.ordered.has(id)
      )
        return `${key} has no body of ${id}, which nobody has deleted`;
      return null;
    });
  },
};

export const foundThere: Invariant = {
  id: "found",
  says: "an event that was let in is found by its id, whether it is in the history, on its way to the archive, or there",
};
