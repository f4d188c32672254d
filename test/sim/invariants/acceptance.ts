// I-1, I-2, I-7, I-13: what a 2xx means, and for whom.
import { pieceOf } from "../bodied.ts";
import { openedAt } from "../sealed.ts";
import { isBrought, wasBrought } from "../brought.ts";
import { keptBodyOf } from "../redacted.ts";
import { matched } from "../settings.ts";
import { bodyOf } from "../senders.ts";
import { type Ledger, same, type Try } from "../ledger.ts";
import { first, type Invariant, yes } from "./invariant.ts";
import { goneIn } from "../bodiless.ts";
import { isRefusedForItsName } from "./own.ts";
import { DESK } from "../listening.ts";

interface EventRow {
  readonly seq: number;
  readonly id: string;
  readonly source: string;
  readonly receipt: string;
  readonly encoding: string;
  readonly body: string | null;
  readonly parts: number;
}

/** What a request that is refused may ask: the schema is looked at before a refusal is noted, and the feed counts it. */
const HARMLESS = ["flood", "d1 schema", "d1 note refusal", "rpc tell"];
/** Refusals that are kept of one source. */
const MOST_NOTES = 20;

export const noLoss: Invariant = {
  id: "I-1",
  says: "every 2xx-acked event is readable byte for byte, and each destination matched at ack time ends in a terminal state",
  ended: (ledger) => first(acked(ledger), (one) => lost(one, ledger)),
};

export const noFalseAck: Invariant = {
  id: "I-2",
  says: "a 2xx is given only when the event would survive the death of everything that runs",
  answered(one, { platform }) {
    const { id } = one;
    if (!yes(one)) return null;
    if (id === null) return `a 2xx without an id: ${one.answer.text.slice(0, 80)}`;
    const { d1, intakes } = platform;
    if (d1.hasTable("events") && d1.look("SELECT 1 FROM events WHERE id = ?1", id).length > 0) return null;
    const sql = "SELECT seq FROM journal WHERE instr(rows, ?1) > 0";
    let isWritten = false;
    for (const { storage } of intakes.all) {
      const rows = storage.look<{ seq: number }>(sql, id);
      if (rows.some(({ seq }) => storage.isDurable(seq))) return null;
      if (storage.look("SELECT 1 FROM stuck WHERE instr(row, ?1) > 0", id).length > 0) return null;
      isWritten ||= rows.length > 0;
    }
    return `${id} was answered ${one.answer.status} ${one.status}, and is ${isWritten ? "in the journal but not synced" : "nowhere"}`;
  },
};

export const heard: Invariant = {
  id: "I-11",
  says: "with faults off, an honest sender that comes again is let in",
  ended(ledger) {
    const { begun, tries, plan } = ledger;
    // A limit may go on refusing, and so may a secret that the operator has removed.
    const removed = plan.steps.some((step) => step.do === "deploy" && step.change === "lose acme secret");
    return first(begun, ({ letter, at, fetched }) => {
      if (isRefusedForItsName({ letter }, ledger)) return null;
      const refused = letter.forged !== null || letter.source === "limited" || letter.source === "secretless";
      if (refused || fetched === true || at < plan.quiet || (removed && letter.source === "acme")) return null;
      if (tries.some((one) => yes(one) && alike(one.letter, letter))) return null;
      return `${letter.source}/${letter.key} was never let in, not even after the storm`;
    });
  },
};

export const dedupe: Invariant = {
  id: "I-7",
  says: "a repeat of an acked event gets its first id, other events get others; a stranger's request consumes no key",
  answered(one, { tries }) {
    const { id, letter } = one;
    if (id === null) return null;
    return first(tries, (earlier) => {
      if (earlier.id === null) return null;
      const repeat = letter.key !== null && alike(earlier.letter, letter);
      if (repeat && earlier.id !== id) return `the repeat of ${earlier.id} was answered with ${id}`;
      if (!repeat && earlier.id === id) return `${id} stands for two events: ${nameOf(earlier)} and ${nameOf(one)}`;
      return null;
    });
  },
};

export const strangers: Invariant = {
  id: "I-13",
  says: "no forged request gets in; a refused one asks no binding but the flood guard, and leaves nothing but a few notes of refusals",
  answered(one) {
    const { letter, answer, by } = one;
    if (yes(one) && (letter.forged !== null || letter.source === "secretless"))
      return `a forged request (${letter.forged ?? "no secret is set"}) was answered ${answer.status}`;
    if (answer.status >= 400 && answer.status < 500 && ![422, 429].includes(answer.status)) {
      const did = by.did.filter((name) => !HARMLESS.some((start) => name.startsWith(start)));
      if (did.length > 0) return `a request that was answered ${answer.status} did ${did.join(", ")}`;
    }
    return null;
  },
  ended(ledger) {
    const { d1 } = ledger.platform;
    const notes = d1.hasTable("refusals")
      ? d1.look<{ n: number }>("SELECT count(*) AS n FROM refusals GROUP BY source")
      : [];
    if (notes.some(({ n }) => n > MOST_NOTES)) return `more than ${MOST_NOTES} refusals of one source are kept`;
    const erased = goneIn(ledger);
    return first(eventsOf(ledger), (row) =>
      isOwn(row, ledger) ||
      erased.has(row.id) ||
      ledger.knows(row.source, bytesOf(row, ledger), (letter) => keptBodyOf(letter, ledger.plan.traits))
        ? null
        : `D1 holds ${row.id}, which no honest sender has posted`,
    );
  },
};

