// `/erasures`: everything about a subject, deleted: a form that counts first, one page for each order with its
// count, its confirmation and how far it has come.
import { Hono } from "hono";
import type { ErasureAnswer } from "../../contract/erasures.ts";
import { flashOf } from "../words/flash.ts";
import { Page } from "../parts/layout.tsx";
import { by, done, field, needs, type PageDeps, type PageEnv, refuse, show } from "../page.tsx";
import { JobList } from "../parts/job-list.tsx";
import { Facts, Foreign, Post, StateBadge, When } from "../parts/parts.tsx";
import { counted, erasureInWords } from "../words/erasures.ts";
import { number } from "../words/words.ts";

export function erasuresPages(deps: PageDeps): Hono<PageEnv> {
  const { operator, config, now, newId } = deps;
  const app = new Hono<PageEnv>();
  const admin = needs(deps, "admin", "events");

  app.get("/erasures", admin, async (c) => {
    const jobs = await operator.erasures.list();
    return show(
      c,
      <Page title="Delete a subject" caller={c.var.caller} current="events" styles={["operate.css"]}>
        <p class="trail">
          <a href="/events">Events</a> <span aria-hidden="true">/</span> Delete a subject
        </p>
        <h1>Delete everything about a subject</h1>
        <p class="lead">
          Finds every event of a source with a value at a place of its body, in the history and the archive. The relay
          counts first, and deletes nothing until you confirm the count.
        </p>
        <section aria-labelledby="new">
          <h2 id="new">Count</h2>
          <Form sources={[...config.sources.keys()]} once={newId()} />
        </section>
        <Jobs jobs={jobs} now={now()} />
      </Page>,
    );
  });

  app.post("/erasures", admin, async (c) => {
    const form = await c.req.formData();
    const place = field(form, "place").trim();
    // What stands behind a "=" would be taken for the value. That one is taken as it is, as by the API.
    const where = place.includes("=") ? "" : `${place}=${field(form, "value")}`;
    const started = await operator.acts["erasures.start"](null, by(c, form), { source: field(form, "source"), where });
    return started.ok
      ? done(c, `/erasures/${started.value.id}`, "erasure_started")
      : refuse(c, "events", started.problem);
  });

  app.get("/erasures/:id", admin, async (c) => {
    const found = await operator.erasures.show(c.req.param("id"));
    if (!found.ok) return refuse(c, "events", found.problem);
    const job = found.value;
    return show(
      c,
      <Page
        title={`Delete a subject: ${job.state}`}
        caller={c.var.caller}
        current="events"
        flash={flashOf(new URL(c.req.url))}
        scripts={["renew.js"]}
        styles={["operate.css"]}
      >
        <p class="trail">
          <a href="/events">Events</a> <span aria-hidden="true">/</span> <a href="/erasures">Delete a subject</a>
        </p>
        <Job job={job} now={now()} />
        {/* Apart from what the script renews: a button that is being read must not be replaced. */}
        <div data-renew="actions">
          <Actions job={job} once={newId} />
        </div>
      </Page>,
    );
  });

  for (const [word, code] of [
    ["confirm", "erasure_confirmed"],
    ["cancel", "erasure_cancelled"],
  ] as const)
    app.post(`/erasures/:id/${word}`, admin, async (c) => {
      const id = c.req.param("id") ?? "";
      const ordered = await operator.acts[`erasures.${word}`](id, by(c, await c.req.formData()));
      return ordered.ok ? done(c, `/erasures/${id}`, code) : refuse(c, "events", ordered.problem);
    });
  return app;
}

