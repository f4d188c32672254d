// Dollars, shares and forecasts as people read them. Pure.
import type { Costs, Forecast } from "../../contract/costs.ts";
import { amount, meterName } from "./use.ts";
import { number, span } from "./words.ts";

/** `$1,204.50`, `$0.0042`, `under $0.0001`: two digits that say something, whatever the size. */
export function usd(n: number): string {
  if (n === 0) return "$0";
  if (n < 0.0001) return "under $0.0001";
  const digits = n >= 1 ? 2 : n >= 0.01 ? 3 : 4;
  const [whole = "0", part = ""] = n.toFixed(digits).split(".");
  return `$${number(Number(whole))}.${part}`;
}

/** `41 %`, `under 1 %`. */
export function shareInWords(share: number | null): string {
  if (share === null) return "";
  return share > 0 && share < 0.01 ? "under 1 %" : `${Math.floor(share * 100)} %`;
}

/** The free quota of which today has had most. */
export function nearestQuota({ meters }: Pick<Costs, "meters">): Costs["meters"][number] | null {
  return meters.reduce<Costs["meters"][number] | null>(
    (most, one) => ((one.share_of_free ?? -1) > (most?.share_of_free ?? -1) ? one : most),
    null,
  );
}

/** What the month comes to, in a sentence: on the free plan nothing is billed. */
export function billInWords({ plan, usd: { billed }, month_ends: ends }: Costs): string {
  const paid = `${usd(billed.month)} so far, ${usd(billed.projected)} by ${ends.slice(0, 10)}`;
  return plan === "paid"
    ? `The paid plan bills this month ${paid}, its fee of ${usd(billed.fee)} included.`
    : `The free plan bills nothing. The paid plan would bill this month ${paid}, its fee of ${usd(billed.fee)} included.`;
}

/** `It takes 12 min and uses about 6,200 D1 rows written, 3,720 queue operations …: about $0.012.` */
export function forecastInWords({ takes_s: takes, meters, usd: dollars }: Forecast): string {
  const named = ["d1_rows_written", "worker_requests", "object_requests", "queue_operations"] as const;
  const parts = named.flatMap((name) => {
    const found = meters.find((one) => one.name === name);
    return found === undefined ? [] : [`${number(found.uses)} ${inASentence(found)}`];
  });
  return `It takes ${span(takes * 1000)} or longer, and uses about ${parts.join(", ")}: ${usd(dollars)} at the prices of the paid plan`;
}

/** One sentence for each free quota that today passes; none where the plan has no quota. */
export function passesInWords({ plan, passes, meters }: Forecast): string[] {
  if (plan !== "free") return [];
  return meters.flatMap((one) => {
    if (!passes.includes(one.name) || one.free === null) return [];
    const used =
      one.used === null ? "" : `, of which ${amount({ name: one.name, estimated: false }, one.used)} are used`;
    return [
      `It passes today's free quota of ${number(one.free)} ${inASentence(one)}${used}: take fewer deliveries, a rate that reaches beyond midnight UTC, or the paid plan`,
    ];
  });
}

/** `D1 rows written`, `Worker requests`, `queue operations`. */
function inASentence(one: Pick<Costs["meters"][number], "name">): string {
  const name = meterName(one);
  return /^(?:D1|Worker)/.test(name) ? name : name.charAt(0).toLowerCase() + name.slice(1);
}
