// /deliveries: which event went to which destination and what came of it, newest event first.
// `?state=failed` is what one opens at night.
import { Hono } from "hono";
import type { DeliveryAnswer } from "../../contract/history.ts";
import { askDeliveries } from "../../contract/question.ts";
import { Filters, parametersOf, redirection } from "../parts/filters.tsx";
import { flashOf } from "../words/flash.ts";
import { answerInWords } from "../words/headline.ts";
import { KeyboardHelp } from "../parts/keyboard.tsx";
import { Page } from "../parts/layout.tsx";
import { type PageDeps, type PageEnv, show } from "../page.tsx";
import { Empty, Exactly, Foreign, Pager, StateBadge, When, withQuery } from "../parts/parts.tsx";

const VIEWS = [
  [null, "All"],
  ["failed", "Failed"],
  ["pending", "Pending"],
  ["held", "Held"],
] as const;

export function deliveriesPages(deps: PageDeps): Hono<PageEnv> {
  const app = new Hono<PageEnv>();
  app.get("/deliveries", async (c) => {
    const url = new URL(c.req.url);
    const elsewhere = redirection(url);
    if (elsewhere !== null) return c.redirect(elsewhere, 303);
    const parameters = parametersOf(url, deps.now(), ["text"]);
    const asked = askDeliveries(parameters);
    if (!asked.ok) c.status(400);
    const page = asked.ok ? await deps.operator.deliveries(asked.value) : null;
    const state = url.searchParams.get("state");
    return show(
      c,
      <Page
        title="Deliveries"
        caller={c.var.caller}
        current="deliveries"
        flash={flashOf(url)}
        styles={["past.css"]}
        scripts={["keys.js"]}
      >
        <div class="head">
          <h1>Deliveries</h1>
          <nav aria-label="By state" class="tabs">
            {VIEWS.map(([value, label]) => (
              <a
                href={withQuery(url, { state: value, cursor: null })}
                aria-current={value === state ? "true" : undefined}
              >
                {label}
              </a>
            ))}
          </nav>
        </div>
        <Filters url={url} config={deps.config} text={false} />
        {asked.ok ? null : <p class="fault">{asked.detail}</p>}
        {page === null ? null : page.deliveries.length === 0 ? (
          <Empty
            title={!page.complete ? "Nothing so far." : state === "failed" ? "No failed deliveries." : "No results."}
          />
        ) : (
          <>
            {deps.access.allows(c.var.caller, "operator") ? <InBulk parameters={parameters} /> : null}
            <DeliveryList deliveries={page.deliveries} now={deps.now()} />
          </>
        )}
        {page === null ? null : (
          <Pager url={url} next={page.next} complete={page.complete} lookedBackTo={page.looked_back_to} />
        )}
        <KeyboardHelp />
      </Page>,
    );
  });
  return app;
}

/** The way from a list of what has failed to sending all of it again, under the same filter. */
function InBulk({ parameters }: { readonly parameters: URLSearchParams }) {
  const state = parameters.get("state");
  if (state !== "failed" && state !== "delivered") return null;
  const filter = new URLSearchParams(parameters);
  for (const name of ["cursor", "limit"]) filter.delete(name);
  return (
    <p>
      <a class="button" href={`/replays/new?${filter.toString()}`}>
        Replay all matching…
      </a>
    </p>
  );
}

function DeliveryList({ deliveries, now }: { readonly deliveries: readonly DeliveryAnswer[]; readonly now: number }) {
  return (
    <table class="list rows deliveries" data-rows>
      <caption class="unseen">Deliveries, newest event first</caption>
      <thead>
        <tr>
          <th scope="col">State</th>
          <th scope="col">Destination</th>
          <th scope="col">Last answer</th>
          <th scope="col" class="num">
            Tries
          </th>
          <th scope="col">Last attempt</th>
          <th scope="col">Next attempt</th>
          <th scope="col">Event</th>
          <th scope="col">Received (UTC)</th>
        </tr>
      </thead>
      <tbody>
        {deliveries.map((delivery) => (
          <tr>
            <td class="of-state">
              <StateBadge state={delivery.state} />
            </td>
            <td class="of-destination">
              <a href={`/destinations/${encodeURIComponent(delivery.destination)}`}>{delivery.destination}</a>
            </td>
            <td class="of-answer">{outcome(delivery)}</td>
            <td class="num of-tries">{delivery.attempt}×</td>
            <td class="of-last">
              <When at={delivery.last_attempt_at} now={now} />
            </td>
            <td class="of-next">
              <When at={delivery.next_attempt_at} now={now} />
            </td>
            <td class="of-event">
              <a href={`/events/${delivery.event}`} data-open>
                {delivery.source} <Foreign text={delivery.type} />
              </a>
            </td>
            <td class="of-time">
              <Exactly at={delivery.received_at} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** The last answer, and where there was none, why it ended. */
function outcome(delivery: DeliveryAnswer) {
  if (delivery.reason === "cancelled") return "cancelled";
  if (delivery.status === null && delivery.fault === null) return <span class="none">–</span>;
  return answerInWords(delivery);
}
