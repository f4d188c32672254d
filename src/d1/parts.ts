// D1: bodies too large to travel with their event. They are written first; the event makes them its own by its receipt.
import { INLINE_BYTES, WHOLE_PARTS } from "../bytes/body.ts";
import { rowsOf, type Run } from "./database.ts";

const HEADS = `
SELECT p.receipt, p.data FROM json_each(?1) j CROSS JOIN events e ON e.seq = j.value
CROSS JOIN event_parts p ON p.receipt = e.receipt AND p.n >= ${WHOLE_PARTS} AND p.n <= ${WHOLE_PARTS} + (e.size <= ${INLINE_BYTES})
ORDER BY p.receipt, p.n`;

export type Parts = ReturnType<typeof openParts>;

/** @param run D1 with the schema in place */
export function openParts(run: Run) {
  const all = rowsOf(run);

  return {
    /**
     * Keeps pieces that follow each other, `n` being the first one's number. They belong to nothing until the event
     * with this id and receipt is accepted.
     *
     * @param pieces at most `PIECES_AT_ONCE`
     */
    async put(receipt: string, event: string, n: number, ...pieces: readonly string[]): Promise<void> {
      const values = pieces.map((_, index) => `(?1, ?2 + ${index}, ?3, ?${index + 4})`).join(", ");
      const sql = `INSERT INTO event_parts (receipt, n, event, data) VALUES ${values} ON CONFLICT DO NOTHING`;
      await all(sql, receipt, n, event, ...pieces);
    },

    /** Forgets the pieces of a body whose event was refused after all. */
    async drop(receipt: string): Promise<void> {
      await all("DELETE FROM event_parts WHERE receipt = ?1", receipt);
    },

    /** What events were before they were redacted, by their receipts: the head of each, and of a small one its body. */
    async heads(events: readonly number[]): Promise<Map<string, string[]>> {
      const rows = await all<{ receipt: string; data: string }>(HEADS, JSON.stringify(events));
      const heads = new Map<string, string[]>();
      for (const { receipt, data } of rows) heads.set(receipt, [...(heads.get(receipt) ?? []), data]);
      return heads;
    },

    /** Pieces `from` … `from + count - 1`, in order. */
    async read(receipt: string, from: number, count: number): Promise<string[]> {
      const sql = "SELECT data FROM event_parts WHERE receipt = ?1 AND n >= ?2 AND n < ?2 + ?3 ORDER BY n";
      return (await all<{ data: string }>(sql, receipt, from, count)).map((row) => row.data);
    },
  };
}
