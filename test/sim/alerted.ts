// In some worlds somebody is told what is wrong: notices of the relay's own go to a bucket, where they can be counted.
import { Dice } from "./dice.ts";
import type { Platform } from "./platform.ts";
import type { Trait } from "./traits.ts";

/** Who is told. */
export const PAGER = "pager";

/** In one world of four. It has dice of its own, so that no other choice moves. */
export function alertedOf(seed: number): Trait[] {
  return new Dice(seed, "alerted").chance(0.25) ? ["alerted"] : [];
}

/** What the vars of such a world have besides. */
export function alertedVars(traits: readonly Trait[]): { destinations: object; routes: object } {
  if (!traits.includes("alerted")) return { destinations: {}, routes: {} };
  return {
    // Nobody may miss a notice for the reason that the bucket was out of order for a while.
    destinations: { [PAGER]: { r2: "ARCHIVE", key: "pager/{event}", retry: ["5s", "30s", "5m", "1h", "6h"] } },
    routes: { alerts: { from: "hookline", events: ["alert.*"], to: PAGER } },
  };
}

/** A notice as it stands in the bucket. */
export interface Told {
  readonly id: string;
  /** The same where it begins and where it is over. */
  readonly key: string;
  readonly type: "alert.opened" | "alert.ended";
  readonly timestamp: string;
  readonly rule: string;
  /** All that it is about. */
  readonly subjects: readonly string[];
}

/** What somebody was told, in the order of time. */
export function toldIn({ bucket }: Pick<Platform, "bucket">): Told[] {
  const kept = [...bucket.objects].filter(([key]) => key.startsWith("pager/"));
  return kept
    .map(([, bytes]) => {
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the relay's own notices
      const { id, type, timestamp, data } = JSON.parse(new TextDecoder().decode(bytes)) as Omit<
        Told,
        "rule" | "key"
      > & {
        data: { key: string; rule: string; subject: { name: string }; others: { subject: string }[] };
      };
      const subjects = [data.subject.name, ...data.others.map(({ subject }) => subject)];
      return { id, key: data.key, type, timestamp, rule: data.rule, subjects };
    })
    .toSorted((a, b) => a.timestamp.localeCompare(b.timestamp));
}

/** Whether something is still to be told: a world does not end before that. */
export function owes({ d1 }: Pick<Platform, "d1">): boolean {
  if (!d1.hasTable("alerts")) return false;
  const untold = `SELECT 1 FROM failures WHERE kind = 'failed' AND destination NOT IN (
    SELECT subject FROM alerts WHERE rule = 'delivery-failed' AND ended_at IS NULL AND told = 1)`;
  return d1.look(`${untold} UNION ALL SELECT 1 FROM alerts WHERE owes IS NOT NULL`).length > 0;
}
