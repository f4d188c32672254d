// What alpha asks for beyond a signed POST: the shape of its requests, an age limit, dead letters, and the receiver's own stop.
import type { Ledger } from "../ledger.ts";
import { EPOCH } from "../scheduler.ts";
import { CANARY } from "../settings.ts";
import { MAX_AGE_MS } from "../traits.ts";
import { first, type Invariant } from "./invariant.ts";

/** From the look at an event's age until its request arrives: a slow D1 may give the body late, in ms. */
const UNDER_WAY_MS = 30_000;

/** Headers and query of alpha's entry with their secrets in place, written out by hand. */
export const SHAPED = {
  method: "PUT",
  url: `https://alpha.example.com/hook?key=${CANARY}-crm%20key%2F%26`,
  headers: {
    authorization: `Bearer ${CANARY}-crm-token`,
    "x-tenant": "7",
    "content-type": "application/vnd.acme+json",
  },
} as const;

export const shapes: Invariant = {
  id: "I-27",
  says: "a destination with a shape gets every request in it, and no other destination does",
  arrived({ destination, method, url, headers }, { plan }) {
    if (destination === "trap" || destination === "nobody") return null;
    const wanted: Readonly<Record<string, string>> = SHAPED.headers;
    const own = destination === "alpha" && plan.traits.includes("shaped");
    const has = Object.entries(wanted).filter(([name, value]) => headers[name] === value).length;
    const fits = method === SHAPED.method && url.replaceAll("+", "%20") === SHAPED.url && has === 3;
    if (own) return fits ? null : `alpha got ${method} ${url} with ${has} of 3 headers of its own`;
    return method === "POST" && has === 0 && !url.includes("?") ? null : `${destination} got ${method} ${url}`;
  },
};

export const ages: Invariant = {
  id: "I-28",
  says: "no attempt begins at an event that is older than max_age, unless somebody has replayed it",
  arrived({ destination, headers, at }, ledger) {
    const { plan, platform, skewed } = ledger;
    if (destination !== "alpha" || !plan.traits.includes("aging") || skewed) return null;
    const id = headers["webhook-id"] ?? "";
    if (!platform.d1.hasTable("events")) return null;
    const [event] = platform.d1.look<{ at: number }>("SELECT received_at AS at FROM events WHERE id = ?1", id);
    const claim = ledger.movesOf(id, destination).findLast(({ by }) => by === "claim");
    if (event === undefined || (claim?.round ?? 0) > 0) return null;
    const age = at + EPOCH - event.at;
    return age > MAX_AGE_MS + UNDER_WAY_MS
      ? `attempt ${headers["hookline-attempt"]} of ${id} came when it was ${Math.round(age / 1000)} s old`
      : null;
  },
};

interface Letter {
  readonly id: string;
  readonly reason: string;
  readonly story: string | null;
  readonly letters: number;
}

export const deadLetters: Invariant = {
  id: "I-29",
  says: "what has failed at a destination with on_failed goes to the other one, with its story, and nothing else does",
  arrived({ destination, headers }, ledger) {
    const from = headers["hookline-failed-destination"];
    if (from === undefined) return null;
    const id = headers["webhook-id"] ?? "";
    if (destination !== "gamma" || from !== "alpha") return `${destination} got a dead letter of ${from}`;
    const failed = ledger.movesOf(id, "alpha").some(({ to }) => to === "failed");
    return failed ? null : `gamma got a dead letter of ${id}, which has not failed at alpha`;
  },
  ended({ platform: { d1 }, plan }) {
    if (!plan.traits.includes("letters") || !d1.hasTable("deliveries")) return null;
    const sql = `SELECT e.id, d.reason, g.story, (g.event IS NOT NULL) AS letters FROM deliveries d
      JOIN events e ON e.seq = d.event LEFT JOIN deliveries g ON g.event = d.event AND g.destination = 'gamma'
      WHERE d.destination = 'alpha' AND d.state = 'failed' AND d.reason <> 'cancelled'`;
    return first(d1.look<Letter>(sql), ({ id, reason, letters }) =>
      letters === 0 ? `${id} has failed at alpha (${reason}), and gamma was never to get it` : null,
    );
  },
};

/** Arrivals whose answer asked for something. Where nothing is cut off, each is heard. */
function askedOf({ platform }: Ledger, asked: "abort" | "disable") {
  return platform.network.arrivals.filter((one) => one.asked === asked);
}

export const stops: Invariant = {
  id: "I-30",
  says: "a receiver's own stop ends that delivery at once; one that wants nothing any more is paused, and the audit names it",
  ended(ledger) {
    if (!ledger.calm) return null;
    const { d1 } = ledger.platform;
    const aborted = first(askedOf(ledger, "abort"), ({ headers, destination }) => {
      const later = ledger
        .arrivalsOf(headers["webhook-id"] ?? "", destination)
        .some((one) => Number(one.headers["hookline-attempt"]) > Number(headers["hookline-attempt"]));
      return later ? `${headers["webhook-id"]} came again, and ${destination} had ended it` : null;
    });
    if (aborted !== null) return aborted;
    if (askedOf(ledger, "disable").length === 0) return null;
    const paused = d1.look("SELECT 1 FROM audit WHERE action = 'pause' AND target = 'alpha'");
    return paused.length > 0 ? null : "alpha wanted no more deliveries, and nothing was paused";
  },
};
