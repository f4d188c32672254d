// What is imported is history: nothing of it is sent by itself, what was open has ended, and asking once more changes nothing.
import { type Brought, wasBrought } from "../brought.ts";
import type { Ledger } from "../ledger.ts";
import { first, type Invariant } from "./invariant.ts";

export const importedOnce: Invariant = {
  id: "import",
  says: "a delivery that an import has brought is never sent unless somebody opens it; what was open has ended as cancelled, and to import it again changes nothing",
  arrived({ destination, headers, by }, ledger) {
    const id = headers["webhook-id"] ?? "";
    // An attempt that was granted is one of an acceptance, which is told by others.
    if (by.what.startsWith("fetch ") || !wasBrought(id, destination, ledger) || wasHere(id, destination, ledger))
      return null;
    const opened = ledger.movesOf(id, destination).some(({ from }) => from === "failed" || from === "delivered");
    return opened ? null : `${id}:${destination} came with an import, and was sent though nobody has opened it`;
  },
  ended(ledger) {
    return first(ledger.brought, (one) => {
      const again = one.answers.slice(1).find(({ imported }) => imported > 0);
      return again === undefined ? unlike(one, ledger) : `${one.id} was imported twice`;
    });
  },
};

/** Whether this relay has made such a delivery itself. */
function wasHere(id: string, destination: string, ledger: Ledger): boolean {
  return ledger.movesOf(id, destination).some(({ from }) => from === null);
}

interface Row {
  readonly state: string;
  readonly reason: string | null;
}
const ROW =
  "SELECT d.state, d.reason FROM deliveries d JOIN events e ON e.seq = d.event WHERE e.id = ?1 AND d.destination = ?2";

function unlike({ id, deliveries }: Brought, ledger: Ledger): string | null {
  const { d1 } = ledger.platform;
  if (!d1.hasTable("deliveries")) return null;
  return first(deliveries, ({ destination, state }) => {
    const [row] = d1.look<Row>(ROW, id, destination);
    // Another line may have been first, and so may the event itself.
    const isOnly = ledger.brought.filter((one) => one.id === id).length === 1;
    if (row === undefined || !isOnly || ledger.movesOf(id, destination).length > 0) return null;
    const wanted = state === "delivered" ? "delivered" : "failed cancelled";
    const is = row.reason === null ? row.state : `${row.state} ${row.reason}`;
    return is === wanted ? null : `${id}:${destination} was imported, and is ${is}`;
  });
}
