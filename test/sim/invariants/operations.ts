// What pauses, cancellations and inspectors promise to whoever asked for them.
import { openedAt } from "../sealed.ts";
import { LONGEST_MS } from "../cron.ts";
import type { Ledger, Moved } from "../ledger.ts";
import type { Plan } from "../plan.ts";
import { INSPECTOR } from "../settings.ts";
import { DESK } from "../listening.ts";
import { isOpen } from "./breaker.ts";
import { first, type Invariant } from "./invariant.ts";

/** A resume reaches the sweep at once, and where that fails its next minute. */
const RELEASED_MS = 180_000;
/** A pause of a destination that was removed lasts a day; then the next tick ends it, and the simulation leaves out those that find nothing. */
const FORGOTTEN_MS = 24 * 60 * 60_000 + LONGEST_MS;

export const pausedMeansPaused: Invariant = {
  id: "pause",
  says: "nothing is claimed for a destination once its pause is committed; what is held has its bell in nobody's hands and is held for a pause or an open breaker",
  moved({ id, destination, from, to, by, attempt, attemptBefore }, { platform }) {
    const name = `${id}:${destination}`;
    // Asked right behind the transaction that moved it: nothing can have come between.
    const paused = platform.d1.look("SELECT 1 FROM pauses WHERE destination = ?1", destination).length > 0;
    const opened = isOpen(platform.d1, destination);
    if (by === "claim" && to === "delivering" && paused) return `${name} was claimed while ${destination} was paused`;
    if (to === "held" && from !== "held") {
      if (destination === DESK) return null;
      if (!paused && !opened) return `${name} is held, and ${destination} is neither paused nor failing`;
      if (from !== "pending" || attempt !== attemptBefore)
        return `${name} was ${from}, attempt ${attempt}, and is held`;
    }
    return null;
  },
};

export const nothingHeldIsLost: Invariant = {
  id: "resume",
  says: "after a resume, what was held is soon pending again, and the sweep will look at it",
  moved({ id, destination, from, to, event }, { platform }) {
    if (to !== "pending" || from !== "held") return null;
    const sql = "SELECT look_at FROM deliveries WHERE event = ?1 AND destination = ?2";
    const [row] = platform.d1.look<{ look_at: number | null }>(sql, event, destination);
    return row?.look_at === null ? `${id}:${destination} is pending, and nobody will look at it` : null;
  },
  ended(ledger) {
    const { moves, plan } = ledger;
    const removed = plan.steps.some((step) => step.do === "deploy" && step.change === "remove beta");
    // In calm weather only: before, whoever releases may die, and a clock may lie.
    if (ledger.skewed) return null;
    return first(held(ledger), (one) => {
      if (endsAtBreaker(ledger, one) || (one.destination === DESK && plan.traits.includes("unheard"))) return null;
      const released = moves.find((move) => move.at >= one.at && same(move, one) && move.from === "held");
      const from = Math.max(one.at, plan.quiet);
      const most = 10 * RELEASED_MS + (removed && one.destination === "beta" ? FORGOTTEN_MS : 0);
      return released === undefined || (from === plan.quiet && released.at - from > most)
        ? `${one.id}:${one.destination} was held at ${Math.round(one.at)} ms, and let go ${released === undefined ? "never" : `${Math.round((released.at - from) / 1000)} s after the storm`}`
        : null;
    });
  },
};

export const cancelsOnce: Invariant = {
  id: "cancel",
  says: "a cancellation ends what waits or is held, never an attempt under way; once, and each is in the audit",
  moved({ id, destination, from, to, by, reason, reasonBefore }, { plan }) {
    // Whoever waited for what is cancelled is woken.
    if (by !== "cancel" || isWoken({ destination, from, to }, plan)) return null;
    const name = `${id}:${destination}`;
    const givenUp = from === "failed" && reasonBefore !== "cancelled" && plan.traits.includes("ordered");
    if (from !== "pending" && from !== "held" && !givenUp) return `${name} was ${from}, and was cancelled`;
    return to === "failed" && reason === "cancelled"
      ? null
      : `${name} was cancelled, and is ${to} (${reason ?? "no reason"})`;
  },
  ended({ platform, moves, plan }) {
    if (!platform.d1.hasTable("audit")) return null;
    const rows = platform.d1.look<{ detail: string }>("SELECT detail FROM audit WHERE action = 'cancel'");
    const audited = rows.reduce((sum, { detail }) => sum + lengthOf(detail), 0);
    const ended = moves.filter((move) => move.by === "cancel" && !isWoken(move, plan)).length;
    return audited === ended ? null : `${ended} deliveries were cancelled, and ${audited} are in the audit`;
  },
};

/** Of one that waited behind another, in the statement that has ended the other. */
function isWoken({ destination, from, to }: Pick<Moved, "destination" | "from" | "to">, { traits }: Plan): boolean {
  return destination === "alpha" && from === "pending" && to === "pending" && traits.includes("ordered");
}

interface Inspected {
  readonly proven: number;
  readonly nth: number;
  readonly attempt: number;
  readonly seen: string;
  /** `null` where it is in parts, or gone. */
  readonly body: string | null;
}

export const inspected: Invariant = {
  id: "inspect",
  says: "what an inspector has taken is there to be looked at, proven, with the bytes that were stored",
  moved({ id, destination, to, from }, { platform, plan }) {
    if (destination !== INSPECTOR || to !== "delivered" || from === "delivered") return null;
    // Its script refuses the first attempt.
    const sql = `SELECT i.proven, i.nth, i.attempt, i.body AS seen, e.body FROM inspections i JOIN events e ON e.id = i.event
      WHERE i.event = ?1 AND i.destination = ?2 ORDER BY i.nth DESC LIMIT 1`;
    const [row] = platform.d1.look<Inspected>(sql, id, destination);
    if (row === undefined || row.nth < 2) return `${id} is delivered to the inspector, which has not taken it`;
    if (row.proven !== 1) return `the inspector could not verify ${id}`;
    const { attempt, seen, body } = row;
    // Of what is redacted it has what an inspector may show.
    if (body === null || plan.traits.includes("redacted")) return null;
    const seenPlain = openedAt(`${id} inspected ${destination} ${attempt} body`, seen)?.toString() ?? seen;
    const plain = openedAt(`${id} body`, body)?.toString() ?? body;
    return seenPlain === plain ? null : `the inspector has other bytes for ${id} than D1`;
  },
};

/** It waits for a destination that does not answer any more: that it ends is the world's own end. */
function endsAtBreaker({ platform, plan }: Ledger, { destination }: Moved): boolean {
  return platform.network.moods.get(destination) !== "ok" && plan.steps.some((step) => step.do === "mood");
}

function* held({ moves }: Ledger): Generator<Moved> {
  for (const move of moves) if (move.to === "held" && move.from !== "held") yield move;
}

function same(a: Moved, b: Moved): boolean {
  return a.id === b.id && a.destination === b.destination;
}

function lengthOf(json: string): number {
  const list: unknown = JSON.parse(json);
  return Array.isArray(list) ? list.length : 0;
}
