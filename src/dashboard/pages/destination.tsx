// `/destinations/:name`: how one receiver does, what waits for it, and the things to do about it.
import { Hono } from "hono";
import type { DeliveryAnswer } from "../../contract/history.ts";
import type { DestinationAnswer } from "../../contract/operations.ts";
import { LatencyRange } from "../parts/charts.tsx";
import { DestinationActions, waitingInWords } from "../parts/destination-actions.tsx";
import { flashOf, unconfirmedIn } from "../words/flash.ts";
import { answerInWords } from "../words/headline.ts";
import { destinationHealth } from "../words/health.ts";
import { Page } from "../parts/layout.tsx";
import { by, done, needs, type PageDeps, type PageEnv, refuse, show } from "../page.tsx";
import { Empty, Facts, Foreign, StateBadge, When } from "../parts/parts.tsx";
import { scheduleInWords, Timeline } from "../parts/schedule.tsx";
import { limitsInWords } from "../words/limits.ts";
import { untilInWords } from "../words/secrets.ts";
import { shapeInWords } from "../words/shape.ts";
import { TestAnswer } from "../parts/test-answer.tsx";
import { wayInWords } from "../words/place.ts";
import { list, number, percentilesInWords, span, took } from "../words/words.ts";

/** Deliveries that the page of a destination shows; the list of deliveries has the others. */
const SHOWN = 15;

export function destinationPages(deps: Pick<PageDeps, "operator" | "access" | "now" | "newId">): Hono<PageEnv> {
  const { operator, access, now, newId } = deps;
  const app = new Hono<PageEnv>();

  app.get("/destinations/:name", async (c) => {
    const found = await operator.destination(c.req.param("name"));
    if (!found.ok) return refuse(c, "destinations", found.problem);
    const destination = found.value;
    const filter = { source: null, type: null, since: null, until: null, destination: destination.name, state: null };
    const { deliveries } = await operator.deliveries({ filter, after: null, limit: SHOWN });
    const mayAct = access.allows(c.var.caller, "operator");
    const url = new URL(c.req.url);
    const unconfirmed = destination.state === "paused" ? unconfirmedIn(url) : 0;
    return show(
      c,
      <Page
        title={destination.name}
        caller={c.var.caller}
        current="destinations"
        flash={flashOf(url)}
        styles={["operate.css"]}
      >
        <DestinationHead destination={destination} now={now()} />
        {unconfirmed === 0 ? null : <Unconfirmed count={unconfirmed} />}
        {mayAct ? <DestinationActions destination={destination} newId={newId} pauseAgain={unconfirmed > 0} /> : null}
        <AsConfigured destination={destination} />
        <Recent name={destination.name} deliveries={deliveries} now={now()} />
      </Page>,
    );
  });

  app.post("/destinations/:name/pause", needs(deps, "operator", "destinations"), async (c) => {
    const paused = await operator.acts.pause(c.req.param("name"), by(c, await c.req.formData()));
    if (!paused.ok) return refuse(c, "destinations", paused.problem);
    const { name, unconfirmed = [] } = paused.value;
    if (unconfirmed.length > 0) return done(c, `/destinations/${name}`, "unconfirmed", unconfirmed.length);
    return done(c, `/destinations/${name}`, "paused");
  });

  app.post("/destinations/:name/resume", needs(deps, "operator", "destinations"), async (c) => {
    const resumed = await operator.acts.resume(c.req.param("name"), by(c, await c.req.formData()));
    if (!resumed.ok) return refuse(c, "destinations", resumed.problem);
    return done(c, `/destinations/${resumed.value.name}`, "resumed");
  });

  app.post("/destinations/:name/test", needs(deps, "operator", "destinations"), async (c) => {
    const tested = await operator.acts.test(c.req.param("name"), by(c, await c.req.formData()));
    if (!tested.ok) return refuse(c, "destinations", tested.problem);
    return show(c, <TestAnswer caller={c.var.caller} tested={tested.value} once={newId()} />);
  });
  return app;
}

interface HeadProps {
  readonly destination: DestinationAnswer;
  readonly now: number;
}

function DestinationHead({ destination, now }: HeadProps) {
  const { name, kind, url, paused_by: pausedBy, paused_at: pausedAt, window } = destination;
  const health = destinationHealth(destination);
  return (
    <>
      <p class="trail">
        <a href="/destinations">Destinations</a>
      </p>
      <div class="head">
        <h1>
          {name} <StateBadge state={health.sign} label={health.word} />
        </h1>
        {kind === "inspect" ? <a href={`/inspect/${name}`}>What arrived</a> : null}
      </div>
      <p class="address mono text">
        {wayInWords(destination) ??
          url ??
          (kind === "inspect" ? "answered by the relay itself" : "the address is a secret")}
      </p>
      {health.word === "failing" && health.since !== null ? (
        <p class="warn">
          No attempt has succeeded for {span(now - Date.parse(health.since))}: {number(destination.failures_in_a_row)}{" "}
          failed in a row. <a href={`/deliveries?destination=${name}&state=pending`}>Pending deliveries</a>
        </p>
      ) : null}
      {pausedAt === null ? null : (
        <p class="warn">
          Paused <When at={pausedAt} now={now} /> by <Foreign text={pausedBy ?? "an operator"} />. New events for it are
          held.
        </p>
      )}
      <Breaker breaker={destination.breaker} held={destination.held} now={now} />
      <div class="card">
        <Facts
          rows={[
            ["Pending", <a href={`/deliveries?destination=${name}&state=pending`}>{waitingInWords(destination)}</a>],
            ["Held", <a href={`/deliveries?destination=${name}&state=held`}>{number(destination.held)}</a>],
            ...(destination.behind === undefined
              ? []
              : [["Behind another, in order", number(destination.behind)] satisfies [string, string]]),
            ["Oldest pending", <When at={destination.oldest_waiting_at} now={now} />],
            ["Delivered, 24 h", number(window.delivered)],
            ["Retried, 24 h", number(window.retried)],
            ["Failed, 24 h", <a href={`/deliveries?destination=${name}&state=failed`}>{number(window.failed)}</a>],
            ["Latency", <Latencies window={window} />],
          ]}
        />
      </div>
    </>
  );
}

