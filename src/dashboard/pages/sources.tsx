// `/sources`: who may send, whether each is set up, and when it was last heard.
import { Hono } from "hono";
import type { SourceAnswer } from "../../contract/overview.ts";
import { flashOf } from "../words/flash.ts";
import { byNeed, sourceHealth } from "../words/health.ts";
import { Page } from "../parts/layout.tsx";
import { type PageDeps, type PageEnv, show } from "../page.tsx";
import { Empty, Foreign, StateBadge, When } from "../parts/parts.tsx";
import { sourcePages } from "./source.tsx";
import { number } from "../words/words.ts";

export function sourcesPages(deps: PageDeps): Hono<PageEnv> {
  const app = new Hono<PageEnv>();
  app.get("/sources", async (c) => {
    const url = new URL(c.req.url);
    const { sources, events_looked_back_to: lookedBackTo } = await deps.operator.sources(url.origin);
    return show(
      c,
      <Page title="Sources" caller={c.var.caller} current="sources" flash={flashOf(url)} styles={["operate.css"]}>
        <h1>Sources</h1>
        {sources.length === 0 ? <NoSource /> : <SourceTable sources={sources} now={deps.now()} />}
        {lookedBackTo === null ? null : (
          <p class="note">
            Last events are shown back to {lookedBackTo.slice(0, 16).replace("T", " ")} UTC. Counts are of the last 24
            hours.
          </p>
        )}
      </Page>,
    );
  });
  app.route("/", sourcePages(deps));
  return app;
}

/** What to write where there is no source yet. */
export function NoSource() {
  return (
    <Empty title="No source yet">
      <p>
        Name one under <code>[vars.SOURCES]</code> in <code>wrangler.toml</code> and deploy.
      </p>
    </Empty>
  );
}

interface TableProps {
  readonly sources: readonly SourceAnswer[];
  readonly now: number;
}

/** Sources as a table, those that need somebody first. */
export function SourceTable({ sources, now }: TableProps) {
  return (
    <div class="list">
      <table class="stacked">
        <thead>
          <tr>
            <th scope="col">Source</th>
            <th scope="col">State</th>
            <th scope="col">Sender</th>
            <th scope="col" class="num">
              Accepted
            </th>
            <th scope="col" class="num">
              Refused
            </th>
            <th scope="col">Last event</th>
          </tr>
        </thead>
        <tbody>
          {byNeed(sources, sourceHealth).map(([source, health]) => (
            <tr data-source={source.name}>
              <th scope="row">
                <a href={`/sources/${source.name}`}>{source.name}</a>
              </th>
              <td data-label="State">
                <StateBadge state={health.sign} label={health.word} />
              </td>
              <td data-label="Sender">
                {source.provider_name === null ? <span class="none">–</span> : <Foreign text={source.provider_name} />}
              </td>
              <td data-label="Accepted" data-count="accepted" class="num">
                {number(source.window.accepted)}
              </td>
              <td data-label="Refused" data-count="refused" class="num">
                {number(source.window.refused)}
              </td>
              <td data-label="Last event" data-last="">
                <When at={source.last_event_at} now={now} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
