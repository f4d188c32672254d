// `/replays`: bulk replays, those that run and those that have ended, and the way to a new one: filter, preview, start.
import { Hono } from "hono";
import { RATE, type ReplayJob, type ReplayPreview } from "../../contract/operations.ts";
import { ownSource } from "../words/alerts.ts";
import { forecastInWords, passesInWords } from "../words/costs.ts";
import { flashOf } from "../words/flash.ts";
import { Page } from "../parts/layout.tsx";
import { by, done, field, needs, type PageContext, type PageDeps, type PageEnv, refuse, show } from "../page.tsx";
import { JobList } from "../parts/job-list.tsx";
import { Empty, StateBadge } from "../parts/parts.tsx";
import { FilterForm, filterInWords, HiddenFilter, readFilter, type Wanted } from "../parts/replay-filter.tsx";
import { jobPages, JobState } from "./replay.tsx";
import { number, span } from "../words/words.ts";

export function replaysPages(deps: PageDeps): Hono<PageEnv> {
  const { operator, access, config, now, newId } = deps;
  const app = new Hono<PageEnv>();
  const names = {
    sources: [...config.sources.keys(), ...ownSource(config)],
    destinations: [...config.destinations.keys()],
  };

  app.get("/replays", async (c) => {
    const jobs = await operator.replays.list();
    return show(
      c,
      <Page
        title="Replays"
        caller={c.var.caller}
        current="replays"
        flash={flashOf(new URL(c.req.url))}
        styles={["operate.css"]}
      >
        <h1>Bulk replays</h1>
        {access.allows(c.var.caller, "operator") ? (
          <section aria-labelledby="new">
            <h2 id="new">New bulk replay</h2>
            <FilterForm names={names} wanted={readFilter(() => "")} />
          </section>
        ) : null}
        <Jobs jobs={jobs} now={now()} />
      </Page>,
    );
  });

  const preview = async (c: PageContext, wanted: Wanted, fault: string | null, rate: number): Promise<Response> => {
    const counted = wanted.faults.size > 0 ? null : await operator.replays.preview(wanted.filter, rate);
    if (counted !== null && !counted.ok) return refuse(c, "replays", counted.problem);
    if (wanted.faults.size > 0 || fault !== null) c.status(400);
    return show(
      c,
      <Page title="New bulk replay" caller={c.var.caller} current="replays" styles={["operate.css"]}>
        <p class="trail">
          <a href="/replays">Replays</a>
        </p>
        <h1>New bulk replay</h1>
        <FilterForm names={names} wanted={wanted} />
        {counted === null ? null : (
          <Preview counted={counted.value} wanted={wanted} once={newId()} fault={fault} rate={rate} />
        )}
      </Page>,
    );
  };

  app.get("/replays/new", needs(deps, "operator", "replays"), (c) => {
    const wanted = readFilter((name) => c.req.query(name) ?? "");
    const rate = Number(c.req.query("rate") ?? RATE.usual);
    return isRate(rate) ? preview(c, wanted, null, rate) : preview(c, wanted, RATE_FAULT, RATE.usual);
  });

  app.post("/replays", needs(deps, "operator", "replays"), async (c) => {
    const form = await c.req.formData();
    const wanted = readFilter((name) => field(form, name));
    const rate = Number(field(form, "rate"));
    if (wanted.faults.size > 0 || !isRate(rate))
      return preview(c, wanted, isRate(rate) ? null : RATE_FAULT, RATE.usual);
    const started = await operator.acts["replays.start"](null, by(c, form), { filter: wanted.filter, rate });
    return started.ok
      ? done(c, `/replays/${started.value.id}`, "replay_started")
      : refuse(c, "replays", started.problem);
  });

  app.route("/", jobPages(deps));
  return app;
}

const RATE_FAULT = `must be a whole number from ${RATE.least} to ${number(RATE.most)}`;

function isRate(rate: number): boolean {
  return Number.isInteger(rate) && rate >= RATE.least && rate <= RATE.most;
}

interface PreviewProps {
  readonly counted: ReplayPreview;
  readonly wanted: Wanted;
  readonly once: string;
  readonly fault: string | null;
  readonly rate: number;
}

function Preview({ counted, wanted, once, fault, rate }: PreviewProps) {
  const { matching, complete, looked_back_to: back } = counted;
  if (matching === 0)
    return (
      <Empty title="No delivery matches">
        <p>Only deliveries that have ended can be opened again.</p>
      </Empty>
    );
  const takes = (perMinute: number) => span(Math.max(1, Math.ceil((matching / perMinute) * 60)) * 1000);
  return (
    <section class="card" aria-labelledby="found">
      <h2 id="found">
        {complete ? "" : "More than "}
        {number(matching)} {matching === 1 && complete ? "delivery matches" : "deliveries match"}
      </h2>
      {complete || back === null ? null : (
        <p class="note">
          Counting stopped at {back.slice(0, 16).replace("T", " ")} UTC; the replay continues beyond that.
        </p>
      )}
      <p>
        Each gets its schedule anew.{" "}
        {wanted.filter.state === "failed"
          ? "A receiver that took an event although its answer was lost sees it a second time, under the same webhook-id."
          : "Receivers get again what they have taken already, under the same webhook-id."}
      </p>
      <Foretold counted={counted} />
      <form method="post" action="/replays" class="start">
        <input type="hidden" name="once" value={once} />
        <HiddenFilter filter={wanted.filter} />
        <label for="rate">Deliveries a minute</label>
        <input
          id="rate"
          name="rate"
          type="number"
          min={RATE.least}
          max={RATE.most}
          value={rate}
          required
          aria-describedby={fault === null ? "rate-hint" : "rate-fault rate-hint"}
          aria-invalid={fault === null ? undefined : "true"}
        />
        {fault === null ? null : (
          <p class="fault" id="rate-fault">
            {fault}
          </p>
        )}
        <p class="note" id="rate-hint">
          At 60 it takes {takes(60)}, at 600 {takes(600)}, at 6,000 {takes(6_000)}
          {complete ? "" : ", and longer for what was not counted"}.
        </p>
        <button type="submit" formmethod="get" formaction="/replays/new" formnovalidate>
          Forecast at this rate
        </button>
        <button type="submit" class="primary">
          Replay {complete ? "" : "more than "}
          {number(matching)} {wanted.filter.state === "both" ? "ended" : wanted.filter.state}
        </button>
      </form>
    </section>
  );
}

function Foretold({ counted: { forecast, complete } }: Pick<PreviewProps, "counted">) {
  return (
    <>
      <p>
        At {number(forecast.rate)} a minute: {forecastInWords(forecast)}
        {complete ? "" : ", and more for what was not counted"}, if each is taken at its first attempt.
      </p>
      {passesInWords(forecast).map((text) => (
        <p class="notice">
          <StateBadge state="retry" label="free quota" /> {text}.
        </p>
      ))}
    </>
  );
}

function Jobs({ jobs, now }: { readonly jobs: readonly ReplayJob[]; readonly now: number }) {
  return (
    <JobList
      title="Recent replays"
      none="A bulk replay opens deliveries again that have ended, as many as a filter finds."
      columns={{ count: "Replayed", at: "Started" }}
      jobs={jobs.map((job) => ({
        href: `/replays/${job.id}`,
        what: filterInWords(job.filter),
        state: <JobState state={job.state} />,
        count: `${number(job.replayed)} of ${number(job.expected)}${job.expected_complete ? "" : "+"}`,
        actor: job.actor,
        createdAt: job.created_at,
      }))}
      now={now}
    />
  );
}
