// Events in order: what is claimed comes behind nothing that is open, and the order is that in which senders were answered.
import { goneIn } from "../bodiless.ts";
import type { Ledger, Try } from "../ledger.ts";
import { first, type Invariant, yes } from "./invariant.ts";

const isOrdered = ({ plan }: Ledger) => plan.traits.includes("ordered");

interface Earlier {
  readonly id: string;
  readonly state: string;
}

/** Deliveries to alpha of earlier events of the same source; what somebody has sent there by hand is in no order. */
const EARLIER = `
SELECT e.id, d.state FROM deliveries d JOIN events e ON e.seq = d.event
WHERE d.destination = 'alpha' AND d.route NOT LIKE '(%' AND d.event < ?1
  AND e.source = (SELECT source FROM events WHERE seq = ?1) ORDER BY d.event`;

/** Whether it has been delivered before: then it has had its turn. */
const hadItsTurn = (id: string, ledger: Ledger) => ledger.movesOf(id, "alpha").some(({ to }) => to === "delivered");

/** Whether an event waits at alpha for an earlier one, or has until a moment ago: what wakes it rings for it. */
export function isBehind(id: string, since: number, { plan, platform: { d1 } }: Ledger): boolean {
  if (!plan.traits.includes("ordered")) return false;
  const ended = plan.traits.includes("stopping") ? "d.state = 'delivered'" : "d.state IN ('delivered', 'failed')";
  const sql = `SELECT 1 FROM events own JOIN events e ON e.source = own.source AND e.seq < own.seq
    JOIN deliveries d ON d.event = e.seq AND d.destination = 'alpha'
    WHERE own.id = ?1 AND (NOT ${ended} OR d.ended_at >= ?2) LIMIT 1`;
  return d1.look(sql, id, since).length > 0;
}

export const inOrder: Invariant = {
  id: "I-8",
  says: "of a destination with an order no event is attempted before an earlier one of its key has ended, unless it was delivered before",
  moved({ id, event, destination, to, by }, ledger) {
    if (destination !== "alpha" || to !== "delivering" || by !== "claim" || !isOrdered(ledger)) return null;
    const { d1 } = ledger.platform;
    const own = d1.look(
      "SELECT 1 FROM deliveries WHERE event = ?1 AND destination = 'alpha' AND route LIKE '(%'",
      event,
    );
    if (own.length > 0 || hadItsTurn(id, ledger)) return null;
    const stops = ledger.plan.traits.includes("stopping");
    return first(d1.look<Earlier>(EARLIER, event), ({ id: earlier, state }) => {
      // What is deleted stops nobody any more.
      if (state === "delivered" || hadItsTurn(earlier, ledger) || goneIn(ledger).has(earlier)) return null;
      if (state !== "failed") return `${id} was claimed while ${earlier}, which came before it, was ${state}`;
      const [row] = d1.look<{ reason: string }>(
        "SELECT reason FROM deliveries JOIN events ON seq = event WHERE id = ?1 AND destination = 'alpha'",
        earlier,
      );
      return stops && row?.reason !== "cancelled" ? `${id} was claimed, and ${earlier} before it has failed` : null;
    });
  },
  arrived({ destination, headers, by }, ledger) {
    if (destination !== "alpha" || !isOrdered(ledger) || !by.what.startsWith("fetch ")) return null;
    const id = headers["webhook-id"] ?? "";
    return id.startsWith("evt_test")
      ? null
      : `${id} came from the isolate that accepted it, and nobody knew who was first`;
  },
};

interface Accepted extends Try {
  /** When the sender first asked. */
  readonly asked: number;
}

export const orderOfAcceptance: Invariant = {
  id: "I-33",
  says: "of events of one source with an order, one that was answered before another was sent comes before it",
  ended(ledger) {
    const { plan, tries, begun, platform } = ledger;
    // With a change of the number of objects, and where D1 refuses an event for what it is, it is said that it need not.
    if (!isOrdered(ledger) || plan.steps.some((step) => step.do === "shards" || step.do === "poison")) return null;
    if (!platform.d1.hasTable("events")) return null;
    const rows = platform.d1.look<{ id: string; seq: number }>("SELECT id, seq FROM events");
    const seqs = new Map(rows.map(({ id, seq }) => [id, seq]));
    const seen = new Set<string>();
    const accepted: Accepted[] = [];
    for (const one of tries) {
      if (one.id === null || !yes(one) || one.status !== "accepted" || seen.has(one.id)) continue;
      seen.add(one.id);
      const same = begun.filter(
        ({ letter: { source, key, type, stuff, forged } }) =>
          source === one.letter.source &&
          key === one.letter.key &&
          type === one.letter.type &&
          stuff === one.letter.stuff &&
          forged === null,
      );
      accepted.push({ ...one, asked: Math.min(one.at, ...same.map(({ at }) => at)) });
    }
    return first(accepted, (one) => {
      const later = accepted.find(
        (other) =>
          other.letter.source === one.letter.source &&
          one.answeredAt < other.asked &&
          (seqs.get(other.id ?? "") ?? Infinity) < (seqs.get(one.id ?? "") ?? -Infinity),
      );
      return later === undefined ? null : `${later.id} comes before ${one.id}, which was accepted before it was sent`;
    });
  },
};
