// Whose answer does a route's sender get, and can that destination give one in time? Pure.
import { outlasts } from "../deadlines.ts";
import { OWN_NAME } from "../contract/alerts.ts";
import type { Destination } from "../types.ts";
import type { ConfiguredSource, Route } from "./configured.ts";
import { error, type Finding, suggest, warning } from "./findings.ts";
import { LONGEST_REPLY_MS } from "./reply-keys.ts";
import { meet } from "./meeting.ts";

/** How long a sender is kept waiting where its route does not say. */
const USUAL_MS = 1_500;
/** What a sender's own limit leaves for the way there and back, in ms. */
const MARGIN_MS = 500;

/** What a route says of the answer, or nothing with a finding where it names no destination of its own. */
export function readReply(
  key: string,
  {
    reply,
    reply_within: withinMs,
    to,
  }: { reply?: string | undefined; reply_within?: number | undefined; to: readonly string[] },
  findings: Finding[],
): Pick<Route, "reply"> {
  if (reply === undefined) {
    if (withinMs !== undefined)
      findings.push(
        error(
          `${key}.reply_within`,
          "bounds nothing, because no reply is written. Write reply as well, or leave it out",
        ),
      );
    return {};
  }
  if (!to.includes(reply)) {
    const says = `"${reply}" is not among the destinations of this route.${suggest(reply, to)}`;
    findings.push(error(`${key}.reply`, says));
    return {};
  }
  return { reply: { destination: reply, withinMs: withinMs ?? USUAL_MS } };
}

/** What keeps destinations from answering, senders from hearing it, and routes apart that both would. */
export function unanswerable(
  routes: readonly Route[],
  sources: ReadonlyMap<string, ConfiguredSource>,
  destinations: ReadonlyMap<string, Destination>,
): Finding[] {
  return routes.flatMap((route) => {
    const { name, from, reply } = route;
    if (reply === undefined) return [];
    const destination = destinations.get(reply.destination);
    const mute = destination === undefined ? null : muteOf(destination);
    const key = `ROUTES.${name}.reply`;
    return [
      ...(mute === null ? [] : [error(key, `${reply.destination} ${mute}`)]),
      ...from.flatMap((one) => deafOf(one, sources.get(one), reply.withinMs, name)),
      ...outdone(route, routes),
    ];
  });
}

/** What is no request and response. */
const SILENT = {
  queue: "a queue, which answers nothing",
  r2: "a bucket, which answers nothing",
  email: "e-mail, which answers nothing",
  tunnel: "a tunnel, whose listener may not be there",
};

/** Why a destination never has an answer while its event comes in. */
function muteOf(destination: Destination): string | null {
  const { script, binding, order } = destination;
  if (script !== undefined)
    return "is an inspector, whose first attempts go by way of the queue: no answer of it is there in time. Name a destination with a URL";
  if (binding !== undefined && binding.kind !== "service")
    return `is ${SILENT[binding.kind]}. Name a destination with a URL or a service`;
  if (order !== undefined)
    return "gets its events in order, and so by way of the queue: no answer of it is there in time. Leave order out, or name another destination";
  if (outlasts(destination))
    return "may take more than 15 s for an attempt, with what has to be fetched for it, and so gets its events by way of the queue: no answer of it is there in time. Write a shorter timeout, or name another destination";
  return null;
}

/** Why a sender does not hear the answer, or not in time. */
function deafOf(name: string, source: ConfiguredSource | undefined, withinMs: number, route: string): Finding[] {
  const key = `ROUTES.${route}.reply`;
  if (name === OWN_NAME)
    return [
      error(
        key,
        `answers nobody: what comes from ${OWN_NAME} is the relay's own. Leave it out of from, or leave reply out`,
      ),
    ];
  const replies = source?.scheme.replies;
  if (replies?.accepted !== undefined)
    return [
      error(
        key,
        `is no choice for what comes from ${name}: ${source?.scheme.name} takes only words of its own for a yes. Leave it out of from, or leave reply out`,
      ),
    ];
  const limit = replies?.awaited?.withinMs;
  if (limit === undefined || withinMs <= limit - MARGIN_MS) return [];
  const most = Math.min(limit - MARGIN_MS, LONGEST_REPLY_MS) / 1_000;
  return [
    error(
      `ROUTES.${route}.reply_within`,
      `is longer than ${name} waits: ${source?.scheme.name} gives up after ${limit / 1_000} s. Write "${most}s" at most`,
    ),
  ];
}

/** Of two routes that take one event, the first that has a reply says whose answer it is. */
function outdone(route: Route, routes: readonly Route[]): Finding[] {
  return routes
    .slice(0, routes.indexOf(route))
    .filter(
      (other) =>
        other.reply !== undefined && other.reply.destination !== route.reply?.destination && meet(route, other),
    )
    .map((other) =>
      warning(
        `ROUTES.${route.name}.reply`,
        `stands behind that of the route ${other.name}: the sender of an event that both take gets the answer of ${other.reply?.destination}. Leave one of them out, or give it other events`,
      ),
    );
}
