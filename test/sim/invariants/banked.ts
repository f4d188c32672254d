// What a sender's API lists and never came is fetched: once, as the event that it would have been.
import { rowsOf } from "../banked.ts";
import { first, type Invariant, yes } from "./invariant.ts";

export const fetchedOnce: Invariant = {
  id: "fetched",
  says: "an event that its sender could not deliver is fetched and is one event, with the id that it would have had, so that it is a repeat when it comes after all",
  ended(ledger) {
    if (!ledger.plan.traits.includes("banked")) return null;
    return first(ledger.platform.bank.due, ({ letter, at }) => {
      const rows = rowsOf(ledger, letter);
      const [row] = rows;
      if (row === undefined) return `${letter.key}, of ${at} ms, never came`;
      if (rows.length > 1) return `${letter.key} is ${rows.length} events: ${rows.map(({ id }) => id).join()}`;
      const other = ledger.tries.find((one) => one.letter.key === letter.key && yes(one) && one.id !== row.id);
      if (other !== undefined) return `${letter.key} is ${row.id}, and was answered ${other.id} when it was posted`;
      const posted = ledger.begun.some((one) => one.letter.key === letter.key && one.fetched !== true);
      return posted || row.verified_by === "fetched with BANK_KEY"
        ? null
        : `${letter.key} was never posted, and is said to be verified by ${row.verified_by}`;
    });
  },
};
