// How much of the plan this day has used, and what a limit that is reached stops.
import type { Use } from "../../contract/use.ts";
import { amount, limitInWords, meterName, nearness, sizeInWords } from "../words/use.ts";
import { number, span } from "../words/words.ts";
import { StateBadge } from "./parts.tsx";

export function UseOfPlan({ use }: { readonly use: Use }) {
  const { plan, resets_in_s: left, meters, database, queue } = use;
  return (
    <section aria-labelledby="use" data-renew="use" data-between="60">
      <h2 id="use">Use of the {plan} plan today</h2>
      <p class="note">
        Counted by this relay since midnight UTC, which comes in {span(left * 1000)}. A limit is the whole account's.{" "}
        <a href="/costs">What it costs, by source and destination</a>.
        {queue === null || queue.backlog === 0 ? "" : ` ${number(queue.backlog)} messages wait in the queue.`}
      </p>
      {database === null ? null : <p id="size">{sizeInWords(database)}.</p>}
      <div class="list">
        <table class="stacked">
          <thead>
            <tr>
              <th scope="col">Metered</th>
              <th scope="col" class="num">
                Used
              </th>
              <th scope="col" class="num">
                Limit
              </th>
              <th scope="col">Of it</th>
            </tr>
          </thead>
          <tbody>
            {meters.map((meter) => {
              const { share, word } = nearness(meter);
              return (
                <tr>
                  <th scope="row">{meterName(meter)}</th>
                  <td class="num" data-label="Used">
                    {amount(meter, meter.used)}
                  </td>
                  <td class="num" data-label="Limit">
                    {limitInWords(meter)}
                  </td>
                  <td data-label="Of it">
                    {share === null ? "" : `${Math.floor(share * 100)} % `}
                    {word === "" ? null : <StateBadge state={word === "near" ? "retry" : "failed"} label={word} />}
                  </td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
    </section>
  );
}

/** On top of the page, while a limit is reached. */
export function Reached({ use: { reached, resets_in_s: left } }: { readonly use: Use }) {
  if (reached.length === 0) return null;
  return (
    <section class="notice" aria-labelledby="reached">
      <h2 id="reached">A limit of the plan is reached, for {span(left * 1000)}</h2>
      <ul>
        {reached.map(({ name, says }) => (
          <li>
            <b>{meterName({ name })}</b>: {says}
          </li>
        ))}
      </ul>
    </section>
  );
}
