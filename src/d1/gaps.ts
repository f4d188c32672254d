// D1: when each source's sender was last asked for what never came, and what became of it.
// Marks, and a row in the audit.
import { rowsOf, type Run } from "./database.ts";

/** What the last look has found. */
export interface Look {
  /** When it was, in ms. */
  readonly at: number;
  /** Up to when the sender's list is known, in ms. */
  readonly through: number;
  /**
   * Where a look had no room for all: it has asked for what is as old as `to` (ms), and what the next one lists again
   * was asked for `at` that time.
   */
  readonly asked?: { readonly to: number; readonly at: number };
  /** What had never come, and how much of it was asked for again or fetched. */
  readonly missed: number;
  readonly recovered: number;
  /** From when on. */
  readonly since: number;
  /** Why it came to no end. */
  readonly fault: string | null;
  /** The last look that found anything. */
  readonly last?: { readonly at: number; readonly missed: number; readonly recovered: number; readonly since: number };
}

/** A source's mark: `at` is when its sender is asked again. */
export interface KeptLook {
  readonly source: string;
  readonly look: Look | null;
  readonly nextAt: number;
}

// Takes what is due and puts it off in one statement, so that of two that ask at once one does.
const TAKE_DUE = `
INSERT INTO marks (name, value, at) SELECT 'gaps:' || value, 'null', ?3 FROM json_each(?1) WHERE true
ON CONFLICT (name) DO UPDATE SET at = excluded.at WHERE at <= ?2
RETURNING name, value, at`;
const ALL = "SELECT name, value, at FROM marks WHERE name > 'gaps:' AND name < 'gaps;'";
const NOTE = "UPDATE marks SET value = ?2, at = ?3 WHERE name = ?1";
const AUDIT = "INSERT INTO audit (at, actor, action, target, detail) VALUES (?1, 'hookline', 'gaps', ?2, ?3)";

/** The looks in D1. */
export type KeptGaps = ReturnType<typeof openGaps>;

interface Row {
  readonly name: string;
  readonly value: string;
  readonly at: number;
}

/** @param run D1 with the schema in place */
export function openGaps(run: Run) {
  const all = rowsOf(run);
  return {
    /** Every look that was ever taken. */
    async all(): Promise<KeptLook[]> {
      return (await all<Row>(ALL)).map(toLook);
    },

    /** Those of these sources whose look is due. Until `lease` nobody else gets them. */
    async takeDue(sources: readonly string[], now: number, lease: number): Promise<KeptLook[]> {
      return (await all<Row>(TAKE_DUE, JSON.stringify(sources), now, lease)).map(toLook);
    },

    /** Keeps a look; `found` is written into the audit, `null` where there is nothing to write. */
    async note(source: string, look: Look, nextAt: number, found: string | null): Promise<void> {
      await run((db) =>
        db.batch([
          db.prepare(NOTE).bind(`gaps:${source}`, JSON.stringify(look), nextAt),
          ...(found === null ? [] : [db.prepare(AUDIT).bind(look.at, source, found)]),
        ]),
      );
    },
  };
}

function toLook({ name, value, at }: Row): KeptLook {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- `note` wrote it
  return { source: name.slice("gaps:".length), look: JSON.parse(value) as Look | null, nextAt: at };
}
