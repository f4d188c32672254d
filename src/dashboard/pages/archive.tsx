// /archive: what retention has moved out of the history, newest first. An event's own page is the same as before.
import { Hono } from "hono";
import { askArchive } from "../../contract/archive.ts";
import type { Config } from "../../config/configured.ts";
import { Page } from "../parts/layout.tsx";
import { type PageDeps, type PageEnv, refuse, show } from "../page.tsx";
import { Copyable, Empty, Pager } from "../parts/parts.tsx";
import { EventList } from "./events.tsx";

export function archivePages(deps: PageDeps): Hono<PageEnv> {
  const app = new Hono<PageEnv>();
  app.get("/archive", async (c) => {
    const url = new URL(c.req.url);
    if (!deps.operator.archive.isOpen) return show(c, <NoArchive caller={c.var.caller} />);
    const asked = askArchive(parametersOf(url));
    if (!asked.ok) c.status(400);
    const answer = asked.ok ? await deps.operator.archive.list(asked.value) : null;
    if (answer !== null && !answer.ok) return refuse(c, "events", answer.problem);
    const page = answer?.value ?? null;
    return show(
      c,
      <Page
        title="Archive"
        caller={c.var.caller}
        current="events"
        styles={["past.css"]}
        scripts={["keys.js", "rows.js"]}
      >
        <Trail />
        <h1>Archive</h1>
        <p class="lead">Events that are older than the history. Open one to read it; a replay restores it.</p>
        <Form url={url} config={deps.config} />
        {asked.ok ? null : <p class="fault">{asked.detail}</p>}
        {page === null ? null : (
          <>
            <EventList events={page.events} live={null} filtered complete={page.complete} />
            <Pager url={url} next={page.next} complete={page.complete} lookedBackTo={page.looked_back_to} />
          </>
        )}
      </Page>,
    );
  });
  return app;
}

/** What has to be done to have one. */
const BINDING = ["[[r2_buckets]]", 'binding = "EVENT_ARCHIVE"', 'bucket_name = "hookline-archive"'];

function NoArchive({ caller }: { readonly caller: PageEnv["Variables"]["caller"] }) {
  return (
    <Page title="Archive" caller={caller} current="events" scripts={["copy.js"]}>
      <Trail />
      <h1>Archive</h1>
      <Empty title="This relay has no archive">
        <p>Events that are older than the retention are deleted. With a bucket of R2 they are kept there instead.</p>
      </Empty>
      <h2>Turn it on</h2>
      <ol class="steps">
        <li>
          Make a bucket: <Copyable text="npx wrangler r2 bucket create hookline-archive" label="command" />
        </li>
        <li>
          Add it to <code>wrangler.toml</code>, and deploy: <Copyable text={BINDING.join("\n")} label="lines" />
        </li>
      </ol>
    </Page>
  );
}

function Trail() {
  return (
    <p class="trail">
      <a href="/events">Events</a> <span aria-hidden="true">/</span> Archive
    </p>
  );
}

/** Without the fields that were left empty. What a browser's field for a time gives has no zone: it is UTC. */
function parametersOf(url: URL): URLSearchParams {
  const given = [...url.searchParams].filter(([, value]) => value.trim() !== "");
  const query = new URLSearchParams();
  for (const [name, value] of given) query.set(name, /T\d\d:\d\d(:\d\d)?$/.test(value) ? `${value}Z` : value);
  return query;
}

function Form({ url, config }: { readonly url: URL; readonly config: Pick<Config, "sources"> }) {
  const value = (name: string) => url.searchParams.get(name) ?? "";
  return (
    <search>
      <form class="filters" method="get" action="/archive">
        <label>
          Source
          <input name="source" value={value("source")} list="archive-sources" />
        </label>
        <datalist id="archive-sources">
          {[...config.sources.keys()].map((name) => (
            <option value={name} />
          ))}
        </datalist>
        <label>
          Type
          <input name="type" value={value("type")} />
        </label>
        <label>
          From (UTC)
          <input type="datetime-local" name="since" value={value("since").slice(0, 16)} />
        </label>
        <label>
          To (UTC)
          <input type="datetime-local" name="until" value={value("until").slice(0, 16)} />
        </label>
        <button type="submit">Show</button>
      </form>
    </search>
  );
}
