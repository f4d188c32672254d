// `/costs`: what the last day and the month cost, for whom, and how near the free quotas are.
import { Hono } from "hono";
import type { Costs } from "../../contract/costs.ts";
import { Plot } from "../parts/charts.tsx";
import { Page } from "../parts/layout.tsx";
import { type PageDeps, type PageEnv, refuse, show } from "../page.tsx";
import { Empty, Foreign } from "../parts/parts.tsx";
import { billInWords, nearestQuota, shareInWords, usd } from "../words/costs.ts";
import { amount, meterName } from "../words/use.ts";
import { number } from "../words/words.ts";

const DAY_S = 86_400;

export function costsPages({ operator }: PageDeps): Hono<PageEnv> {
  const app = new Hono<PageEnv>();
  app.get("/costs", async (c) => {
    const found = await operator.costs();
    if (!found.ok) return refuse(c, "costs", found.problem);
    return show(
      c,
      <Page
        title="Costs"
        caller={c.var.caller}
        current="costs"
        scripts={["uplot.js", "overview.js"]}
        styles={["past.css", "uplot.css", "operate.css", "overview.css"]}
      >
        <h1>Costs</h1>
        <Content costs={found.value} />
      </Page>,
    );
  });
  return app;
}

function Content({ costs }: { readonly costs: Costs }) {
  const { counted_since: since, days, prices_read_on: read } = costs;
  if (since === null)
    return (
      <Empty title="Nothing is counted yet">
        <p>What the relay uses of its plan stands here from the first event on.</p>
      </Empty>
    );
  const points = days.map(({ day, usd: worth }) => ({ at: `${day}T00:00:00.000Z`, usd: worth }));
  return (
    <>
      <p class="lead">{billInWords(costs)}</p>
      <Numbers costs={costs} />
      <div class="plots" data-step={DAY_S}>
        <Plot
          title="US dollars a day"
          series={["usd"]}
          points={points}
          totals={{ usd: points.reduce((sum, one) => sum + one.usd, 0) }}
          unit="usd"
        />
      </div>
      <Meters costs={costs} />
      <Names
        id="sources"
        title="By source"
        first="Source"
        kinds={["accepted", "refused"]}
        rows={costs.sources.map(({ name, last_day: day, month }) => ({ name, day, month, counts: month }))}
      />
      <Names
        id="destinations"
        title="By destination"
        first="Destination"
        kinds={["delivered", "retried", "failed"]}
        rows={costs.destinations.map(({ name, last_day: day, month }) => ({ name, day, month, counts: month }))}
      />
      <p class="note">
        Everything else, which is storage, the cron, the sweep, these pages and the API: {usd(costs.rest.last_day.usd)}{" "}
        in the last 24 hours, {usd(costs.rest.month.usd)} this month.
      </p>
      <ByDay days={days} />
      <p class="note">
        Dollars are at Cloudflare's prices as read on {read}, before what the paid plan includes. The relay counts only
        its own use: a lower bound, without anything else in the account. “About” marks an estimate: object time, the
        size of the log, and the CPU time, which a Worker cannot measure and which is computed from measured events.
        Shares of sources and destinations are estimates too, from the measured cost of an event, an attempt and a
        retry. They never exceed the total.
      </p>
    </>
  );
}

function Numbers({ costs }: { readonly costs: Costs }) {
  const nearest = nearestQuota(costs);
  return (
    <dl class="strip">
      <div>
        <dt>Last 24 hours</dt>
        <dd>{usd(costs.usd.last_day)}</dd>
      </div>
      <div>
        <dt>This month so far</dt>
        <dd>{usd(costs.usd.month)}</dd>
      </div>
      {nearest === null ? null : (
        <div class={(nearest.share_of_free ?? 0) >= 0.8 ? "late" : undefined}>
          <dt>Nearest free quota</dt>
          <dd>
            {shareInWords(nearest.share_of_free)} <span class="none">{meterName(nearest)}</span>
          </dd>
        </div>
      )}
    </dl>
  );
}

