// What an edit promises: one new event for each key, with its audit row and its one delivery, and nothing of the old event moved.
import { goneIn } from "../bodiless.ts";
import { openedAt } from "../sealed.ts";
import { createHash } from "node:crypto";
import { type Asked, bodyOfEdit } from "../edits.ts";
import type { Ledger } from "../ledger.ts";
import { first, type Invariant } from "./invariant.ts";

/** The name of its transaction in d1.ts. */
const EDIT = "edit";
const HEADER = "hookline-edited-from";

interface Made {
  readonly id: string;
  readonly of: string;
  readonly body: string;
  readonly size: number;
  readonly sent: string | null;
}
interface Entry {
  readonly of: string;
  readonly id: string;
  readonly destination: string;
  readonly size: number;
  readonly sha256: string;
}

export const editsOnce: Invariant = {
  id: "I-18",
  says: "an edited event is there exactly with its audit row, once for each key; it goes to its one destination, and the old event's deliveries stay as they are",
  moved({ id, destination, from, by, to }, ledger) {
    if (by !== EDIT) return null;
    if (from !== null) return `${id}:${destination} was ${from}, and an edit made it ${to}`;
    return madeIn(ledger).some((made) => made.id === id)
      ? null
      : `an edit opened a delivery of ${id}, which it did not make`;
  },
  arrived({ headers, destination, body }, { edits }) {
    const [id, of] = [headers["webhook-id"] ?? "", headers[HEADER]];
    if (of === undefined) return null;
    const wanted = edits.find((one) => one.of === of && same(bodyOfEdit(one.edit), body));
    if (wanted === undefined) return `${destination} got ${id}, edited from ${of}, and nobody has asked for that`;
    // A dead letter of it is promised elsewhere.
    return wanted.edit.destination === destination || headers["hookline-failed-destination"] !== undefined
      ? null
      : `${id} was made for ${wanted.edit.destination}, and ${destination} got it`;
  },
  ended(ledger) {
    const { platform, edits } = ledger;
    if (!platform.d1.hasTable("audit")) return null;
    const [all, entries] = [madeIn(ledger), auditOf(ledger)];
    return (
      first(all, (made) => wrong(made, entries)) ??
      first(entries, ({ id, of }) =>
        all.some((made) => made.id === id) || goneIn(ledger).has(id)
          ? null
          : `the audit tells of ${id}, edited from ${of}, which is not there`,
      ) ??
      first(edits, (asked) => repeated(asked, edits, all, goneIn(ledger)))
    );
  },
};

function wrong({ id, of, body, size, sent }: Made, entries: readonly Entry[]): string | null {
  const own = entries.filter((entry) => entry.id === id);
  if (own.length !== 1) return `${id} was edited from ${of}, and has ${own.length} rows in the audit`;
  const sha256 = createHash("sha256").update(body).digest("hex");
  const [entry] = own;
  if (entry?.of !== of || entry.sha256 !== sha256 || entry.size !== size)
    return `the audit tells something else of ${id}`;
  return sent === entry.destination ? null : `${id} was made for ${entry.destination}, and goes to ${sent ?? "nobody"}`;
}

/** One key, one event, whoever asks how often; and one that was told is there. */
function repeated(
  { edit, of }: Asked,
  edits: readonly Asked[],
  all: readonly Made[],
  erased: ReadonlySet<string>,
): string | null {
  const told = new Set(edits.flatMap((one) => (one.edit.key === edit.key && one.of === of ? one.answers : [])));
  if (told.size > 1) return `${edit.key} was answered with ${[...told].join(" and ")}`;
  const made = all.filter((one) => one.of === of && one.body === Buffer.from(bodyOfEdit(edit)).toString());
  if (made.length > 1) return `${edit.key} made ${made.map(({ id }) => id).join(" and ")}`;
  return first(told, (answer) =>
    made.some(({ id }) => answer.includes(id)) || [...erased].some((id) => answer.includes(id))
      ? null
      : `${answer} was told, and there is no such event`,
  );
}

function madeIn({ platform }: Ledger): Made[] {
  if (!platform.d1.hasTable("events")) return [];
  const rows = platform.d1.look<Omit<Made, "of"> & { headers: string }>(`
    SELECT id, headers, body, size,
      (SELECT group_concat(destination) FROM deliveries WHERE event = events.seq AND story IS NULL) AS sent
    FROM events`);
  return rows.flatMap(({ headers, body, ...row }) => {
    const text = (openedAt(`${row.id} headers`, headers) ?? headers).toString();
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the relay wrote it from its headers
    const { [HEADER]: of } = JSON.parse(text) as Record<string, string>;
    return of === undefined || body === null
      ? []
      : [{ ...row, of, body: (openedAt(`${row.id} body`, body) ?? body).toString() }];
  });
}

function auditOf({ platform }: Ledger): Entry[] {
  return platform.d1.look<Entry>(`
    SELECT target AS of, detail->>'event' AS id, detail->>'destination' AS destination, detail->>'size' AS size,
      detail->>'sha256' AS sha256
    FROM audit WHERE action = 'edit'`);
}

function same(one: Uint8Array, other: Uint8Array): boolean {
  return Buffer.compare(one, other) === 0;
}
