// The tools that look: what came in, where it went, what was turned away, and what fails now.
import * as z from "zod/mini";
import { deliveryParameters, eventParameters } from "../contract/question.ts";
import { noEvent } from "../operate/refuse.ts";
import { CURSOR, limit, LIMIT, named, SINCE, SOURCE, TYPE, UNTIL } from "./asked.ts";
import { look, type Tool } from "./tool.ts";

/** Characters of a body that an answer has: `marked` cuts there, and what is beyond is not even read. */
const MOST_OF_BODY = 16 * 1024;
/** Failed deliveries that are told with what fails. */
const MOST_FAILED = 10;

const nothing = z.strictObject({});

export const LOOKS: readonly Tool[] = [
  look({
    name: "search_events",
    title: "Search events",
    says: "Finds accepted events, newest first, each with its state at each destination.",
    takes: z.strictObject({ ...eventParameters.shape, limit }),
    args: {
      source: SOURCE,
      type: TYPE,
      text: "Text that stands in the body; letters of ASCII in either case.",
      routing: "unrouted: those that went nowhere. undecided: those of which a route could not decide.",
      since: SINCE,
      until: UNTIL,
      limit: LIMIT,
      cursor: CURSOR,
    },
    run: async ({ limit: count, cursor: after, ...filter }, { operator }) => ({
      ok: true,
      value: await operator.events({ filter, after, limit: count }),
    }),
  }),
  look({
    name: "search_deliveries",
    title: "Search deliveries",
    says: "Finds deliveries (an event on its way to one destination), newest first; state failed finds those that have failed for good.",
    takes: z.strictObject({ ...deliveryParameters.shape, limit }),
    args: {
      source: SOURCE,
      type: TYPE,
      destination: "Name of a destination; left out, all of them.",
      state: "pending, delivering, delivered, failed or held.",
      since: SINCE,
      until: UNTIL,
      limit: LIMIT,
      cursor: CURSOR,
    },
    run: async ({ limit: count, cursor: after, ...filter }, { operator }) => ({
      ok: true,
      value: await operator.deliveries({ filter, after, limit: count }),
    }),
  }),
  look({
    name: "read_event",
    title: "Read an event",
    says: `One event with its story: headers, body (its first ${MOST_OF_BODY} characters), deliveries, and each attempt with its answer.`,
    takes: z.strictObject({ event: named }),
    args: { event: "Id of the event, evt_…" },
    run: async ({ event: id }, { operator }) => {
      const found = await operator.event(id);
      if (found === null) return noEvent(id);
      let body = "";
      for await (const piece of found.body) if ((body += piece).length > MOST_OF_BODY) break;
      const rest = body.length > MOST_OF_BODY ? { body_goes_on: true } : {};
      return { ok: true, value: { ...found.story, ...rest, body: body.slice(0, MOST_OF_BODY) } };
    },
  }),
  look({
    name: "explain_routes",
    title: "Explain the routes of an event",
    says: "Which current routes would take an event, and why the others would not, with the values that their conditions read.",
    takes: z.strictObject({ event: named }),
    args: { event: "Id of the event, evt_…" },
    run: async ({ event }, { operator }) => await operator.tries(event),
  }),
  look({
    name: "explain_refusals",
    title: "Explain refusals",
    says: "Why a source recently refused requests: the reason, the evidence, and what to do.",
    takes: z.strictObject({ source: named }),
    args: { source: "Name of the source: list_sources has them." },
    run: async ({ source }, { operator }) => await operator.refusals(source),
  }),
  look({
    name: "list_failing",
    title: "List what fails",
    says: "Current problems: open alerts with their fix, failing and paused destinations, and the last failed deliveries.",
    takes: nothing,
    args: {},
    run: async (_, { operator }) => {
      const filter = {
        source: null,
        type: null,
        destination: null,
        state: "failed" as const,
        since: null,
        until: null,
      };
      const [{ alerts }, destinations, { deliveries }] = await Promise.all([
        operator.alerts.list({ state: "open", limit: 50, cursor: null }),
        operator.destinations(),
        operator.deliveries({ filter, after: null, limit: MOST_FAILED }),
      ]);
      const well = new Set(["healthy", "idle", "waiting"]);
      const failing = destinations.filter(({ health, breaker }) => !well.has(health) || breaker?.state === "open");
      return { ok: true, value: { alerts, destinations: failing, last_failed_deliveries: deliveries } };
    },
  }),
  look({
    name: "list_sources",
    title: "List sources",
    says: "Every source: whether it is set up, when it last sent an event, and why its last request was refused.",
    takes: nothing,
    args: {},
    run: async (_, { operator, origin }) => ({ ok: true, value: await operator.sources(origin) }),
  }),
  look({
    name: "list_destinations",
    title: "List destinations",
    says: "Every destination: its health, its waiting deliveries, and its counts of the last 24 hours.",
    takes: nothing,
    args: {},
    run: async (_, { operator }) => ({ ok: true, value: { destinations: await operator.destinations() } }),
  }),
  look({
    name: "read_destination",
    title: "Read a destination",
    says: "One destination: its health, breaker, retries, limits, and waiting deliveries.",
    takes: z.strictObject({ destination: named }),
    args: { destination: "Name of the destination." },
    run: async ({ destination }, { operator }) => await operator.destination(destination),
  }),
  look({
    name: "list_routes",
    title: "List routes",
    says: "Which events of which sources go to which destinations, with their conditions and transforms.",
    takes: nothing,
    args: {},
    run: async (_, { operator }) => await Promise.resolve({ ok: true, value: { routes: operator.routes() } }),
  }),
  look({
    name: "list_replays",
    title: "List bulk replays",
    says: "The last hundred bulk replays with their progress, newest first.",
    takes: nothing,
    args: {},
    run: async (_, { operator }) => ({ ok: true, value: { replays: await operator.replays.list() } }),
  }),
];
