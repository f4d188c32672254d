// What a route makes of an event: that and nothing else arrives, in every attempt, whatever becomes of the route.
import type { Arrival } from "../network.ts";
import type { Plan } from "../plan.ts";
import { EPOCH } from "../scheduler.ts";
import { remade } from "../traits.ts";
import { unasked } from "./firsts.ts";
import { first, type Invariant } from "./invariant.ts";

/** Whether a request carries what the route has made: of events that it takes, and not of those that a person has edited. */
export function isRemade({ destination, headers }: Arrival, { traits }: Plan): boolean {
  const source = headers["hookline-source"];
  const routed = source === "acme" || source === "limited" || source === "fenced";
  return destination === "beta" && routed && headers["hookline-edited-from"] === undefined && traits.includes("remade");
}

interface Row {
  readonly id: string;
  readonly type: string;
  readonly at: number;
}

export const remakes: Invariant = {
  id: "I-31",
  says: "what a route makes of an event is what arrives, in every attempt; where it makes nothing, or is gone, the event does not arrive as it came",
  arrived(arrival, ledger) {
    if (!isRemade(arrival, ledger.plan)) return null;
    const { body, headers } = arrival;
    const id = headers["webhook-id"] ?? "";
    const made = remade(id, headers["hookline-event-type"] ?? "");
    if (made !== null && Buffer.from(body).toString() === made) return null;
    // What came in after the route was gone goes by another, as it came; by which clock, nobody knows where clocks jump.
    const dropped = ledger.plan.steps.find((step) => step.do === "deploy" && step.change === "drop remade");
    if (dropped !== undefined && ledger.skewed) return null;
    const { d1 } = ledger.platform;
    const [row] = d1.hasTable("events")
      ? d1.look<Row>("SELECT id, type, received_at AS at FROM events WHERE id = ?1", id)
      : [];
    const since = row?.at ?? arrival.at + EPOCH;
    if (dropped !== undefined && since >= dropped.at + EPOCH) return null;
    // So does a repeat that comes while D1 is silent: it is sent as if it were new.
    if (dropped !== undefined && arrival.at >= dropped.at && unasked(ledger, arrival.at)) return null;
    return `beta got ${id} as ${Buffer.from(body).toString("latin1").slice(0, 80)}, and its route makes ${made ?? "nothing"}`;
  },
  ended({ platform: { d1 }, plan }) {
    if (!plan.traits.includes("remade") || !d1.hasTable("deliveries")) return null;
    const sql = `SELECT e.id, e.type, e.received_at AS at FROM deliveries d JOIN events e ON e.seq = d.event
      WHERE d.destination = 'beta' AND d.route = 'remade' AND d.state = 'delivered' AND e.type = 'star'`;
    return first(d1.look<Row>(sql), ({ id }) => `${id} is delivered to beta, and its transform never ends`);
  },
};
