// Breakers: when one opens, who is let through while it is open, and that none forgets what waits.
import type { D1 } from "../d1.ts";
import type { Ledger, Moved } from "../ledger.ts";
import { EPOCH } from "../scheduler.ts";
import { unheardIn } from "../listening.ts";
import type { Invariant } from "./invariant.ts";

/** The relay's own rule, from the issue that asked for it: so many failures in a row, over so many ms. */
const FAILURES = 10;
const OVER_MS = 30_000;

/** Whether the breaker of a destination is open at this moment. */
export function isOpen(d1: D1, destination: string): boolean {
  return openedAt(d1, destination) !== null;
}

function openedAt(d1: D1, destination: string): number | null {
  const sql = "SELECT opened_at AS at FROM breakers WHERE destination = ?1";
  return d1.look<{ at: number | null }>(sql, destination)[0]?.at ?? null;
}

/** Attempts at a destination that D1 was told of, oldest first: whether they succeeded, and when it was told. */
function* told({ moves }: Ledger, destination: string): Generator<{ good: boolean; at: number }> {
  for (const move of moves) {
    if (move.destination !== destination) continue;
    if (move.to === "delivered" && move.from !== "delivered") yield { good: true, at: move.at };
    else if (isFailure(move)) yield { good: false, at: move.at };
  }
}

function isFailure({ by, from, to, attempt, reason }: Moved): boolean {
  if (to !== "pending" && (to !== "failed" || reason !== "exhausted")) return false;
  // A commit that is repeated brings the end of a first attempt that was under way before.
  return (
    ((by === "settle" || by === "commit") && from === "delivering") ||
    (by === "commit" && from === null && attempt === 1)
  );
}

export const opensLate: Invariant = {
  id: "breaker opens",
  says: "deliveries wait for a breaker only after ten failures in a row over half a minute without a success",
  moved({ destination, from, to }, ledger) {
    const { d1 } = ledger.platform;
    if (to !== "held" || from === "held" || !isOpen(d1, destination)) return null;
    const all = [...told(ledger, destination)];
    const opened = (openedAt(d1, destination) ?? 0) - EPOCH;
    // What was told after it had opened says nothing of why.
    const before = all.filter(({ at }) => at <= opened + 1);
    const streak = before.slice(before.findLastIndex(({ good }) => good) + 1);
    const over = (streak.at(-1)?.at ?? 0) - (streak[0]?.at ?? 0);
    return streak.length < FAILURES || over < OVER_MS - 1
      ? `${destination} has an open breaker after ${streak.length} failures in a row over ${Math.round(over)} ms`
      : null;
  },
};

export const oneProbe: Invariant = {
  id: "breaker probes",
  says: "while a breaker is open one delivery at a time is claimed, and none that waits spends an attempt",
  moved({ id, destination, from, to, by, attempt, attemptBefore }, ledger) {
    const { d1 } = ledger.platform;
    if (from === "pending" && to === "held" && attempt !== attemptBefore)
      return `${id}:${destination} waits, and has spent an attempt`;
    if (by !== "claim" || to !== "delivering") return null;
    const opened = openedAt(d1, destination);
    if (opened === null) return null;
    const claims = ledger.moves.filter(
      (move) => move.destination === destination && move.by === "claim" && move.at + EPOCH > opened + 1,
    );
    const sql = `SELECT 1 FROM deliveries d JOIN events e ON e.seq = d.event
      WHERE e.id = ?1 AND destination = ?2 AND state = 'delivering' AND attempt = ?3`;
    const other = claims.find((move) => move.id !== id && d1.look(sql, move.id, destination, move.attempt).length > 0);
    return other === undefined
      ? null
      : `${id} was claimed for ${destination}, whose breaker is open, while ${other.id} probes it`;
  },
};

export const nothingForgotten: Invariant = {
  id: "breaker ends",
  says: "what waited for a breaker has ended, and no breaker stays open for a destination that took something since",
  ended({ platform, plan }) {
    if (!platform.d1.hasTable("breakers")) return null;
    const waits = platform.d1.look(`SELECT 1 FROM deliveries WHERE state = 'held' AND NOT ${unheardIn(plan)}`);
    return waits.length === 0 ? null : `${waits.length} deliveries are held in the end`;
  },
};
