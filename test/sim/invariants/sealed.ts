// Of a source that encrypts nothing lies anywhere as it came: no byte of a body in any row, whatever row it is, and no answer, edit or request
// at an inspector either.
import { bodyOf, type Letter } from "../senders.ts";
import type { Ledger } from "../ledger.ts";
import { first, type Invariant } from "./invariant.ts";
import { everything } from "./operation.ts";

/** What would give the body of a letter away: its words, and the beginning of it in base64. */
export function signsOf(letter: Letter): string[] {
  const words = `acme ${letter.key} ${letter.type}`;
  return [words, Buffer.from(bodyOf(letter)).toString("base64").slice(0, 40)].filter((one) => one.length > 8);
}

export function lettersOf({ plan }: Ledger): Letter[] {
  return plan.steps.flatMap((step) =>
    step.do === "post" && step.letter.source === "acme" && step.letter.forged === null ? [step.letter] : [],
  );
}

function plainIn(ledger: Ledger): string | null {
  if (!ledger.plan.traits.includes("sealed")) return null;
  const signs = lettersOf(ledger).flatMap(signsOf);
  return first(everything(ledger.platform), ([table, rows]) => {
    const text = JSON.stringify(rows);
    const found = signs.find((sign) => text.includes(sign));
    return found === undefined ? null : `${table} holds ${JSON.stringify(found)} of acme as it came`;
  });
}

/** Rows of acme's events that hold something of them which is not sealed. */
const OPEN = `
SELECT 'the headers of ' || id AS what FROM events WHERE source = 'acme' AND headers NOT LIKE 'v1.%' AND coalesce(gone->>'why', '') <> 'deleted'
UNION ALL SELECT 'the body of ' || id FROM events WHERE source = 'acme' AND body NOT LIKE 'v1.%'
UNION ALL SELECT 'a part of ' || event FROM event_parts WHERE event IN (SELECT id FROM events WHERE source = 'acme') AND data NOT LIKE 'v1.%' AND data <> ''
UNION ALL SELECT 'an answer to ' || id FROM deliveries JOIN events ON seq = event WHERE source = 'acme' AND excerpt <> '' AND excerpt NOT LIKE 'v1.%'
UNION ALL SELECT 'an answer to ' || id FROM attempts JOIN events ON seq = event WHERE source = 'acme' AND excerpt <> '' AND excerpt NOT LIKE 'v1.%'
UNION ALL SELECT 'what an inspector got of ' || event FROM inspections
  WHERE event IN (SELECT id FROM events WHERE source = 'acme') AND (headers NOT LIKE 'v1.%' OR body NOT LIKE 'v1.%')`;

export const sealed: Invariant = {
  id: "sealed",
  says: "of a source that encrypts nothing is stored as it came: no body, header or answer, in no row of D1 or of an object",
  answered: (_one, ledger) => plainIn(ledger),
  ended(ledger) {
    const { d1 } = ledger.platform;
    const plain = plainIn(ledger);
    if (plain !== null || !ledger.plan.traits.includes("sealed") || !d1.hasTable("inspections")) return plain;
    const [open] = d1.look<{ what: string }>(OPEN);
    return open === undefined ? null : `${open.what} is not sealed`;
  },
};
