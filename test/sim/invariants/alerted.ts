// What somebody was told: of every delivery that has failed for good, once for each cause, and of nothing that has not been.
import { PAGER, toldIn } from "../alerted.ts";
import { first, type Invariant } from "./invariant.ts";

export const toldOnce: Invariant = {
  id: "told once",
  says: "whoever is on call is told once that something is wrong, and once that it is over, whatever dies in between",
  ended: ({ platform }) => alternates(platform),
  expired: ({ platform }) => alternates(platform),
};

function alternates(platform: Parameters<typeof toldIn>[0]): string | null {
  const last = new Map<string, string>();
  return first(toldIn(platform), ({ type, rule, subjects }) =>
    first(subjects, (subject) => {
      const before = last.get(`${rule} ${subject}`) ?? "alert.ended";
      last.set(`${rule} ${subject}`, type);
      return before === type ? `${rule} of ${subject} was told twice as ${type}` : null;
    }),
  );
}

export const everyFailureIsTold: Invariant = {
  id: "failures are told",
  says: "of every destination for which a delivery has failed for good somebody is told, and never of the notices themselves",
  ended({ platform, plan }) {
    if (!plan.traits.includes("alerted") || !platform.d1.hasTable("alerts")) return null;
    const told = toldIn(platform).filter(({ rule, type }) => rule === "delivery-failed" && type === "alert.opened");
    const subjects = new Set(told.flatMap((one) => one.subjects));
    if (subjects.has(PAGER)) return "a notice that could not be delivered was the cause of another";
    // By the rows as they are, and not by what the relay has counted.
    const failed = platform.d1.look<{ destination: string }>(
      `SELECT DISTINCT d.destination FROM deliveries d JOIN events e ON e.seq = d.event
       WHERE d.state = 'failed' AND d.reason <> 'cancelled' AND e.source <> 'hookline'`,
    );
    return first(failed, ({ destination }) =>
      subjects.has(destination) ? null : `a delivery to ${destination} has failed for good, and nobody was told`,
    );
  },
};
