// D1: which events come next on a walk from the oldest to the newest, for an export.
import type { ArchiveFilter } from "../contract/archive.ts";
import { rowsOf, type Run } from "./database.ts";
import { SCAN_ROWS } from "./moment.ts";

/** Events of one page, and bytes of bodies that stand beside their events: those are in memory together. */
const MOST = 200;
const MOST_BYTES = 4_000_000;

// The inner LIMIT bounds what is looked at, the outer one what is found. Bodies are not touched.
const STRETCH = `SELECT seq, source, type, received_at, size FROM events WHERE seq > ?1 ORDER BY seq LIMIT ${SCAN_ROWS}`;
const NEXT = `
SELECT seq, size FROM (${STRETCH})
WHERE (?2 IS NULL OR source = ?2) AND (?3 IS NULL OR type = ?3) AND (?4 IS NULL OR received_at >= ?4) AND (?5 IS NULL OR received_at < ?5)
LIMIT ${MOST + 1}`;
/** Where the look ended; nothing where it has seen the newest event. */
const EDGE = `SELECT seq FROM events WHERE seq > ?1 ORDER BY seq LIMIT 1 OFFSET ${SCAN_ROWS - 1}`;

/** Events by number, and behind which one the walk goes on; `null` once it has come to the newest. */
interface ExportPage {
  readonly seqs: readonly number[];
  readonly next: number | null;
}

/** @param run D1 with the schema in place */
export function openExportWalk(run: Run) {
  const all = rowsOf(run);
  return {
    /** @param inline bytes up to which a body stands beside its event */
    async page({ source, type, since, until }: ArchiveFilter, after: number, inline: number): Promise<ExportPage> {
      const rows = await all<{ seq: number; size: number }>(NEXT, after, source, type, since, until);
      let bytes = 0;
      const over = rows.findIndex(({ size }, n) => {
        bytes += size <= inline ? size : 0;
        return n === MOST || (n > 0 && bytes > MOST_BYTES);
      });
      const seqs = (over === -1 ? rows : rows.slice(0, over)).map(({ seq }) => seq);
      if (over !== -1) return { seqs, next: seqs.at(-1) ?? null };
      const [edge] = await all<{ seq: number }>(EDGE, after);
      return { seqs, next: edge?.seq ?? null };
    },
  };
}
