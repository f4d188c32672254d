// What a tunnel promises: what nobody listens to is kept, spends no attempt, goes to whoever comes in the order of the events, once.
import type { Ledger } from "../ledger.ts";
import type { Arrival } from "../network.ts";
import { EPOCH } from "../scheduler.ts";
import { DESK } from "../listening.ts";
import { isOpen } from "./breaker.ts";
import { first, type Invariant } from "./invariant.ts";

/** Statements that give an attempt back. */
const GIVES_BACK = new Set(["unheard", "give back"]);
/** `RETENTION_DAYS` of the worlds, in ms. */
const KEPT_MS = 5 * 24 * 60 * 60_000;
/** What the relay puts down where a listener went away, or never got the body in time. */
const UNANSWERED = 503;

/** Whether these are the relay's own words, because a listener has said nothing. */
export function isUnanswered(destination: string, status: number): boolean {
  return destination === DESK && status === UNANSWERED;
}

export const heldForFree: Invariant = {
  id: "tunnel holds",
  says: "what is held for a listener has spent no attempt, and an attempt that is given back was never posted",
  moved({ id, destination, from, to, by, attempt, attemptBefore }, ledger) {
    if (destination !== DESK) return null;
    const name = `attempt ${attemptBefore} of ${id}:${DESK}`;
    if (to === "held" && from === "pending" && attempt !== attemptBefore)
      return `${id}:${DESK} is held, and has spent an attempt`;
    if (from !== "delivering" || !(GIVES_BACK.has(by) || to === "held")) return null;
    if (attempt !== attemptBefore - 1) return `${name} was not made, and counts`;
    return postsOf(id, ledger).some((post) => numberOf(post) === attemptBefore) && !ledger.skewed
      ? `${name} was given back, and was posted`
      : null;
  },
  ended(ledger) {
    const { platform, plan } = ledger;
    // Where machines neither die nor sleep, each attempt was a post.
    if (!isQuiet(ledger) || plan.steps.some((step) => step.do === "listen" && step.act !== "come")) return null;
    const rows = platform.d1.look<{ id: string; attempt: number }>(
      "SELECT e.id, d.attempt FROM deliveries d JOIN events e ON e.seq = d.event WHERE d.destination = ?1",
      DESK,
    );
    return first(rows, ({ id, attempt }) => {
      const posts = postsOf(id, ledger).length;
      return posts === attempt ? null : `${id}:${DESK} has spent ${attempt} attempts, and was posted ${posts} times`;
    });
  },
};

const EARLIER = `
SELECT e.id FROM deliveries h JOIN events e ON e.seq = h.event
WHERE h.destination = ?1 AND h.state = 'held' AND h.waits = 'tunnel' AND h.event < ?2 LIMIT 1`;

export const inTheirOrder: Invariant = {
  id: "tunnel order",
  says: "nothing of a tunnel is claimed or released while an earlier event of it is held, and whoever comes gets what was held in its order",
  moved({ id, destination, event, from, by }, { platform }) {
    if (destination !== DESK || (by !== "claim" && !(by === "release" && from === "held"))) return null;
    // Asked right behind the transaction that moved it: nothing can have come between.
    const [earlier] = platform.d1.look<{ id: string }>(EARLIER, DESK, event);
    return earlier === undefined ? null : `${id}:${DESK} comes (${by}) before ${earlier.id}, which is held`;
  },
  arrived({ destination, headers }, ledger) {
    if (destination !== DESK || !isQuiet(ledger)) return null;
    const { waiting } = ledger.platform.desk;
    const at = waiting.findIndex(({ id }) => id === headers["webhook-id"]);
    const [earliest] = waiting;
    return at > 0 && earliest !== undefined && isStillHeld(earliest.event, ledger)
      ? `${headers["webhook-id"]} was posted before ${earliest.id}, which was held when somebody came`
      : null;
  },
};

function isStillHeld(event: number, { platform }: Ledger): boolean {
  const sql = "SELECT 1 FROM deliveries WHERE event = ?1 AND destination = ?2 AND state = 'held' AND waits = 'tunnel'";
  return platform.d1.look(sql, event, DESK).length > 0;
}

export const onceEach: Invariant = {
  id: "tunnel twice",
  says: "what somebody who listens has answered with 2xx comes again only where the relay never heard that",
  ended(ledger) {
    if (!isQuiet(ledger) || ledger.plan.steps.some((step) => step.do === "replay" || step.do === "bulk")) return null;
    const ids = new Set(
      ledger.platform.network.arrivals.filter(isPost).map(({ headers }) => headers["webhook-id"] ?? ""),
    );
    return first(ids, (id) => {
      const posts = postsOf(id, ledger);
      const again = posts.find(
        (post, at) => at < posts.length - 1 && post.status !== null && post.status < 300 && post.saidAt !== null,
      );
      return again === undefined ? null : `attempt ${numberOf(again)} of ${id} was answered, and it came again`;
    });
  },
};

export const keptForListeners: Invariant = {
  id: "tunnel ends",
  says: "what waits for a listener ends by itself with its retention alone, and not before",
  moved({ id, destination, event, to, from, by, reason }, { platform, scheduler, skewed }) {
    if (destination !== DESK || from !== "held" || to !== "failed" || reason === "cancelled") return null;
    // At a breaker it waits no longer than its schedule lasts.
    if (isOpen(platform.d1, DESK)) return null;
    if (by !== "end unheard" || reason !== "expired")
      return `${id}:${DESK} was held, and "${by}" has failed it (${reason})`;
    const [row] = platform.d1.look<{ at: number }>("SELECT received_at AS at FROM events WHERE seq = ?1", event);
    const age = scheduler.now + EPOCH - (row?.at ?? 0);
    return age < KEPT_MS - 1_000 && !skewed
      ? `${id}:${DESK} was given up ${Math.round(age / 60_000)} minutes after its event had come`
      : null;
  },
};

/** Whether nothing but listeners, receivers and sockets went wrong. */
function isQuiet({ scheduler, plan }: Ledger): boolean {
  const harmless = new Set(["post", "mood", "listen"]);
  return (
    scheduler.hits.every(({ point }) => point.kind === "socket") && plan.steps.every((step) => harmless.has(step.do))
  );
}

function isPost({ destination }: Arrival): boolean {
  return destination === DESK;
}

function postsOf(id: string, ledger: Ledger): Arrival[] {
  return ledger.arrivalsOf(id, DESK);
}

function numberOf({ headers }: Arrival): number {
  return Number(headers["hookline-attempt"]);
}
