// An event from elsewhere is written into the history: out of the archive, as it was, or from another relay.
import { decodeBody, encodeParts, INLINE_BYTES, PIECES_AT_ONCE } from "../bytes/body.ts";
import type { Line } from "../contract/line.ts";
import type { Arriving } from "../d1/lines.ts";
import type { Parts } from "../d1/parts.ts";
import type { Segments } from "../d1/segments.ts";
import { receiptId } from "../ids.ts";
import { BETWEEN } from "./opened.ts";
import type { Archived } from "./read.ts";
import { arrivingOf } from "./line.ts";

interface ArriveDeps {
  readonly parts: Pick<Parts, "put">;
  readonly now: () => number;
  /** 32 hexadecimal digits. */
  readonly newId: () => string;
}

export interface RestoreDeps extends ArriveDeps {
  readonly segments: Pick<Segments, "restore">;
}

/** What D1 takes of a line, under a receipt of its own. A large body is written first, as at its acceptance. */
async function arriving(line: Line, { parts, now, newId }: ArriveDeps): Promise<Arriving> {
  const receipt = receiptId(now(), newId());
  const pieces = piecesOf(line);
  for (let n = 0; n < pieces.length; n += PIECES_AT_ONCE)
    await parts.put(receipt, line.id, n, ...pieces.slice(n, n + PIECES_AT_ONCE));
  const editions = line.edited_as.map(({ event, destination, edited_at }) => ({
    event,
    destination,
    at: Date.parse(edited_at),
  }));
  return { ...arrivingOf(line, receipt, pieces.length), editions };
}

/** The parts in which a body is kept; none where it is kept beside its event. */
function piecesOf({ sealed, gone, size, encoding, body }: Line): string[] {
  if (gone !== undefined) return [];
  if (sealed !== undefined) return sealed.parts === 0 ? [] : body.split(BETWEEN);
  return size <= INLINE_BYTES ? [] : encodeParts(decodeBody(encoding, body)).parts;
}

/**
 * Moves an event from its segment back into the history, with a row in the audit. Safe to repeat, and to do twice.
 *
 * @returns whether the history has it: not where it has left that segment meanwhile
 */
export async function restore({ key, line }: Archived, actor: string, deps: RestoreDeps): Promise<boolean> {
  return await deps.segments.restore(key, await arriving(line, deps), actor, deps.now());
}
