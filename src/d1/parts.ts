// D1: bodies too large to travel with their event. They are written first; the event makes them its own by its receipt.
// Where a bucket is bound for them, the pieces are its objects, and their rows say whose they are.
import { INLINE_BYTES, WHOLE_PARTS } from "../bytes/body.ts";
import { Away } from "../bytes/vault.ts";
import { rowsOf, type Run } from "./database.ts";

const HEADS = `
SELECT p.receipt, p.data FROM json_each(?1) j CROSS JOIN events e ON e.seq = j.value
CROSS JOIN event_parts p ON p.receipt = e.receipt AND p.n >= ${WHOLE_PARTS} AND p.n <= ${WHOLE_PARTS} + (e.size <= ${INLINE_BYTES})
ORDER BY p.receipt, p.n`;
const READ = "SELECT n, data FROM event_parts WHERE receipt = ?1 AND n >= ?2 AND n < ?2 + ?3 ORDER BY n";
const PIECES =
  "SELECT count(*) AS n, total(data = '') AS away FROM event_parts WHERE receipt = ?1 AND event = ?2 AND n < ?3";

/** Stands in a row whose piece is an object: no piece is empty. */
export const IN_BUCKET = "";
/** The key of that object, which the trigger `piece_leaves` knows too. */
const keyOf = (receipt: string, n: number | "") => `bodies/${receipt}/${n}`;

/** The bucket of large bodies. */
export interface Bodies {
  /** What is there under this key stays. */
  put(key: string, piece: string): Promise<void>;
  /** @throws Away where it does not give it; Locked where there is none */
  get(key: string): Promise<string>;
  /** How many keys begin so, up to 1,000. */
  count(prefix: string): Promise<number>;
  /** At most 1,000. What is not there is no fault. */
  remove(keys: readonly string[]): Promise<void>;
}

export type Parts = ReturnType<typeof openParts>;

/**
 * @param run D1 with the schema in place
 * @param bodies where new pieces go; without a bucket they go into D1
 */
export function openParts(run: Run, bodies: Bodies | null = null) {
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
      const kept = bodies === null ? pieces : pieces.map(() => IN_BUCKET);
      // The rows first: what dies behind them leaves no object that nobody knows.
      await all(sql, receipt, n, event, ...kept);
      if (bodies !== null)
        await Promise.all(pieces.map(async (piece, index) => await bodies.put(keyOf(receipt, n + index), piece)));
    },

    /** Whether all pieces of a body are here, where each was kept by an order of its own that may have failed. */
    async isWhole(receipt: string, event: string, pieces: number): Promise<boolean> {
      const [{ n, away } = { n: 0, away: 0 }] = await all<{ n: number; away: number }>(PIECES, receipt, event, pieces);
      return n === pieces && (away === 0 || ((await bodies?.count(keyOf(receipt, ""))) ?? 0) >= away);
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

    /**
     * Pieces `from` … `from + count - 1`, in order.
     *
     * @throws Away and Locked as the bucket does
     */
    async read(receipt: string, from: number, count: number): Promise<string[]> {
      const rows = await all<{ n: number; data: string }>(READ, receipt, from, count);
      return await Promise.all(
        rows.map(async ({ n, data }) => {
          if (data !== IN_BUCKET) return data;
          if (bodies === null) throw new Away(UNBOUND);
          return await bodies.get(keyOf(receipt, n));
        }),
      );
    },
  };
}

const UNBOUND =
  "its body is in the bucket that was bound as EVENT_BODIES, and none is: bind it again in wrangler.toml, and deploy";
