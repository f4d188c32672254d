// What the archive of the fixtures' relay holds: a walk that is not at its end, and a type that is markup.
import type { EventPage } from "../../src/contract/history.ts";
import { NAUGHTY, ago } from "./fixture-words.ts";

const DAY = 86_400;

export const archived: EventPage = {
  events: ["invoice.paid", NAUGHTY, "push"].map((type, n) => ({
    id: `evt_${String(n).repeat(32)}`,
    source: n === 2 ? "github" : "stripe",
    type,
    received_at: ago((40 + n) * DAY),
    verified_by: n === 1 ? null : "STRIPE_SECRET_OLD",
    size: 4_096 * (n + 1) ** 4,
    deliveries: [
      { destination: "billing", state: "delivered" },
      { destination: "archive-of-everything-that-ever-happened-in-the-emea-region", state: "failed" },
    ],
    undecided: n === 1,
  })),
  next: "bmV4dA",
  complete: false,
  scanned: 50,
  looked_back_to: ago(44 * DAY),
};
