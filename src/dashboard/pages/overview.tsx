// `/`: does the relay do its work? Counts over time, what waits, who fails, and what is still to be set up.
import { Hono } from "hono";
import { type Backlog, MOST_UNROUTED, type Overview } from "../../contract/overview.ts";
import { Plot } from "../parts/charts.tsx";
import { DestinationRows } from "../parts/destination-rows.tsx";
import { NoDestination } from "./destinations.tsx";
import { openInWords } from "../words/alerts.ts";
import { flashOf } from "../words/flash.ts";
import { GapsNotice } from "../parts/gaps.tsx";
import { Page } from "../parts/layout.tsx";
import { type PageDeps, type PageEnv, show } from "../page.tsx";
import { Foreign, LivePill, StateBadge } from "../parts/parts.tsx";
import { NoSource, SourceTable } from "./sources.tsx";
import { Reached, UseOfPlan } from "../parts/use.tsx";
import { bytes, number, span } from "../words/words.ts";

const RANGES = [
  { hours: 1, label: "1 h" },
  { hours: 24, label: "24 h" },
  { hours: 168, label: "7 d" },
] as const;
const RECEIVED = ["accepted", "refused"] as const;
const SENT = ["delivered", "retried", "failed"] as const;
const COUNTED = [...RECEIVED, ...SENT];
type Hours = (typeof RANGES)[number]["hours"];

export function overviewPages({ operator, now }: PageDeps): Hono<PageEnv> {
  const app = new Hono<PageEnv>();
  app.get("/", async (c) => {
    const url = new URL(c.req.url);
    const hours = RANGES.find((range) => String(range.hours) === url.searchParams.get("hours"))?.hours ?? 24;
    const overview = await operator.overview(url.origin, hours);
    return show(
      c,
      <Page
        title="Overview"
        caller={c.var.caller}
        current="overview"
        flash={flashOf(url)}
        scripts={["live.js", "uplot.js", "overview.js", "renew.js"]}
        styles={["past.css", "uplot.css", "operate.css", "overview.css"]}
      >
        <OverviewContent overview={overview} hours={hours} now={now()} />
      </Page>,
    );
  });
  return app;
}

interface ContentProps {
  readonly overview: Overview;
  readonly hours: Hours;
  readonly now: number;
}

function OverviewContent({ overview, hours, now }: ContentProps) {
  const { points, totals, sources, destinations } = overview;
  return (
    <>
      <div class="head">
        <h1>
          Overview <LivePill />
        </h1>
        <nav class="tabs" aria-label="Time shown">
          {RANGES.map((range) => (
            <a href={`/?hours=${range.hours}`} aria-current={range.hours === hours ? "true" : undefined}>
              {range.label}
            </a>
          ))}
        </nav>
      </div>
      <Reached use={overview.use} />
      <OpenAlerts count={overview.backlog.alerts} />
      <GapsNotice sources={sources} now={now} />
      <ToSetUp overview={overview} />
      <div data-renew="backlog" data-between="15">
        <BacklogStrip backlog={overview.backlog} now={now} />
      </div>
      <div class="plots" data-step={overview.step_s}>
        <Plot title="Received" series={RECEIVED} points={points} totals={totals} />
        <Plot title="Deliveries" series={SENT} points={points} totals={totals} />
      </div>
      <Numbers overview={overview} />
      <section aria-labelledby="destinations" data-renew="destinations">
        <h2 id="destinations">
          <a href="/destinations">Destinations</a>
        </h2>
        {destinations.length === 0 ? <NoDestination /> : <DestinationRows destinations={destinations} now={now} />}
      </section>
      <section aria-labelledby="sources" data-renew="sources">
        <h2 id="sources">
          <a href="/sources">Sources</a>
        </h2>
        {sources.length === 0 ? <NoSource /> : <SourceTable sources={sources} now={now} />}
      </section>
      <UseOfPlan use={overview.use} />
    </>
  );
}

function OpenAlerts({ count }: { readonly count: number }) {
  if (count === 0) return null;
  return (
    <p class="notice">
      <StateBadge state="failed" label="alert" /> <a href="/alerts">{openInWords(count)}</a>
    </p>
  );
}

