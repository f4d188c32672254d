// D1: bodies too large to travel with their event. They are written first; the event makes them its own by its receipt.
import { rowsOf, type Run } from "./database.ts";

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

    /** Pieces `from` … `from + count - 1`, in order. */
    async read(receipt: string, from: number, count: number): Promise<string[]> {
      const sql = "SELECT data FROM event_parts WHERE receipt = ?1 AND n >= ?2 AND n < ?2 + ?3 ORDER BY n";
      return (await all<{ data: string }>(sql, receipt, from, count)).map((row) => row.data);
    },
  };
}