function Meters({ costs: { meters, month } }: { readonly costs: Costs }) {
  return (
    <section aria-labelledby="meters">
      <h2 id="meters">By meter</h2>
      <div class="list">
        <table class="stacked">
          <thead>
            <tr>
              <th scope="col">Metered</th>
              <th scope="col" class="num">
                Today
              </th>
              <th scope="col" class="num">
                Of the free quota
              </th>
              <th scope="col" class="num">
                Last 24 h
              </th>
              <th scope="col" class="num">
                {month}
              </th>
              <th scope="col" class="num">
                By its end
              </th>
              <th scope="col" class="num">
                Included
              </th>
              <th scope="col" class="num">
                Worth so far
              </th>
            </tr>
          </thead>
          <tbody>
            {meters.map((one) => (
              <tr>
                <th scope="row">{meterName(one)}</th>
                <td class="num" data-label="Today">
                  {amount(one, one.today)}
                </td>
                <td class="num" data-label="Of the free quota">
                  {one.share_of_free === null ? "no limit" : shareInWords(one.share_of_free)}
                </td>
                <td class="num" data-label="Last 24 h">
                  {amount(one, one.last_day)}
                </td>
                <td class="num" data-label={month}>
                  {amount(one, one.month)}
                </td>
                <td class="num" data-label="By its end">
                  {amount({ name: one.name, estimated: true }, one.projected)}
                </td>
                <td class="num" data-label="Included">
                  {amount({ name: one.name, estimated: false }, one.included)}
                </td>
                <td class="num" data-label="Worth so far">
                  {usd(one.usd.month)}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

interface NamesProps<Kind extends string> {
  readonly id: string;
  readonly title: string;
  readonly first: string;
  readonly kinds: readonly Kind[];
  readonly rows: readonly {
    readonly name: string;
    readonly day: Spending;
    readonly month: Spending;
    readonly counts: Readonly<Record<Kind, number>>;
  }[];
}

type Spending = Costs["rest"]["month"];

/** What is told of each, beside its counts. */
const COLUMNS: readonly (readonly [title: string, textOf: (day: Spending, month: Spending) => string])[] = [
  ["D1 rows", (_, month) => number(month.d1_rows_written)],
  ["Object requests", (_, month) => number(month.object_requests)],
  ["Queue operations", (_, month) => number(month.queue_operations)],
  ["Last 24 h", (day) => usd(day.usd)],
  ["Month", (_, month) => usd(month.usd)],
  ["Share", (_, month) => shareInWords(month.share)],
];

/** What each source or destination did and used this month. */
function Names<Kind extends string>({ id, title: of, first, kinds, rows }: NamesProps<Kind>) {
  if (rows.length === 0) return null;
  return (
    <section aria-labelledby={id}>
      <h2 id={id}>{of}, this month</h2>
      <div class="list">
        <table class="stacked">
          <thead>
            <tr>
              <th scope="col">{first}</th>
              {[...kinds, ...COLUMNS.map(([title]) => title)].map((text) => (
                <th scope="col" class="num">
                  {text}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map(({ name, day, month, counts }) => (
              <tr>
                <th scope="row">
                  <Foreign text={name} />
                </th>
                {kinds.map((kind) => (
                  <td class="num" data-label={kind}>
                    {number(counts[kind])}
                  </td>
                ))}
                {COLUMNS.map(([title, textOf]) => (
                  <td class="num" data-label={title}>
                    {textOf(day, month)}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

/** What the picture shows, for whoever cannot see it or wants it exactly. */
function ByDay({ days }: Pick<Costs, "days">) {
  return (
    <details class="numbers">
      <summary>By day, in numbers</summary>
      <div class="scroll" role="region" aria-label="Costs by day" tabindex={0}>
        <table>
          <thead>
            <tr>
              {["Day (UTC)", "Events", "D1 rows written", "Object requests", "Queue operations", "Worth"].map(
                (text, n) => (
                  <th scope="col" class={n === 0 ? undefined : "num"}>
                    {text}
                  </th>
                ),
              )}
            </tr>
          </thead>
          <tbody>
            {days.toReversed().map((one) => (
              <tr>
                <th scope="row" class="mono">
                  {one.day}
                </th>
                <td class="num">{number(one.accepted)}</td>
                <td class="num">{number(one.d1_rows_written)}</td>
                <td class="num">{number(one.object_requests)}</td>
                <td class="num">{number(one.queue_operations)}</td>
                <td class="num">{usd(one.usd)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </details>
  );
}
