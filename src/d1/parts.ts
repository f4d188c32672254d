// D1: bodies too large to travel with their event. They are written first; the event makes them its own by its receipt.
import { rowsOf, type Run } from "./database.ts";

export type Parts = ReturnType<typeof openParts>;

/** @param run D1 with the schema in place */
export function openParts(run: Run) {
  const all = rowsOf(run);

  return {
    /**
     * Keeps one piece, or two that follow each other: a body of 25 MiB has 35 of them, and the free plan's invocation 50 statements.
     * They belong to nothing until the event with this id and receipt is accepted.
     */
    async put(receipt: string, event: string, n: number, data: string, next?: string): Promise<void> {
      const second = next === undefined ? "" : ", (?1, ?2 + 1, ?3, ?5)";
      const sql = `INSERT INTO event_parts (receipt, n, event, data) VALUES (?1, ?2, ?3, ?4)${second} ON CONFLICT DO NOTHING`;
      await all(sql, receipt, n, event, data, ...(next === undefined ? [] : [next]));
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
