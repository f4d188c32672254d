// Large bodies in a bucket: there before their event is answered, and gone with the last row that knows them, whatever has failed.
import { keyOf, pieceOf } from "../bodied.ts";
import type { Ledger } from "../ledger.ts";
import { first, type Invariant, yes } from "./invariant.ts";

interface Piece {
  readonly receipt: string;
  readonly n: number;
  readonly data: string;
}

const PIECES = "SELECT receipt, n, data FROM event_parts";

/** Objects of which neither a row nor a mark says whose they are. */
function nobodys({ platform, plan }: Ledger): string | null {
  if (!plan.traits.includes("bodied") || !platform.d1.hasTable("event_parts")) return null;
  const { d1, bodies } = platform;
  const known = new Set([
    ...d1.look<Piece>(`${PIECES} WHERE data = ''`).map(keyOf),
    ...d1
      .look<{ name: string }>("SELECT name FROM marks WHERE name > 'bodies/' AND name < 'bodies0'")
      .map((one) => one.name),
  ]);
  return first(bodies.objects.keys(), (key) =>
    known.has(key) ? null : `the bucket has ${key}, and D1 has neither a row nor a mark of it`,
  );
}

export const keptBeforeAnswered: Invariant = {
  id: "I-2 bodies",
  says: "a 2xx for a large body is given only once every piece of it is in the bucket, and an object is never without a row or a mark",
  answered(one, ledger) {
    const { platform, plan } = ledger;
    const { id, letter } = one;
    if (!plan.traits.includes("bodied")) return null;
    const stray = nobodys(ledger);
    if (stray !== null || !yes(one) || id === null || !letter.stuff.startsWith("large")) return stray;
    const { d1 } = platform;
    const [event] = d1.look<{ receipt: string; parts: number }>("SELECT receipt, parts FROM events WHERE id = ?1", id);
    // Its body may have gone already; and what is redacted may be small.
    if (event?.parts === 0) return null;
    const pieces = d1
      .look<Piece>(`${PIECES} WHERE event = ?1 AND n < 1000`, id)
      .filter(({ receipt }) => event === undefined || receipt === event.receipt);
    const whole = pieces.some((piece) => pieceOf(piece, platform) !== undefined);
    return whole || plan.traits.includes("redacted") ? null : `${id} was answered, and no piece of its body is kept`;
  },
  ended: nobodys,
  rested: nobodys,
};

export const objectsGo: Invariant = {
  id: "I-16 objects",
  says: "past its retention nothing of a large body is left in the bucket, and nothing waits for being removed",
  expired(ledger) {
    const { platform, plan } = ledger;
    if (!plan.traits.includes("bodied")) return null;
    const [key] = platform.bodies.objects.keys();
    if (key !== undefined) return `the bucket still has ${key}`;
    const marks = platform.d1.look("SELECT 1 FROM marks WHERE name > 'bodies/' AND name < 'bodies0'").length;
    return marks === 0 ? null : `${marks} marks name objects that are gone`;
  },
};
