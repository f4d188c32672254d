// Isolates that clean up after one another, by the clock of a round.
import { openDatabase } from "../../../src/d1/database.ts";
import { openUpkeep } from "../../../src/d1/upkeep.ts";
import type { Keeping } from "../../../src/contract/retention.ts";
import { type Cleanup, openCleanup } from "../../../src/sweep/cleanup.ts";
import { everything } from "./keeping.ts";
import { rows } from "./relay.ts";
import type { Round } from "./round.ts";

export const MINUTE = 60_000;
export const DAY = 24 * 60 * MINUTE;

/** A cleanup as another isolate would begin it. */
export function cleaning(round: Round, keepings: readonly Keeping[] = [everything(30 * DAY)]): Cleanup {
  const upkeep = openUpkeep(openDatabase(round.counted.database));
  return openCleanup({ upkeep, keepings, now: () => round.clock, log: round.log });
}

/** How many rows these tables have. */
export const counts = async (...tables: string[]) =>
  await Promise.all(
    tables.map(async (table) => (await rows<{ n: number }>(`SELECT count(*) AS n FROM ${table}`))[0]?.n),
  );