function ToSetUp({ overview: { missing, findings } }: { readonly overview: Overview }) {
  if (missing.length === 0 && findings.length === 0) return null;
  return (
    <section class="notice" aria-labelledby="to-set-up">
      <h2 id="to-set-up">Still to set up</h2>
      <ul>
        {missing.map((name) => (
          <li>
            A secret is not set: <code>npx wrangler secret put {name}</code>
          </li>
        ))}
        {findings.map(({ key, level, says }) => (
          <li>
            <StateBadge state={level === "error" ? "failed" : "retry"} label={level} /> <code>{key}</code>{" "}
            <Foreign text={says} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function BacklogStrip({ backlog, now }: { readonly backlog: Backlog; readonly now: number }) {
  const { open, more, oldest_received_at: oldest, held, behind, journal, replayable } = backlog;
  const late = oldest !== null && now - Date.parse(oldest) > 3_600_000;
  return (
    <dl class="strip">
      <div>
        <dt>Open</dt>
        <dd>
          <a href="/deliveries?state=pending">
            {number(open)}
            {more ? "+" : ""}
          </a>
        </dd>
      </div>
      <div class={late ? "late" : undefined}>
        <dt>Oldest pending</dt>
        <dd>
          {oldest === null ? (
            <span class="none">nothing waits</span>
          ) : (
            <time datetime={oldest} title={oldest.replace("T", " ").replace("Z", " UTC")}>
              {span(now - Date.parse(oldest))}
            </time>
          )}
        </dd>
      </div>
      <div>
        <dt>Held</dt>
        <dd>
          <a href="/deliveries?state=held">{number(held)}</a>
        </dd>
      </div>
      {behind === undefined ? null : (
        <div>
          <dt>In order</dt>
          <dd title="Open deliveries that come behind another">{number(behind)} wait</dd>
        </div>
      )}
      <div class={replayable > 0 ? "late" : undefined}>
        <dt>To replay</dt>
        <dd>
          <a href="/deliveries?state=failed" title="Failed deliveries that were neither replayed nor cancelled">
            {number(replayable)}
            {backlog.replayable_more ? "+" : ""}
          </a>
        </dd>
      </div>
      {backlog.unrouted + backlog.undecided === 0 ? null : (
        <div class={backlog.undecided > 0 ? "late" : undefined}>
          <dt>Unrouted</dt>
          <dd>
            <a href="/events?routing=unrouted" title="Events that go nowhere">
              {upTo(backlog.unrouted)}
            </a>
            {backlog.undecided === 0 ? null : (
              <>
                {", "}
                <a href="/events?routing=undecided" title="Events for which a route's condition failed">
                  {upTo(backlog.undecided)} undecided
                </a>
              </>
            )}
          </dd>
        </div>
      )}
      <div class={journal === null || journal.stuck > 0 ? "late" : undefined}>
        <dt>Journal</dt>
        <dd>
          {journal === null
            ? "cannot be reached"
            : journal.waiting === 0
              ? "empty"
              : `${number(journal.waiting)}, ${bytes(journal.bytes)}${journal.stuck === 0 ? "" : `, ${number(journal.stuck)} stuck`}`}
        </dd>
      </div>
    </dl>
  );
}

function upTo(count: number): string {
  return `${number(count)}${count >= MOST_UNROUTED ? "+" : ""}`;
}

/** What the pictures show, for whoever cannot see them or wants it exactly. */
function Numbers({ overview: { points } }: { readonly overview: Overview }) {
  const happened = points.filter((point) => COUNTED.some((name) => point[name] > 0));
  return (
    <details class="numbers">
      <summary>The same in numbers</summary>
      <div class="scroll" role="region" aria-label="Counts over time" tabindex={0}>
        <table>
          <thead>
            <tr>
              <th scope="col">From (UTC)</th>
              {COUNTED.map((name) => (
                <th scope="col" class="num">
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {happened.toReversed().map((point) => (
              <tr>
                <th scope="row" class="mono">
                  {point.at.slice(0, 16).replace("T", " ")}
                </th>
                {COUNTED.map((name) => (
                  <td class="num">{number(point[name])}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
        {happened.length === 0 ? <p class="note">Nothing happened in this time.</p> : null}
      </div>
    </details>
  );
}
