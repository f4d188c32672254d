// Where events are written before they are forgotten, as the statements that forget them see it.

/** Of an event that may have to go. */
interface Going {
  readonly seq: number;
  readonly receivedAt: number;
  readonly size: number;
}

/** Statements that forget events: `list` is SQL that gives a JSON array of their rows, in which `value` is ?3. */
type Forget = (list: string, value: string) => D1PreparedStatement[];

/** Statements that note where events are from now on, and forget them. */
export type Move = (db: D1Database, forget: Forget) => D1PreparedStatement[];

export interface Archiving {
  /** Events go by whole hours: how much of `before` has been so long ago. */
  wholeHours(before: number): number;
  /** Whether two of them may stand together. */
  together(first: Going, other: Going): boolean;
  /** Bytes of bodies that may stand together; one larger body stands alone. */
  readonly most: number;
  /** @throws where they were not written: then nothing of them is forgotten */
  write(seqs: readonly number[]): Promise<Move>;
}

/** The first rows of which those that go stand together. */
export function fittingTogether<Row extends Going>(
  rows: readonly Row[],
  goes: (row: Row) => boolean,
  archive: Archiving | null,
): readonly Row[] {
  const first = rows.find(goes);
  if (archive === null || first === undefined) return rows;
  let bytes = 0;
  const end = rows.findIndex((row) => {
    if (!goes(row)) return false;
    bytes += row.size;
    return row !== first && (bytes > archive.most || !archive.together(first, row));
  });
  return end === -1 ? rows : rows.slice(0, end);
}

/** The time before which events go. */
export function beforeFor(time: number, of: "events" | "bodies", archive: Archiving | null): number {
  return archive === null || of === "bodies" ? time : archive.wholeHours(time);
}
