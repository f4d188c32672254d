// `/replays/:id`: how far one bulk replay has come, and the way to end it.
import { Hono } from "hono";
import type { ReplayJob } from "../../contract/operations.ts";
import { flashOf } from "../words/flash.ts";
import { Page } from "../parts/layout.tsx";
import { by, done, needs, type PageDeps, type PageEnv, refuse, show } from "../page.tsx";
import { Exactly, Facts, Foreign, Post, StateBadge, When } from "../parts/parts.tsx";
import { filterInWords } from "../parts/replay-filter.tsx";
import { number, span } from "../words/words.ts";

export function jobPages(deps: PageDeps): Hono<PageEnv> {
  const { operator, access, now, newId } = deps;
  const app = new Hono<PageEnv>();

  app.get("/replays/:id", async (c) => {
    const found = await operator.replays.show(c.req.param("id"));
    if (!found.ok) return refuse(c, "replays", found.problem);
    const job = found.value;
    const mayEnd = job.state === "running" && access.allows(c.var.caller, "operator");
    return show(
      c,
      <Page
        title={`Replay ${job.id}`}
        caller={c.var.caller}
        current="replays"
        flash={flashOf(new URL(c.req.url))}
        scripts={["renew.js"]}
        styles={["operate.css"]}
      >
        <p class="trail">
          <a href="/replays">Replays</a>
        </p>
        <JobView job={job} now={now()} />
        {/* Apart from what the script renews: a button that is being read must not be replaced. */}
        <div data-renew="actions">
          {mayEnd ? (
            <Post
              action={`/replays/${job.id}/cancel`}
              label="End this replay"
              once={newId()}
              kind="danger"
              confirm="No further delivery is opened. Deliveries that are already open continue."
            />
          ) : null}
        </div>
      </Page>,
    );
  });

  app.post("/replays/:id/cancel", needs(deps, "operator", "replays"), async (c) => {
    const ended = await operator.acts["replays.cancel"](c.req.param("id"), by(c, await c.req.formData()));
    return ended.ok ? done(c, `/replays/${ended.value.id}`, "replay_cancelled") : refuse(c, "replays", ended.problem);
  });
  return app;
}

const SIGNS = { running: "running", done: "delivered", cancelled: "none" } as const;

/** A job's state in its own word. */
export function JobState({ state }: Pick<ReplayJob, "state">) {
  return <StateBadge state={SIGNS[state]} label={state} />;
}

function JobView({ job, now }: { readonly job: ReplayJob; readonly now: number }) {
  const { state, filter, actor, rate, expected, expected_complete: complete, replayed, skipped } = job;
  const most = Math.max(expected, replayed, 1);
  const left = Math.max(0, expected - replayed);
  return (
    <section data-renew="job" data-every={state === "running" ? "2" : undefined}>
      <h1>
        Bulk replay <JobState state={state} />
      </h1>
      <p class="lead">
        <Foreign text={filterInWords(filter)} />
      </p>
      <div class="card">
        <label for="progress" class="progress">
          <b>{number(replayed)}</b> of {number(expected)}
          {complete ? "" : "+"} replayed
        </label>
        <progress id="progress" max={most} value={state === "done" ? most : replayed} />
        <Facts
          rows={[
            ["Rate", `${number(rate)} a minute`],
            ["Still takes", state === "running" ? remaining(left, rate, complete) : <span class="none">–</span>],
            ["Has looked back to", <Exactly at={job.looked_back_to} />],
            ...(skipped === 0 ? [] : [["Skipped", `${number(skipped)} whose destination is not configured`] as const]),
            ["Started by", <Foreign text={actor} />],
            ["Started", <When at={job.created_at} now={now} />],
            ["Ended", <When at={job.ended_at} now={now} />],
          ]}
        />
      </div>
      {state === "running" ? (
        <p class="note as-of">
          Updated <When at={job.updated_at} now={now} />. <a href={`/replays/${job.id}`}>Refresh</a>
        </p>
      ) : null}
    </section>
  );
}

function remaining(left: number, rate: number, complete: boolean): string {
  if (left === 0) return complete ? "moments" : "not known";
  return `${complete ? "" : "more than "}${span(Math.ceil((left / rate) * 60) * 1000)}`;
}