/** What the relay itself has to say, where somebody is told: no request can come in by that name. */
function isOwn({ source }: EventRow, { plan }: Ledger): boolean {
  return source === "hookline" && plan.traits.includes("alerted");
}

function* acked({ tries }: Ledger): Generator<Try & { id: string }> {
  const seen = new Set<string>();
  for (const one of tries) {
    if (one.id === null || seen.has(one.id)) continue;
    seen.add(one.id);
    yield { ...one, id: one.id };
  }
}

function lost({ id, letter, at, answeredAt }: Try & { id: string }, ledger: Ledger): string | null {
  const { d1, varsOf } = viewOf(ledger);
  const [row] = d1.look<EventRow>("SELECT * FROM events WHERE id = ?1", id);
  if (row === undefined) return `${id} was acked at ${Math.round(answeredAt)} ms and is not in D1`;
  const [kept, sent] = [bytesOf(row, ledger), keptBodyOf(letter, ledger.plan.traits)];
  // Whoever was told that it is a repeat has been promised nothing, where an import was there first.
  if (isBrought(id, ledger)) return null;
  if (!same(kept, sent) && !goneIn(ledger).has(id))
    return `${id}: ${kept.length} bytes are kept, ${sent.length} were sent, and they differ`;
  const deliveries = d1.look<{ destination: string; state: string; story: string | null }>(
    "SELECT destination, state, story FROM deliveries WHERE event = ?1 ORDER BY destination",
    row.seq,
  );
  const isOurs = (destination: string) => !wasBrought(id, destination, ledger);
  const waits = ledger.plan.traits.includes("unheard") ? "held" : "";
  const open = deliveries.filter(
    ({ state, destination }) =>
      state !== "delivered" && state !== "failed" && !(destination === DESK && state === waits),
  );
  if (open.length > 0) return `${id}: ${JSON.stringify(open)} has not ended`;
  // Which acceptance came first is known where all requests before the first answer met the same configuration. Of an
  // event that came to several objects, D1 has that of the object which reached it first.
  const born = ledger.hasMoved(id) ? (ledger.moves.find((move) => move.id === id)?.at ?? Infinity) : answeredAt;
  const until = Math.max(born, answeredAt);
  const repeats = ledger.begun.filter((one) => one.letter.forged === null && alike(one.letter, letter));
  const before = repeats.filter((one) => (letter.key === null ? one.at >= at && one.at <= until : one.at <= until));
  const promised = new Set(
    before.map(({ version }) => matched(varsOf(version), letter.source, letter.type).filter(isOurs).join()),
  );
  // A dead letter was promised to nobody; when one is made is a promise of its own.
  const has = deliveries
    .flatMap(({ destination, story }) => (story === null ? destination : []))
    .filter(isOurs)
    .join();
  return promised.has(has)
    ? null
    : `${id} was promised to [${[...promised].join(" or ")}], and has deliveries to [${has}]`;
}

function alike(a: Try["letter"], b: Try["letter"]): boolean {
  return a.source === b.source && a.key === b.key && same(bodyOf(a), bodyOf(b));
}

function viewOf({ platform }: Ledger) {
  return { d1: platform.d1, varsOf: (version: number) => platform.varsOf(version) };
}

function eventsOf({ platform }: Ledger): EventRow[] {
  return platform.d1.hasTable("events") ? platform.d1.look<EventRow>("SELECT * FROM events") : [];
}

/** The body as the database holds it, read without the relay's help. */
function bytesOf({ id, receipt, encoding, body, parts }: EventRow, { platform }: Ledger): Uint8Array {
  const sql = "SELECT receipt, n, data FROM event_parts WHERE receipt = ?1 ORDER BY n";
  const rows = body === null ? platform.d1.look<{ receipt: string; n: number; data: string }>(sql, receipt) : [];
  const pieces = body === null ? rows.flatMap((row) => pieceOf(row, platform) ?? []) : [body];
  if (body === null && pieces.length !== parts) return new Uint8Array(0);
  const placeOf = (n: number) => (body === null ? `${id} part ${n}` : `${id} body`);
  return Buffer.concat(
    pieces.map(
      (piece, n) => openedAt(placeOf(n), piece) ?? Buffer.from(piece, encoding === "text" ? "utf8" : "base64"),
    ),
  );
}

function nameOf({ letter }: Try): string {
  return `${letter.source}/${letter.key} ${letter.stuff}`;
}
