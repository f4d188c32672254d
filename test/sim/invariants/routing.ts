// What the routes have come to is on record: what goes nowhere says so, and what could not be decided names its route.
import { isBrought } from "../brought.ts";
import { openedAt } from "../sealed.ts";
import { UNSURE } from "../settings.ts";
import { first, type Invariant } from "./invariant.ts";

interface Row {
  readonly id: string;
  readonly source: string;
  readonly headers: string;
  readonly unrouted: number | null;
  readonly undecided: string | null;
  readonly deliveries: number;
}

const ROWS = `SELECT id, source, headers, unrouted, undecided, (SELECT count(*) FROM deliveries WHERE event = seq) AS deliveries FROM events
  WHERE gone IS NULL`;

export const whereItGoes: Invariant = {
  id: "I-26",
  says: "an event that goes nowhere is marked so, one of which a route cannot decide names the route, and no other is either",
  ended(ledger) {
    const { d1 } = ledger.platform;
    if (!d1.hasTable("events")) return null;
    return first(d1.look<Row>(ROWS), ({ id, source, headers, unrouted, undecided, deliveries }) => {
      if ((unrouted !== null) !== (deliveries === 0))
        return `${id} has ${deliveries} deliveries, and ${unrouted === null ? "is not" : "is"} marked as unrouted`;
      // So many as another relay says.
      if (isBrought(id, ledger)) return null;
      // What an operator made by hand went through no route.
      const shown = (openedAt(`${id} headers`, headers) ?? headers).toString();
      const unsure = UNSURE.from.includes(source) && !shown.includes("hookline-edited-from");
      if ((undecided?.includes('"unsure"') ?? false) !== unsure)
        return `${id} of ${source} has ${undecided ?? "nothing"} on record, and the route ${unsure ? "cannot" : "can"} decide`;
      return null;
    });
  },
};
