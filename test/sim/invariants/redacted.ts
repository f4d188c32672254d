// Of what is redacted nothing is kept or shown; retries are what came, and only what is sent after its deliveries have ended is what is left.
import { lettersOf, signsOf } from "./sealed.ts";
import type { Ledger } from "../ledger.ts";
import { first, type Invariant } from "./invariant.ts";
import { everything } from "./operation.ts";

function shownIn(ledger: Ledger): string | null {
  if (!ledger.plan.traits.includes("redacted")) return null;
  const signs = lettersOf(ledger).flatMap(signsOf);
  return first(everything(ledger.platform), ([table, rows]) => {
    const text = JSON.stringify(rows);
    const found = signs.find((sign) => text.includes(sign));
    return found === undefined ? null : `${table} holds ${JSON.stringify(found)}, which is redacted`;
  });
}

export const redacted: Invariant = {
  id: "redacted",
  says: "what is redacted is in no row and no line of the log, and a delivery that was never opened again gets the whole",
  answered: (_one, ledger) => shownIn(ledger),
  arrived({ headers, destination }, ledger) {
    if (!ledger.plan.traits.includes("redacted") || headers["hookline-redacted"] === undefined) return null;
    const id = headers["webhook-id"] ?? "";
    // An edited event is what somebody has made of what is left.
    if (ledger.letterOf(id) === null) return null;
    const again = ledger.moves.some((move) => move.id === id && (move.from === "failed" || move.from === "delivered"));
    return again ? null : `${destination} got what is left of ${id}, of which no delivery was ever opened again`;
  },
  logged(line, ledger) {
    if (!ledger.plan.traits.includes("redacted")) return null;
    const found = lettersOf(ledger)
      .flatMap(signsOf)
      .find((sign) => line.includes(sign));
    return found === undefined ? null : `the log says ${JSON.stringify(found)}, which is redacted`;
  },
  ended: shownIn,
};
