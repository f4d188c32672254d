// /events/:id: one event, what became of it everywhere, and what can be done about it.
// The most looked-at page when something is wrong.
import { Hono } from "hono";
import { OWN_NAME } from "../../contract/alerts.ts";
import type { EventStory } from "../../contract/history.ts";
import type { RoutesTried } from "../../contract/routing.ts";
import { signatureHeaders } from "../../in/identify.ts";
import { type BodyView, viewBody } from "../words/body.ts";
import { curl } from "../words/curl.ts";
import { DeliverySection } from "../parts/delivery.tsx";
import { BodySection, HeadersSection, ObjectSection, Shell } from "../parts/event-content.tsx";
import { pageOfSource } from "../words/alerts.ts";
import { flashOf } from "../words/flash.ts";
import { headline, RANK } from "../words/headline.ts";
import { Page } from "../parts/layout.tsx";
import { type PageContext, type PageDeps, type PageEnv, refuse, show } from "../page.tsx";
import { eventActs, EventActions, noSuchEvent } from "./event-acts.tsx";
import { Exactly, Facts, Foreign, LivePill, StateBadge, When } from "../parts/parts.tsx";
import { Verdicts } from "../parts/verdicts.tsx";
import { scaleOf } from "../parts/timeline.tsx";
import { bytes, visible } from "../words/words.ts";

export function eventPages(deps: PageDeps): Hono<PageEnv> {
  const { operator } = deps;
  const app = new Hono<PageEnv>();

  app.get("/events/:id", async (c) => {
    const found = await operator.event(c.req.param("id"));
    if (found === null) {
      return refuse(c, "events", noSuchEvent);
    }
    const body = await viewBody(found.story, found.body, c.req.query("body"));
    // Conditions may read the body: where that cannot be opened, the rest is shown all the same.
    const tried = body.shown === 0 && body.note !== null ? null : await operator.tries(found.story.id);
    return show(
      c,
      <EventPage c={c} deps={deps} story={found.story} body={body} tried={tried?.ok === true ? tried.value : null} />,
    );
  });
  eventActs(app, deps);
  return app;
}

interface EventPageProps {
  readonly c: PageContext;
  readonly deps: PageDeps;
  readonly story: EventStory;
  readonly body: BodyView;
  /** What the routes of today say; `null` where the event is gone by now. */
  readonly tried: RoutesTried | null;
}

function EventPage({ c, deps, story, body, tried }: EventPageProps) {
  const { config } = deps;
  const [now, url, caller] = [deps.now(), new URL(c.req.url), c.var.caller];
  const mayAct = deps.access.allows(caller, "operator");
  const receivedAt = Date.parse(story.received_at);
  const scale = scaleOf(story.deliveries, receivedAt, now);
  const source = config.sources.get(story.source);
  const worst = RANK.find((state) => story.deliveries.some((one) => one.state === state)) ?? "unrouted";
  const moving = story.deliveries.some(({ state }) => state === "pending" || state === "delivering");
  const command = curl(
    source?.publicUrl ?? `${url.origin}/in/${story.source}`,
    story,
    source === undefined ? [] : signatureHeaders(source.scheme),
    body.whole,
  );
  return (
    <Page
      title={`${worst === "unrouted" ? "" : `${worst}: `}${visible(story.type)} from ${story.source}`}
      caller={caller}
      current="events"
      flash={flashOf(url)}
      styles={["past.css"]}
      scripts={["copy.js", "live.js", "story.js"]}
    >
      <div class="head">
        <p class="trail">
          <a href="/events">Events</a> <span aria-hidden="true">/</span> <span class="mono">{story.id}</span>
        </p>
        <LivePill />
      </div>
      <div data-story data-event={story.id} data-moving={moving ? "" : undefined}>
        <div class="head">
          <h1>
            <Foreign text={story.type} /> <span class="dim">from {story.source}</span>
          </h1>
        </div>
        <p class={`headline ${worst}`}>
          <StateBadge state={worst} /> <span>{headline(story.deliveries, now)}</span>
        </p>
        <Archived story={story} />
        {mayAct ? <EventActions story={story} deps={deps} caller={caller} /> : null}
        <div class="card">
          <Facts
            rows={[
              ["Received", <Received at={story.received_at} now={now} />],
              ["Source", <a href={pageOfSource(story.source)}>{story.source}</a>],
              ["Verified", verified(story, source?.scheme.name ?? null)],
              ...lineage(story),
              ["Size", bytes(story.size)],
              ...(story.trace_id === null ? [] : [["Trace", <span class="mono">{story.trace_id}</span>] as const]),
            ]}
          />
        </div>
        <h2>Deliveries</h2>
        {story.deliveries.length === 0 ? (
          <p class="note">
            When it came in, no <a href="/routes">route</a> took <Foreign text={story.type} /> from {story.source}.
          </p>
        ) : null}
        {story.deliveries
          .toSorted((a, b) => RANK.indexOf(a.state) - RANK.indexOf(b.state))
          .map((delivery) => (
            <DeliverySection
              delivery={delivery}
              receivedAt={receivedAt}
              scale={scale}
              now={now}
              once={mayAct && story.body_gone === undefined ? deps.newId : null}
            />
          ))}
      </div>
      <Undecided story={story} />
      <Today story={story} tried={tried} mayTry={mayAct} />
      <BodySection story={story} body={body} url={url} />
      <ObjectSection story={story} />
      <HeadersSection headers={story.headers} />
      {story.source === OWN_NAME || story.body_gone !== undefined ? null : <Shell command={command} />}
    </Page>
  );
}

