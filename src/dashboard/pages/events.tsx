// /events: what came in, newest first, and how far each has come.
// The rows are the operator's; new ones arrive by live.client.js.
import { Hono } from "hono";
import type { ListedEvent } from "../../contract/history.ts";
import { askEvents } from "../../contract/question.ts";
import { Filters, OF_DELIVERIES, parametersOf, redirection } from "../parts/filters.tsx";
import { flashOf } from "../words/flash.ts";
import { RANK } from "../words/headline.ts";
import { KeyboardHelp } from "../parts/keyboard.tsx";
import { Page } from "../parts/layout.tsx";
import { type PageDeps, type PageEnv, show } from "../page.tsx";
import { Empty, Exactly, Foreign, LivePill, Pager, StateBadge } from "../parts/parts.tsx";
import { bytes } from "../words/words.ts";

export function eventsPages(deps: PageDeps): Hono<PageEnv> {
  const app = new Hono<PageEnv>();
  app.get("/events", async (c) => {
    const url = new URL(c.req.url);
    const elsewhere = redirection(url);
    if (elsewhere !== null) return c.redirect(elsewhere, 303);
    const parameters = parametersOf(url, deps.now(), OF_DELIVERIES);
    const asked = askEvents(parameters);
    if (!asked.ok) c.status(400);
    const page = asked.ok ? await deps.operator.events(asked.value) : null;
    const leftOut = OF_DELIVERIES.some((name) => url.searchParams.has(name));
    // What arrives now belongs on top of the newest page only, and whether it holds a text is not known here.
    const live =
      asked.ok && asked.value.after === null && !["text", "until", "routing"].some((name) => parameters.has(name));
    return show(
      c,
      <Page
        title="Events"
        caller={c.var.caller}
        current="events"
        flash={flashOf(url)}
        styles={["past.css"]}
        scripts={["keys.js", "live.js", "rows.js"]}
      >
        <div class="head">
          <h1>Events</h1>
          {live ? <LivePill /> : null}
        </div>
        <Filters url={url} config={deps.config} text />
        {asked.ok ? null : <p class="fault">{asked.detail}</p>}
        {leftOut ? (
          <p class="warn">
            A search for text or routing finds events, not deliveries: it ignores state and destination.
          </p>
        ) : null}
        {page === null ? null : (
          <EventList
            events={page.events}
            live={live ? { source: parameters.get("source"), type: parameters.get("type") } : null}
            filtered={parameters.size > 0}
            complete={page.complete}
          />
        )}
        <Skipped count={page?.sealed_skipped} why="kept encrypted" />
        <Skipped count={page?.bucket_skipped} why="too large for D1, with their bodies in the bucket EVENT_BODIES" />
        {page === null ? null : (
          <Pager url={url} next={page.next} complete={page.complete} lookedBackTo={page.looked_back_to} />
        )}
        {deps.operator.archive.isOpen ? (
          <p>
            <a href="/archive">Older events are in the archive</a>
          </p>
        ) : null}
        {deps.access.allows(c.var.caller, "admin") ? (
          <p>
            <a href="/erasures">Delete all events of a person or account</a>
          </p>
        ) : null}
        <KeyboardHelp />
      </Page>,
    );
  });
  return app;
}

/** Why a search has not found what may be there. */
function Skipped({ count = 0, why }: { readonly count?: number | undefined; readonly why: string }) {
  if (count === 0) return null;
  const events = count === 1 ? "1 event that is" : `${count} events that are`;
  return (
    <p class="note">
      Not searched: {events} {why}.
    </p>
  );
}

interface EventListProps {
  readonly events: readonly ListedEvent[];
  /** What of the news belongs here; `null` for nothing. */
  readonly live: { readonly source: string | null; readonly type: string | null } | null;
  readonly filtered: boolean;
  readonly complete: boolean;
}

export function EventList({ events, live, filtered, complete }: EventListProps) {
  return (
    <>
      <table class="list rows events" data-rows>
        <caption class="unseen">Events, newest first</caption>
        <thead>
          <tr>
            <th scope="col">State</th>
            <th scope="col">Received (UTC)</th>
            <th scope="col">Source</th>
            <th scope="col">Type</th>
            <th scope="col">Event</th>
            <th scope="col" class="num">
              Size
            </th>
          </tr>
        </thead>
        <tbody
          data-fresh={live === null ? undefined : ""}
          data-source={live?.source ?? undefined}
          data-type={live?.type ?? undefined}
        >
          {events.map((event) => (
            <EventRow event={event} />
          ))}
        </tbody>
      </table>
      {events.length > 0 ? null : (
        <Empty title={!complete ? "Nothing so far." : filtered ? "No results." : "No events yet."}>
          <p data-empty>
            {!complete
              ? "The search is still looking: it has stopped for this page only, and older events have not been searched."
              : filtered
                ? "Remove a filter, or search further back."
                : "Point a provider at one of the sources: its events appear here by themselves."}
          </p>
        </Empty>
      )}
      <LiveTemplates />
    </>
  );
}

function EventRow({ event }: { readonly event: ListedEvent }) {
  return (
    <tr data-event={event.id}>
      <td class="of-state">
        <Progress deliveries={event.deliveries} />
        {event.undecided ? <StateBadge state="failed" label="undecided" /> : null}
      </td>
      <td class="of-time">
        <Exactly at={event.received_at} />
      </td>
      <td class="of-source">
        <a href={`/events?source=${encodeURIComponent(event.source)}`}>{event.source}</a>
      </td>
      <td class="of-type">
        <Foreign text={event.type} />
      </td>
      <td class="of-id">
        <a class="mono" href={`/events/${event.id}`} data-open>
          {event.id.slice(0, 16)}…
        </a>
      </td>
      <td class="num dim of-size">{bytes(event.size)}</td>
    </tr>
  );
}

/** The worst state first, with the destinations that are in it; where all have it, how many they are. */
function Progress({ deliveries }: { readonly deliveries: ListedEvent["deliveries"] }) {
  const worst = RANK.find((state) => deliveries.some((one) => one.state === state)) ?? "unrouted";
  const inIt = deliveries.filter(({ state }) => state === worst).map(({ destination }) => destination);
  const where = inIt.length > 2 ? `${inIt.length} of ${deliveries.length}` : inIt.join(", ");
  return (
    <span
      class="progress"
      data-deliveries={JSON.stringify(
        Object.fromEntries(deliveries.map(({ destination, state }) => [destination, state])),
      )}
    >
      <StateBadge state={worst} />
      <span class="dim where">{where}</span>
    </span>
  );
}

/** What live.client.js makes rows and signs of. */
function LiveTemplates() {
  return (
    <>
      <template id="live-row">
        <EventRow
          event={{
            id: "",
            source: "",
            type: "",
            received_at: "",
            verified_by: null,
            size: 0,
            deliveries: [],
            undecided: false,
          }}
        />
      </template>
      {[...RANK, "unrouted"].map((state) => (
        <template id={`live-${state}`}>
          <StateBadge state={state} />
        </template>
      ))}
    </>
  );
}
