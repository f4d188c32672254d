// Deliveries in every state, of the relay of the fixtures.
import type { DeliveryAnswer } from "../../src/contract/history.ts";
import { NAUGHTY, ago, ahead } from "./fixture-words.ts";

const STATES = [
  { state: "failed", reason: "exhausted", status: 503, fault: null, answer: "upstream connect error" },
  { state: "pending", reason: null, status: null, fault: "timeout", answer: null },
  { state: "delivering", reason: null, status: null, fault: null, answer: null },
  { state: "delivered", reason: null, status: 200, fault: null, answer: "ok" },
  { state: "held", reason: null, status: null, fault: null, answer: null },
  { state: "failed", reason: "gone", status: 410, fault: null, answer: NAUGHTY },
] as const;

function delivery(destination: string, one: (typeof STATES)[number], n: number, d: number): DeliveryAnswer {
  const id = `evt_${"c0ffee12".repeat(3)}${(n + d).toString(16).padStart(8, "0")}`;
  const ended = one.state === "failed" || one.state === "delivered";
  return {
    ...one,
    waits: one.state === "held" ? "breaker" : null,
    id: `${id}:${destination}`,
    event: id,
    destination,
    route: "payments",
    source: n % 2 === 0 ? "github" : "stripe",
    type: n === 4 ? NAUGHTY : "invoice.paid",
    attempt: one.state === "held" ? 0 : n + 1,
    latency_ms: one.status === null ? null : 412 * (n + 1),
    received_at: ago(n * 97),
    last_attempt_at: one.state === "held" ? null : ago(n * 90),
    next_attempt_at: one.state === "pending" ? ahead(1_800) : null,
    ended_at: ended ? ago(n * 80) : null,
  };
}

export const deliveries = ["billing", "ledger", "bin", "warehouse"].flatMap((destination, d) =>
  STATES.map((one, n) => delivery(destination, one, n, d)),
);