interface BreakerProps extends Pick<DestinationAnswer, "breaker" | "held"> {
  readonly now: number;
}

/** Why nothing but a probe goes there, or what is on its way again. */
function Breaker({ breaker, held, now }: BreakerProps) {
  if (breaker === null || breaker.state === "counting") return null;
  if (breaker.state === "closing")
    return <p class="warn">It answers again. What has waited is sent step by step: {number(held)} still held.</p>;
  return (
    <p class="warn">
      Its breaker has been open since <When at={breaker.opened_at} now={now} />: {number(breaker.failures)} attempts
      failed in a row, the last answer was {answerInWords(breaker)}. Deliveries wait and spend no attempt; one at a time
      is sent as a probe, the next <When at={breaker.next_probe_at} now={now} />.
    </p>
  );
}

/** After a pause that was ordered just now. */
function Unconfirmed({ count }: { readonly count: number }) {
  return (
    <p class="warn" role="status">
      {count === 1 ? "One Intake object has" : `${number(count)} Intake objects have`} not confirmed the pause. What{" "}
      {count === 1 ? "it accepts" : "they accept"} may still be sent at once, until{" "}
      {count === 1 ? "it hears" : "they hear"} of the pause. Pause again to tell {count === 1 ? "it" : "them"}.
    </p>
  );
}

function Latencies({ window: { latency } }: Pick<DestinationAnswer, "window">) {
  if (latency === null) return <span class="none">not known</span>;
  return (
    <>
      <LatencyRange latency={latency} />
      <div>{percentilesInWords(latency)}</div>
      <div class="note">p50 · p95 · p99</div>
    </>
  );
}

function AsConfigured({ destination }: { readonly destination: DestinationAnswer }) {
  const { retry_s: waits, breaker_rule: rule, signed_by: keys, old_key: old, routes, shape } = destination;
  return (
    <section aria-labelledby="configured">
      <h2 id="configured">As configured</h2>
      <div class="card">
        <p>{scheduleInWords(waits)}</p>
        <Timeline waits={waits} />
        <Facts
          rows={[
            [
              "Breaker",
              rule === null
                ? "none"
                : `opens after ${rule.failures} failures in a row over ${span(rule.over_s * 1000)}`,
            ],
            ...limitsInWords(destination).map(([name, value]) => [name, value] as const),
            ["Signed by", keys.length === 0 ? unsigned(shape?.format) : <KeyNames keys={keys} />],
            ...(old === undefined ? [] : [[old.name, untilInWords({ ...old, set: true })] as const]),
            ...shapeInWords(shape).map(([name, value]) => [name, <Foreign text={value} />] as const),
            ["Routes", routes.length === 0 ? "none leads here" : <a href="/routes">{list(routes)}</a>],
          ]}
        />
      </div>
    </section>
  );
}

function unsigned(format: string | undefined): string {
  if (format === "none") return "nothing: the destination asks for none";
  return format === "passthrough" ? "the sender: its own signature is passed on" : "no key is set: nothing is sent";
}

function KeyNames({ keys }: { readonly keys: readonly string[] }) {
  return (
    <>
      {keys.map((name) => (
        <>
          <code>{name}</code>{" "}
        </>
      ))}
    </>
  );
}

interface RecentProps {
  readonly name: string;
  readonly deliveries: readonly DeliveryAnswer[];
  readonly now: number;
}

function Recent({ name, deliveries, now }: RecentProps) {
  return (
    <section aria-labelledby="recent">
      <div class="head">
        <h2 id="recent">Last deliveries</h2>
        <a href={`/deliveries?destination=${name}`}>All deliveries</a>
      </div>
      {deliveries.length === 0 ? (
        <Empty title="No deliveries yet" />
      ) : (
        <div class="list">
          <table class="stacked">
            <thead>
              <tr>
                <th scope="col">Event</th>
                <th scope="col">State</th>
                <th scope="col">Attempt</th>
                <th scope="col">Answer</th>
                <th scope="col">Last attempt</th>
                <th scope="col">Next</th>
              </tr>
            </thead>
            <tbody>
              {deliveries.map((delivery) => (
                <DeliveryRow delivery={delivery} now={now} />
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}

function DeliveryRow({ delivery, now }: { readonly delivery: DeliveryAnswer; readonly now: number }) {
  const { status, fault, latency_ms: latency } = delivery;
  const answered = status !== null || fault !== null;
  return (
    <tr>
      <th scope="row" class="what">
        <a href={`/events/${delivery.event}`}>
          <Foreign text={delivery.type} />
        </a>{" "}
        <span class="note">from {delivery.source}</span>
      </th>
      <td data-label="State">
        <StateBadge state={delivery.state} />
      </td>
      <td data-label="Attempt">{delivery.attempt === 0 ? <span class="none">none yet</span> : delivery.attempt}</td>
      <td data-label="Answer">
        {answered ? answerInWords(delivery) : <span class="none">–</span>}
        {latency === null ? null : <span class="note"> in {took(latency)}</span>}
      </td>
      <td data-label="Last attempt">
        <When at={delivery.last_attempt_at} now={now} />
      </td>
      <td data-label="Next">
        <When at={delivery.next_attempt_at} now={now} />
      </td>
    </tr>
  );
}
