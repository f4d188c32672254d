// From the journal to D1: one group, one transaction. A bad event is narrowed down until it stands alone.
import type { Opened } from "../d1/settlement.ts";
import type { Bell } from "../types.ts";
import type { Log } from "../log.ts";
import { within } from "../patience.ts";
import type { Group, Stuck } from "./journal.ts";

/** D1 can be silent for a minute; a commit that takes longer is repeated, which is harmless (receipts). */
const PATIENCE_MS = 30_000;

export interface CommitDeps {
  /**
   * Commits a JSON array of events, with deliveries due at `due` or opened as their first attempts say; returns bells
   * of deliveries that repeats have opened again. `again`: an earlier try may have committed them with less.
   */
  commit(rows: string, due: number, opened: readonly Opened[], again: boolean): Promise<Bell[]>;
  readonly log: Log;
}

/** What became of a group: every event of it is either in D1 or among `refused`. */
export interface Committed {
  readonly reopened: readonly Bell[];
  readonly refused: readonly Stuck[];
}

/** A group with what is known of its first attempts. */
export interface ToCommit extends Group {
  readonly opened: readonly Opened[];
  readonly again: boolean;
}

/** @throws every fault that another try may fix; the group then stays in the journal as it is */
export async function commitGroup(group: ToCommit, due: number, deps: CommitDeps): Promise<Committed> {
  try {
    return { reopened: await commitRows(group.rows, group, due, deps), refused: [] };
  } catch (error) {
    if (!isOfTheData(error)) throw error;
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the edge made these rows with JSON.stringify
    const rows = (JSON.parse(`[${group.rows}]`) as unknown[]).map((row) => JSON.stringify(row));
    return await bisect(rows, group, due, error, deps);
  }
}

async function bisect(
  rows: readonly string[],
  group: ToCommit,
  due: number,
  reason: unknown,
  deps: CommitDeps,
): Promise<Committed> {
  const [row] = rows;
  const [seed] = group.bells;
  if (row === undefined || seed === undefined) return { reopened: [], refused: [] };
  if (rows.length === 1) {
    deps.log.error("intake.event_refused", { id: seed[0], error: String(reason) });
    return { reopened: [], refused: [{ row, bells: seed, error: String(reason) }] };
  }
  const middle = Math.ceil(rows.length / 2);
  const halves = [];
  for (const [from, to] of [
    [0, middle],
    [middle, rows.length],
  ]) {
    const half = rows.slice(from, to);
    try {
      halves.push({ reopened: await commitRows(half.join(","), group, due, deps), refused: [] });
    } catch (error) {
      if (!isOfTheData(error)) throw error;
      halves.push(await bisect(half, { ...group, bells: group.bells.slice(from, to) }, due, error, deps));
    }
  }
  return { reopened: halves.flatMap(({ reopened }) => reopened), refused: halves.flatMap(({ refused }) => refused) };
}

async function commitRows(rows: string, { opened, again }: ToCommit, due: number, deps: CommitDeps): Promise<Bell[]> {
  return await within(PATIENCE_MS, "D1", deps.commit(`[${rows}]`, due, opened, again));
}

/**
 * Whether a repeat of the same statement would fail the same way. A table that is missing is ours to make, not the
 * data's fault.
 */
function isOfTheData(error: unknown): boolean {
  const text = String(error);
  return /constraint failed|SQLITE_(?:CONSTRAINT|TOOBIG|MISMATCH)|malformed JSON|too big|datatype mismatch/i.test(text);
}
