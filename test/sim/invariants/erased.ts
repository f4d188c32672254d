// I-16, where somebody asks for it: what was to be deleted is nowhere, and nothing else was deleted.
import { lastWordsOf, wordsOf } from "../erased.ts";
import type { Ledger } from "../ledger.ts";
import { openedAt } from "../sealed.ts";
import { EPOCH } from "../scheduler.ts";
import { first, type Invariant } from "./invariant.ts";
import { everything } from "./operation.ts";

interface Row {
  readonly id: string;
  readonly body: string | null;
  readonly headers: string;
  readonly why: string | null;
  readonly receivedAt: number;
}

export const erasedEverywhere: Invariant = {
  id: "I-16 erased",
  says: "once all of a subject is deleted, no byte is left in any row of what was accepted before that was confirmed or was in D1 by then, whatever came between, its value is in none of the job, and nothing else was deleted",
  ended(ledger) {
    const { platform, erased, moves, tries } = ledger;
    if (erased.length === 0 || !platform.d1.hasTable("events")) return null;
    const rows = platform.d1.look<Row>(
      "SELECT id, body, headers, gone->>'why' AS why, received_at AS receivedAt FROM events",
    );
    return first(erased, ({ words, askedAt, confirmedAt, doneAt }) => {
      if (confirmedAt === null || doneAt === null) return "an order to delete a subject has not come to its end";
      const audited = platform.d1.look("SELECT 1 FROM audit WHERE action = 'erasures.done'").length;
      if (audited !== erased.length) return `${audited} orders to delete a subject are in the audit as done`;
      // What came to D1 after it was confirmed was meant only if it had been accepted before.
      const late = new Set(moves.flatMap(({ id, from, at }) => (from === null && at >= confirmedAt ? [id] : [])));
      const ids = tries.flatMap(({ id, letter }) =>
        id !== null && wordsOf(letter) === words && letter.stuff === "json" ? [id] : [],
      );
      const others = rows.filter(({ why, id }) => why === "deleted" && !ids.includes(id) && !isEdited(id, ledger));
      if (others.length > unheard(ledger)) return `${others[0]?.id} was deleted, and nobody has asked for that`;
      const left = rows.filter((row) => plainOf(row).includes(words));
      const kept = left.filter((row) => !late.has(row.id) || wasAccepted(row, askedAt ?? 0, ledger));
      if (kept.length > 0) return `${kept[0]?.id} still holds ${JSON.stringify(words)}`;
      const copies = rows.filter(({ id, why }) => why === null && isCopyOf(ids, id, ledger) && !late.has(id));
      if (copies.length > 0) return `${copies[0]?.id} was made of what is deleted, and is still there`;
      if (left.length > 0) return null;
      return first(everything(platform), ([table, all]) =>
        JSON.stringify(all).includes(words) ? `${table} still holds ${JSON.stringify(words)}` : null,
      );
    });
  },
};

/** The subject's last words were sent once: where the connection broke before the answer, nobody knows their id. */
function unheard({ plan, tries }: Ledger): number {
  const last = lastWordsOf(plan.seed, plan.steps);
  return last === null || tries.some(({ id, letter }) => id !== null && letter.key === last.key) ? 0 : 1;
}

/** Whether this acceptance was answered by then, and not one of the same event that came later. */
function wasAccepted({ id, receivedAt }: Row, by: number, { tries, skewed }: Ledger): boolean {
  const at = receivedAt - EPOCH;
  return !skewed && at <= by && tries.some((one) => one.id === id && one.answeredAt >= at && one.answeredAt <= by);
}

function plainOf({ id, body, headers }: Row): string {
  const open = (place: string, text: string | null) =>
    text === null ? "" : String(openedAt(`${id} ${place}`, text) ?? text);
  return `${open("headers", headers)} ${open("body", body)}`;
}

function isCopyOf(ids: readonly string[], id: string, { edits }: Ledger): boolean {
  return edits.some(({ of, answers }) => ids.includes(of) && answers.some((text) => text.includes(`"event":"${id}"`)));
}

/** Whether it was made by hand of another: it goes with that one. */
function isEdited(id: string, { edits }: Ledger): boolean {
  return edits.some(({ answers }) => answers.some((text) => text.includes(id)));
}