function Archived({ story: { archived } }: { readonly story: EventStory }) {
  if (archived === undefined) return null;
  return (
    <p class="note">
      This event is in the <a href="/archive">archive</a>, in <code>{archived}</code>. A replay, an edit or a new
      destination brings it back into the history.
    </p>
  );
}

function Undecided({ story: { undecided } }: { readonly story: EventStory }) {
  if (undecided.length === 0) return null;
  return (
    <div class="notice">
      {undecided.map(({ route, error }) => (
        <p>
          <StateBadge state="failed" label="undecided" /> <a href={`/routes#route-${route}`}>{route}</a> could not say
          whether it wants this event: <Foreign text={error} />
        </p>
      ))}
      <p>Correct its condition, deploy, and route the event again.</p>
    </div>
  );
}

/** Open where somebody asks why. */
function Today({ story, tried, mayTry }: Pick<EventPageProps, "story" | "tried"> & { readonly mayTry: boolean }) {
  if (tried === null) return null;
  return (
    <details class="numbers" open={story.deliveries.length === 0 || story.undecided.length > 0}>
      <summary id="routes-today">Which routes it would take today, and why not the others</summary>
      <Verdicts tried={tried} labelledBy="routes-today" />
      {mayTry ? (
        <p>
          <a href={`/routes/try?event=${story.id}`}>Try a transform or a condition on it</a>
        </p>
      ) : null}
    </details>
  );
}

function Received({ at, now }: { readonly at: string; readonly now: number }) {
  return (
    <>
      <When at={at} now={now} />
      <br />
      <Exactly at={at} /> <span class="dim">UTC</span>
    </>
  );
}

function EventLink({ id }: { readonly id: string }) {
  return (
    <a class="mono" href={`/events/${encodeURIComponent(id)}`}>
      {id}
    </a>
  );
}

/** How it is kept, where that is not as it came. */
function keeping({ encrypted, redacted }: Pick<EventStory, "encrypted" | "redacted">) {
  return [
    ...(encrypted === true ? [["Kept", "encrypted"] as const] : []),
    ...(redacted === true
      ? [
          [
            "Redacted",
            "values were taken out. Once its deliveries have ended, a replay sends it as it is shown here",
          ] as const,
        ]
      : []),
  ];
}

/** How it is kept, what it was made from by hand, and what was made from it. */
function lineage({ edited_from: original, edited_as: editions, ...story }: EventStory) {
  return [
    ...keeping(story),
    ...(original === null ? [] : [["Edited from", <EventLink id={original} />] as const]),
    ...editions.map(
      ({ event, destination }) =>
        [
          "Edited as",
          <>
            <EventLink id={event} /> for {destination}
          </>,
        ] as const,
    ),
  ];
}

/** How its sender was proven, and by which secret: its name, never what it is. */
function verified({ source, verified_by, edited_from }: EventStory, provider: string | null) {
  if (edited_from !== null) return "not by its sender: an operator has edited its body";
  if (source === OWN_NAME) return "not verified: the relay made it itself";
  if (verified_by === null)
    return provider === null ? "by its source's scheme" : `as ${provider} does it, without a secret`;
  return (
    <>
      by <code>{verified_by}</code>
      {provider === null ? null : ` (${provider})`}
    </>
  );
}
