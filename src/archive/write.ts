// What retention is about to remove is written into a segment first; D1 lets go of it in the transaction that notes the
// segment. So every event is in one place that is read, whenever what crashes.
import { isSealed } from "../bytes/vault.ts";
import type { Archiving } from "../d1/archiving.ts";
import type { Lines } from "../d1/lines.ts";
import type { Parts } from "../d1/parts.ts";
import type { Segments } from "../d1/segments.ts";
import type { WholeEventRow } from "../d1/rows.ts";
import type { Log } from "../log.ts";
import type { Bucket } from "./bucket.ts";
import { headOf } from "./line.ts";
import { BETWEEN } from "./opened.ts";
import { hourOf, keyOf, zip } from "./segment.ts";

/** Bytes of bodies in one segment: it is read as a whole. */
const MOST_BYTES = 8_000_000;
/** Parts of a body that one query fetches, of 1 MB each. */
const PARTS_AT_ONCE = 8;

export interface WriteDeps {
  readonly bucket: Bucket;
  readonly segments: Pick<Segments, "begin" | "move">;
  readonly lines: Pick<Lines, "read">;
  readonly parts: Pick<Parts, "read">;
  readonly now: () => number;
  /** 32 hexadecimal digits. */
  readonly newId: () => string;
  readonly log: Log;
}

/** Writes what is to be removed, a segment at a time. */
export function openArchiving({ bucket, segments, lines, parts, now, newId, log }: WriteDeps): Archiving {
  return {
    most: MOST_BYTES,
    wholeHours: hourOf,
    together: (one, other) => hourOf(one.receivedAt) === hourOf(other.receivedAt),

    async write(seqs) {
      const events = await lines.read(seqs);
      const [first] = events;
      if (first === undefined) return () => [];
      async function* whole() {
        for (const rows of events) yield { head: headOf(rows), body: bodyOf(rows.event, parts) };
      }
      const bytes = await zip(whole());
      const key = keyOf(
        first.event.receivedAt,
        events.map(({ event }) => event.event),
        newId(),
      );
      const sources = [...new Set(events.map(({ event }) => event.source))];
      await segments.begin({ key, sources, size: bytes.length }, now());
      await bucket.put(key, bytes);
      log.info("archive.written", { key, events: events.length, bytes: bytes.length });
      return segments.move({ key, holds: events.map(({ event: { event: seq, print } }) => ({ seq, print })) }, now());
    },
  };
}

/** A body as it is stored, piece by piece. */
async function* bodyOf(
  { receipt, headers, body, parts: count }: Pick<WholeEventRow, "receipt" | "headers" | "body" | "parts">,
  parts: Pick<Parts, "read">,
): AsyncGenerator<string, void> {
  if (body !== null) yield body;
  const between = isSealed(headers) ? BETWEEN : "";
  for (let from = 0; from < count; from += PARTS_AT_ONCE) {
    const pieces = await parts.read(receipt, from, PARTS_AT_ONCE);
    yield (from === 0 ? "" : between) + pieces.join(between);
  }
}
