// One destination of an event: every attempt in time and in words, and what can be done about it.
import type { AttemptAnswer, EventStory } from "../../contract/history.ts";
import { answerInWords } from "../words/headline.ts";
import { Exactly, Post, StateBadge, When } from "./parts.tsx";
import { type Scale, Timeline } from "./timeline.tsx";
import { span, took, visible } from "../words/words.ts";

type Delivery = EventStory["deliveries"][number];

interface DeliveryProps {
  readonly delivery: Delivery;
  /** In ms. */
  readonly receivedAt: number;
  readonly scale: Scale;
  readonly now: number;
  /** Makes ids for forms; `null` for whoever may only look. */
  readonly once: (() => string) | null;
}

const REASONS = {
  exhausted: "the retry schedule has ended",
  gone: "the destination asked for no more",
  blocked: "its address may not be contacted",
  cancelled: "it was cancelled",
  expired: "it was too old: for the destination's max_age, or because its whole schedule has passed",
  refused: "the answer ended it, by the destination's rules or by the receiver's webhook-delivery header",
} as const;

const WAITS = {
  pause: "its destination is paused",
  breaker: "its destination fails too often: its breaker is open, and this delivery spends no attempt until it closes",
  rate: "its destination is at its rate limit; it spends no attempt until there is a place",
  concurrency: "its destination is at its concurrency limit; the delivery spends no attempt while it waits",
  order: "its destination gets such events in order, and an earlier one is still open",
  tunnel: "its destination is a tunnel without a listener; it spends no attempt until one connects: hookline listen",
  filter: "its destination is a tunnel, and no listener takes such an event; it spends no attempt until one does",
} as const;

/** Why a sender that waited for the answer got the plain acknowledgement in its place. */
const UNREPLIED = {
  unsent: "the attempt was not made at once",
  late: "the answer did not come within the route's bound",
  silent: "there was no answer",
  status: "the answer was no 2xx",
  empty: "the answer had no body",
  type: "the answer's content type is none that is passed on",
  encoding: "the answer's body is no UTF-8",
  large: "the answer was too large, or broke off",
  secret: "the answer says back a secret",
} as const;

export function DeliverySection({ delivery, receivedAt, scale, now, once }: DeliveryProps) {
  const { destination, state, reason, waits, waits_behind: behind, route, attempts } = delivery;
  const id = `to-${destination}`;
  return (
    <section class={`card delivery ${state}`} aria-labelledby={id}>
      <div class="head">
        <h3 id={id}>
          <a href={`/destinations/${encodeURIComponent(destination)}`}>{destination}</a>{" "}
          <span class="dim">by route {route}</span>
        </h3>
        <StateBadge state={state} />
      </div>
      <Replied replied={delivery.replied} />
      {reason === null ? null : <p class="note">Ended, because {REASONS[reason]}.</p>}
      {waits === null ? null : (
        <p class="note">
          It waits, because {WAITS[waits]}
          {behind === undefined ? null : (
            <>
              : it waits behind <a href={`/events/${behind}`}>{behind}</a>
            </>
          )}
          .
        </p>
      )}
      {state === "pending" && waits !== "order" ? (
        <p class="note">
          Next attempt <When at={delivery.next_attempt_at} now={now} /> (<Exactly at={delivery.next_attempt_at} /> UTC)
        </p>
      ) : null}
      {attempts.length === 0 ? (
        <p class="note">No attempt yet.</p>
      ) : (
        <>
          <Timeline delivery={delivery} receivedAt={receivedAt} scale={scale} />
          <Attempts attempts={attempts} receivedAt={receivedAt} destination={destination} />
        </>
      )}
      {once === null ? null : <Actions delivery={delivery} once={once} />}
    </section>
  );
}

function Replied({ replied }: Pick<Delivery, "replied">) {
  if (replied === undefined) return null;
  return (
    <p class="note">
      {"ms" in replied
        ? `The sender got the answer of the first attempt as its reply, ${took(replied.ms)} after its request.`
        : `The sender waited for the answer and got the plain acknowledgement, because ${UNREPLIED[replied.why]}.`}
    </p>
  );
}

interface AttemptsProps {
  readonly attempts: readonly AttemptAnswer[];
  readonly receivedAt: number;
  readonly destination: string;
}

/** Newest first: what is asked for at night is the last answer. */
function Attempts({ attempts, receivedAt, destination }: AttemptsProps) {
  return (
    <table class="attempts">
      <caption class="unseen">Attempts at {destination}, newest first</caption>
      <thead>
        <tr>
          <th scope="col">#</th>
          <th scope="col">Outcome</th>
          <th scope="col">Answer</th>
          <th scope="col" class="num">
            Took
          </th>
          <th scope="col">Started (UTC)</th>
          <th scope="col">After</th>
        </tr>
      </thead>
      <tbody>
        {attempts.toReversed().map((attempt) => (
          <tr>
            <td class="of-n">{attempt.attempt}</td>
            <td class="of-outcome">
              <StateBadge state={attempt.outcome} />
            </td>
            <td class="of-answer">
              {attempt.outcome === "running" ? "no answer yet" : answerInWords(attempt)}
              <Excerpt text={attempt.answer} />
            </td>
            <td class="num of-took">{attempt.latency_ms === null ? "–" : took(attempt.latency_ms)}</td>
            <td class="of-time">
              <Exactly at={attempt.started_at} />
            </td>
            <td class="dim of-after">
              {attempt.started_at === null ? "" : `+${span(Date.parse(attempt.started_at) - receivedAt)}`}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** Answers up to this length, in characters, stand open; longer ones are opened by whoever wants them. */
const SHORT = 120;

function Excerpt({ text }: { readonly text: string | null }) {
  if (text === null || text.trim() === "") return null;
  const shown = visible(text);
  if (shown.length <= SHORT) return <pre class="excerpt">{shown}</pre>;
  return (
    <details class="excerpt-more">
      <summary>
        <span class="mono">{shown.slice(0, 60)}…</span>
      </summary>
      <pre class="excerpt">{shown}</pre>
    </details>
  );
}

function Actions({ delivery, once }: { readonly delivery: Delivery; readonly once: () => string }) {
  const { event, destination, state } = delivery;
  const ended = state === "failed" || state === "delivered";
  const waits = state === "pending" || state === "held";
  if (!ended && !waits) return null;
  return (
    <div class="actions">
      {ended ? (
        <Post
          action={`/events/${event}/replay`}
          label={`Replay to ${destination}`}
          once={once()}
          fields={{ destination }}
        />
      ) : (
        <Post
          action={`/events/${event}/cancel`}
          label={`Cancel for ${destination}`}
          once={once()}
          fields={{ destination }}
          kind="danger"
          confirm="It is ended and not tried any more. A replay opens it again."
        />
      )}
    </div>
  );
}
