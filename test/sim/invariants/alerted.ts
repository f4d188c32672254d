// What somebody was told: of every delivery that has failed for good, once for each cause, and of nothing that has not been.
import { PAGER, toldIn } from "../alerted.ts";
import type { Platform } from "../platform.ts";
import { EPOCH } from "../scheduler.ts";
import { first, type Invariant } from "./invariant.ts";

export const toldOnce: Invariant = {
  id: "told once",
  says: "whoever is on call is told once that something is wrong, and once that it is over, whatever dies in between",
  ended: ({ platform, plan }) =>
    plan.traits.includes("alerted") && platform.d1.hasTable("alerts")
      ? (pairs(platform) ?? oncePerAlert(platform))
      : null,
  expired: ({ platform }) => pairs(platform),
};

/** A notice that something has begun, and one that it is over, by their key. */
function pairs(platform: Platform): string | null {
  const last = new Map<string, string>();
  return first(toldIn(platform), ({ key, type, rule, subjects }) => {
    const before = last.get(key);
    last.set(key, type);
    const expected = before === undefined ? "alert.opened" : "alert.ended";
    if (type === expected && before !== "alert.ended") return null;
    return `${rule} of ${subjects.join(", ")} was told as ${type} after ${before ?? "nothing"}`;
  });
}

/** No more notices that something has begun than it has begun. */
function oncePerAlert(platform: Platform): string | null {
  const opened = toldIn(platform).filter(({ type }) => type === "alert.opened");
  const times = Map.groupBy(
    opened.flatMap(({ rule, subjects }) => subjects.map((subject) => `${rule} of ${subject}`)),
    (name) => name,
  );
  const rows = platform.d1.look<{ name: string; n: number }>(
    "SELECT rule || ' of ' || subject AS name, count(*) AS n FROM alerts GROUP BY rule, subject",
  );
  return first(times, ([name, { length }]) => {
    const begun = rows.find((row) => row.name === name)?.n ?? 0;
    return length <= begun ? null : `${name} has begun ${begun} times, and was told ${length} times`;
  });
}

export const mutedIsMuted: Invariant = {
  id: "muted is muted",
  says: "from the answer to an operator's mute until its end nobody is told that something about its subject has begun",
  ended: ({ platform, plan, mutes }) =>
    plan.traits.includes("alerted")
      ? first(toldIn(platform), ({ type, timestamp, rule, subjects }) => {
          const at = Date.parse(timestamp) - EPOCH;
          const broken = mutes.find(
            ({ subject, from, until, lifted }) =>
              subjects.includes(subject) && from < at && at < Math.min(until, lifted) && type === "alert.opened",
          );
          return broken === undefined ? null : `${rule} of ${broken.subject} was told at ${at} ms, although muted`;
        })
      : null,
};

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
