// D1: makes an event out of another and a body that somebody has edited, with its one delivery,
// one audit row, and a mark beside the old event.
import { WHOLE_PARTS } from "../../bytes/body.ts";
import { GRACE_MS } from "../../deadlines.ts";
import type { Encoding } from "../../types.ts";
import { RETURNING_BELL } from "../bell.ts";
import { AUDIT, type Deed, MINE } from "./deed.ts";

/** Stands where the name of a route would; no route can be called so. */
const ROUTE = "(edited by hand)";

/** The new event, with its body as it is kept. */
interface Edition {
  /** The old event's row. */
  readonly event: number;
  /** The new event's public id, of which there is none yet. */
  readonly id: string;
  readonly destination: string;
  /** JSON, or one sealed value, as `body` is then. */
  readonly headers: string;
  readonly encoding: Encoding;
  /** In bytes, as `sha256` is of the bytes. */
  readonly size: number;
  readonly body: string;
  /** What it is before it is redacted, sealed; nothing where nothing is taken out. */
  readonly whole?: readonly string[];
  readonly sha256: string;
  /** `null` for that of the old event. */
  readonly contentType: string | null;
}

/** What was asked for first under this name, and the event that it made: `null` where the old one was gone. */
type Edited = Pick<Edition, "destination" | "sha256" | "contentType"> & { readonly event: string | null };

const OLD = "FROM events WHERE seq = ?1->>'event' AND gone IS NULL";
const HERE = `EXISTS (SELECT 1 ${OLD})`;
const MADE = "FROM events WHERE id = ?1->>'id' AND receipt = ?1->>'receipt'";

/** The target is the old event. Its deliveries stay as they are. */
export const EDIT: Deed<Edition, Edited> = {
  action: "edit",
  answer: `SELECT json_object('event', iif(${HERE}, ?1->>'id', NULL), 'destination', ?1->>'destination', 'sha256', ?1->>'sha256',
    'contentType', ?1->>'contentType')`,
  acts: [
    `${AUDIT} json_object('event', ?1->>'id', 'destination', ?1->>'destination', 'size', ?1->>'size', 'sha256', ?1->>'sha256')
     WHERE ${HERE} AND ${MINE}`,
    `INSERT INTO events (id, receipt, source, type, received_at, verified_by, headers, encoding, size, body, parts)
     SELECT ?1->>'id', ?1->>'receipt', source, type, ?1->>'now', NULL, ?1->>'headers', ?1->>'encoding', ?1->>'size', ?1->>'body', 0
     ${OLD} AND ${MINE}`,
    `INSERT INTO deliveries (event, destination, route, receipt, state, due_at, look_at)
     SELECT seq, ?1->>'destination', '${ROUTE}', receipt, 'pending', ?1->>'now', ?1->>'now' + ${GRACE_MS} ${MADE} AND ${MINE}
     ${RETURNING_BELL}`,
    `INSERT INTO event_parts (receipt, n, event, data)
     SELECT ?1->>'receipt', ${WHOLE_PARTS} + w.key, ?1->>'id', w.value FROM json_each(?1, '$.whole') w WHERE ${HERE} AND ${MINE}`,
    `INSERT INTO marks (name, value, at)
     SELECT 'whole:' || (?1->>'receipt'), ?1->>'id', ?1->>'now' WHERE ?1->'whole' IS NOT NULL AND ${HERE} AND ${MINE}`,
    // In the order of time under the old event's name, because receipts are.
    `INSERT INTO marks (name, value, at)
     SELECT 'edited:' || id || ':' || (?1->>'receipt'), json_object('event', ?1->>'id', 'destination', ?1->>'destination'), ?1->>'now'
     ${OLD} AND ${MINE}`,
  ],
};
