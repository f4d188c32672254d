// What happened to an event, in one sentence for whoever was woken by it. Pure.
import type { EventStory } from "../../contract/history.ts";
import { TITLES } from "../../reasons.ts";
import { faultInWords } from "../../out/classify.ts";
import { list, span } from "./words.ts";

type Delivery = EventStory["deliveries"][number];

/** Destinations that are named one by one; of more, the rest is counted. */
const NAMED = 3;

/** @param now in ms */
export function headline(deliveries: readonly Delivery[], now: number): string {
  if (deliveries.length === 0) return "Accepted and kept. No route sends it anywhere.";
  const delivered = deliveries.filter(({ state }) => state === "delivered");
  if (delivered.length === deliveries.length) return allDelivered(delivered);
  const others = deliveries
    .filter(({ state }) => state !== "delivered")
    .toSorted((a, b) => RANK.indexOf(a.state) - RANK.indexOf(b.state));
  const phrases = others.slice(0, NAMED).map((delivery) => phrase(delivery, now));
  const more = others.length - NAMED;
  if (more > 0) phrases.push(`and ${more} more`);
  const start =
    delivered.length > 0
      ? `Delivered to ${delivered.length} of ${deliveries.length}; `
      : deliveries.length > 1
        ? `Delivered to none of ${deliveries.length}; `
        : "";
  // A name stays as it is written, at the beginning too.
  return `${start}${phrases.join("; ")}.`;
}

/** Worst first. */
export const RANK: readonly Delivery["state"][] = ["failed", "held", "pending", "delivering", "delivered"];

function allDelivered(deliveries: readonly Delivery[]): string {
  const names = deliveries.map(({ destination }) => destination);
  const tries = Math.max(...deliveries.map(({ attempts }) => attempts.length));
  const last = Math.max(...deliveries.map(({ ended_at }) => Date.parse(ended_at ?? "") || 0));
  const took = last - Math.min(...deliveries.map(({ received_at }) => Date.parse(received_at)));
  const where = names.length <= NAMED ? list(names) : `all ${names.length} destinations`;
  const how = tries === 1 ? "at the first try" : `after ${tries} tries`;
  return last === 0 ? `Delivered to ${where} ${how}.` : `Delivered to ${where} ${how}, ${span(took)} after it came in.`;
}

const WAITS = {
  pause: "is paused",
  breaker: "fails too often (its breaker is open)",
  rate: "is at its rate limit",
  concurrency: "is at its concurrency limit",
  order: "gets an earlier event first",
  tunnel: "is a tunnel without a listener",
  filter: "is a tunnel, and no listener takes it",
} as const;

/** What is to be said of a delivery that has not ended well. */
function phrase(delivery: Delivery, now: number): string {
  const { destination, state, reason } = delivery;
  const tries = delivery.attempts.filter(({ outcome }) => outcome !== "running").length;
  const failed = tries === 0 ? "" : ` failed ${times(tries)}${lastAnswer(delivery)}`;
  switch (state) {
    case "delivered":
      return `${destination} has it`;
    case "delivering":
      return `${destination} is being sent to now${tries === 0 ? "" : `, after it${failed}`}`;
    case "held":
      return `${destination} ${WAITS[delivery.waits ?? "pause"]}, so its delivery is held${failed === "" ? "" : ` (it${failed})`}`;
    case "pending":
      if (delivery.waits !== null)
        return `${destination} ${WAITS[delivery.waits]}, so its delivery waits${failed === "" ? "" : ` (it${failed})`}`;
      return `${destination}${failed === "" ? " is to be tried" : `${failed}, next try`} ${due(delivery, now)}`;
    case "failed":
      break;
  }
  switch (reason) {
    case "gone":
      return `${destination} answered 410 and wants no more of it`;
    case "blocked":
      return `${destination} was not contacted: its address may not be`;
    case "cancelled":
      return `${destination} was cancelled${failed === "" ? " before a first try" : `, after it${failed}`}`;
    case "expired":
      return `${destination} is not tried any more, because it became too old${failed === "" ? "" : ` (it${failed})`}`;
    case "refused":
      return `${destination} refused it for good${failed === "" ? "" : ` (it${failed})`}`;
    case "exhausted":
    case null:
      return `${destination}${failed === "" ? " failed" : failed}, and is not tried any more`;
  }
  return reason satisfies never;
}

function due({ next_attempt_at }: Delivery, now: number): string {
  const ms = next_attempt_at === null ? 0 : Date.parse(next_attempt_at) - now;
  return ms < 1_000 ? "any moment" : `in ${span(ms)}`;
}

function times(n: number): string {
  return n === 1 ? "once" : n === 2 ? "twice" : `${n} times`;
}

function lastAnswer({ attempts }: Delivery): string {
  const last = attempts.findLast(({ outcome }) => outcome !== "running");
  if (last === undefined) return "";
  return last.status === null ? ` (${answerInWords(last)})` : `, last answer ${answerInWords(last)}`;
}

/** A status, or why there was none. */
export function answerInWords({
  status,
  fault,
}: {
  readonly status: number | null;
  readonly fault: string | null;
}): string {
  const words = fault === null ? null : (faultInWords(fault) ?? fault);
  if (status === null) return words ?? "none";
  return words === null ? [status, STATUS_WORDS[status]].filter(Boolean).join(" ") : `${status} (${words})`;
}

/** Statuses that receivers give, in the words of RFC 9110 and of those who invented the others. */
const STATUS_WORDS: Readonly<Record<number, string>> = {
  ...TITLES,
  200: "OK",
  201: "Created",
  202: "Accepted",
  204: "No Content",
  301: "Moved Permanently",
  302: "Found",
  307: "Temporary Redirect",
  308: "Permanent Redirect",
  409: "Conflict",
  410: "Gone",
  415: "Unsupported Media Type",
  422: "Unprocessable Content",
  500: "Internal Server Error",
  501: "Not Implemented",
  502: "Bad Gateway",
  504: "Gateway Timeout",
  520: "Unknown Error of Cloudflare's",
  521: "Web Server Is Down",
  522: "Connection Timed Out",
  523: "Origin Is Unreachable",
  524: "A Timeout Occurred",
  530: "Origin DNS Error",
};

/** Why what a thin event names is not there, by the last attempt that asked for it; `null` where none has. */
export function unfetched({ object, deliveries }: Pick<EventStory, "object" | "deliveries">): string | null {
  if (object !== undefined) return null;
  const asked = deliveries.flatMap(({ attempts }) => attempts.filter(({ fault }) => fault === "unhydrated"));
  return asked.toSorted((a, b) => (a.started_at ?? "").localeCompare(b.started_at ?? "")).at(-1)?.answer ?? null;
}