function Form({ sources, once }: { readonly sources: readonly string[]; readonly once: string }) {
  return (
    <form method="post" action="/erasures" class="start">
      <input type="hidden" name="once" value={once} />
      <label for="source">Source</label>
      <select id="source" name="source" required>
        {sources.map((name) => (
          <option value={name}>{name}</option>
        ))}
      </select>
      <label for="place">Place</label>
      <input
        id="place"
        name="place"
        required
        maxlength={300}
        placeholder="body.customer.id"
        autocomplete="off"
        spellcheck={false}
        aria-describedby="place-hint"
      />
      <p class="note" id="place-hint">
        The names that lead to the value: <code>body.customer.id</code>, <code>body.items.*.email</code> or{" "}
        <code>headers.x-tenant</code>.
      </p>
      <label for="value">Value</label>
      <input
        id="value"
        name="value"
        required
        maxlength={1000}
        autocomplete="off"
        spellcheck={false}
        aria-describedby="value-hint"
      />
      <p class="note" id="value-hint">
        Exactly as it appears in the events. The value itself is not stored, only its digest.
      </p>
      <button type="submit" class="primary">
        Count events
      </button>
    </form>
  );
}

function Actions({ job, once }: { readonly job: ErasureAnswer; readonly once: () => string }) {
  if (job.state === "done" || job.state === "cancelled") return null;
  return (
    <>
      {job.state === "counted" && job.matched > 0 ? (
        <Post
          action={`/erasures/${job.id}/confirm`}
          label={`Delete ${counted(job)}`}
          once={once()}
          kind="danger"
          confirm="Their bodies, headers, all copies of them and edited copies are deleted permanently, and their open deliveries are cancelled. Receivers keep what was sent."
        />
      ) : null}
      {job.state === "rewriting" ? null : (
        <Post
          action={`/erasures/${job.id}/cancel`}
          label={job.state === "deleting" ? "Stop" : "Cancel"}
          once={once()}
        />
      )}
    </>
  );
}

const SIGNS = {
  counting: "running",
  counted: "held",
  deleting: "running",
  rewriting: "running",
  done: "delivered",
  cancelled: "none",
} as const;

function Job({ job, now }: { readonly job: ErasureAnswer; readonly now: number }) {
  const moves = ["counting", "deleting", "rewriting"].includes(job.state);
  return (
    <section data-renew="job" data-every={moves ? "2" : undefined}>
      <h1>
        Delete a subject <StateBadge state={SIGNS[job.state]} label={job.state} />
      </h1>
      <p class="lead">{erasureInWords(job)}</p>
      {job.unreadable === 0 ? null : (
        <p class="notice">
          <StateBadge state="retry" label="not checked" /> {number(job.unreadable)} more could not be checked: their
          bodies are neither JSON nor a form, incomplete, or encrypted with a missing key. Check them yourself.
        </p>
      )}
      <div class="card">
        <Facts
          rows={[
            ["Source", <Foreign text={job.source} />],
            ["Place", <Foreign text={job.place} />],
            ["Digest of the value", <code class="mono">{job.digest}</code>],
            ["Looked at", number(job.looked)],
            ["Matched", number(job.matched)],
            ["Deleted", number(job.deleted)],
            ["Ordered by", <Foreign text={job.actor} />],
            ["Ordered", <When at={job.created_at} now={now} />],
            ["Ended", <When at={job.ended_at} now={now} />],
          ]}
        />
      </div>
      {moves ? (
        <p class="note as-of">
          Updated <When at={job.updated_at} now={now} />. <a href={`/erasures/${job.id}`}>Refresh</a>
        </p>
      ) : null}
    </section>
  );
}

function Jobs({ jobs, now }: { readonly jobs: readonly ErasureAnswer[]; readonly now: number }) {
  return (
    <JobList
      title="Recent orders"
      none="An order stays here for as long as events are kept, and in the audit permanently."
      columns={{ count: "Deleted", at: "Ordered" }}
      jobs={jobs.map((job) => ({
        href: `/erasures/${job.id}`,
        what: `${job.place} of ${job.source}`,
        state: <StateBadge state={SIGNS[job.state]} label={job.state} />,
        count: number(job.deleted),
        actor: job.actor,
        createdAt: job.created_at,
      }))}
      now={now}
    />
  );
}
