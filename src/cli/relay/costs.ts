// hookline costs: what the last day and the month cost, for whom, and how near the free quotas are.
import type { Costs } from "../../contract/costs.ts";
import { answered, remote } from "./client.ts";
import { billInWords, shareInWords, usd } from "../../dashboard/words/costs.ts";
import { amount, meterName } from "../../dashboard/words/use.ts";
import { table } from "../table.ts";

const costs = remote(
  {
    summary: "shows costs, and the share of each free quota",
    usage: "costs",
    help: [
      "The cost of the last 24 hours and of the month: by meter, with the share of each free quota that is used today,",
      "by source and by destination, and a forecast of the month. Dollars are at Cloudflare's prices, before",
      "what the paid plan includes. With --json also by day, for the last 31 days.",
    ].join("\n"),
    options: {},
    examples: ["costs", "costs --json"],
    names: 0,
  },
  async (client, { json }, { out }) => {
    const answer = await answered(client.costs.$get());
    for (const line of json ? [JSON.stringify(answer)] : linesOf(answer)) out(line);
    return 0;
  },
);

function linesOf(answer: Costs): string[] {
  const { usd: dollars, meters, sources, destinations, rest, month, prices_read_on: read } = answer;
  return [
    `last 24 hours: ${usd(dollars.last_day)}, ${month} so far: ${usd(dollars.month)} (prices read on ${read})`,
    billInWords(answer),
    ...table(
      ["metered", "today", "of free", "last 24 h", month, "by its end", "worth"],
      meters.map((one) => [
        meterName(one),
        amount(one, one.today),
        one.share_of_free === null ? "no limit" : shareInWords(one.share_of_free),
        amount(one, one.last_day),
        amount(one, one.month),
        amount({ name: one.name, estimated: true }, one.projected),
        usd(one.usd.month),
      ]),
      "nothing is metered",
    ),
    `estimated by source and destination, ${month}:`,
    ...table(
      ["name", "accepted", "refused", "D1 rows", "24 h", "month", "share"],
      sources.map(({ name, last_day: day, month: all }) => [
        name,
        all.accepted,
        all.refused,
        all.d1_rows_written,
        usd(day.usd),
        usd(all.usd),
        shareInWords(all.share),
      ]),
      "no source was heard",
    ),
    ...table(
      ["name", "delivered", "retried", "failed", "D1 rows", "24 h", "month", "share"],
      destinations.map(({ name, last_day: day, month: all }) => [
        name,
        all.delivered,
        all.retried,
        all.failed,
        all.d1_rows_written,
        usd(day.usd),
        usd(all.usd),
        shareInWords(all.share),
      ]),
      "nothing was delivered",
    ),
    `everything else: ${usd(rest.last_day.usd)} in the last 24 hours, ${usd(rest.month.usd)} this month`,
  ];
}

export const verbs = { costs };
