// The tools that change something, each with what it would come to. What they do is the operator's verb of that name.
import * as z from "zod/mini";
import { filterParameters } from "../contract/operations.ts";
import type { EventStory } from "../contract/history.ts";
import type { Done } from "../operate/operator.ts";
import { parseDeliveryId } from "../ids.ts";
import { noDelivery, noEvent } from "../operate/refuse.ts";
import { named, SINCE, SOURCE, TYPE, UNTIL } from "./asked.ts";
import { type Given, order, type Plan, type Tool } from "./tool.ts";

const DELIVERY = "Id of the delivery: evt_…:destination.";
const rate = z._default(
  z.int("must be a whole number").check(z.gte(1, "must be 1 at least"), z.lte(6_000, "must be 6000 at most")),
  600,
);

export const ORDERS: readonly Tool[] = [
  order("POST /events/:id/replay", {
    name: "replay_event",
    title: "Replay an event",
    says: "Replays the ended deliveries of an event, delivered or failed.",
    destructive: true,
    takes: z.strictObject({ event: named }),
    args: { event: "Id of the event, evt_…" },
    plan: async ({ event }, given) => await ofEvent(event, null, ENDED, SENT_AGAIN, given),
    run: async ({ event }, { operator, by }) => await operator.acts.replay({ event }, by),
  }),
  order("POST /deliveries/:id/replay", {
    name: "replay_delivery",
    title: "Replay a delivery",
    says: "Replays one ended delivery of an event.",
    destructive: true,
    takes: z.strictObject({ delivery: named }),
    args: { delivery: DELIVERY },
    plan: async ({ delivery }, given) => await ofDelivery(delivery, ENDED, SENT_AGAIN, given),
    run: async ({ delivery }, { operator, by }) => {
      const target = parseDeliveryId(delivery);
      return target === null ? noDelivery(delivery) : await operator.acts.replay(target, by);
    },
  }),
  order("POST /deliveries/:id/cancel", {
    name: "cancel_delivery",
    title: "Cancel a delivery",
    says: "Cancels one waiting or held delivery: its destination does not get the event unless it is replayed.",
    destructive: true,
    takes: z.strictObject({ delivery: named }),
    args: { delivery: DELIVERY },
    plan: async ({ delivery }, given) => await ofDelivery(delivery, WAITING, "end unsent", given),
    run: async ({ delivery }, { operator, by }) => {
      const target = parseDeliveryId(delivery);
      return target === null ? noDelivery(delivery) : await operator.acts.cancel(target, by);
    },
  }),
  order("POST /replays", {
    name: "replay_failed",
    title: "Start a bulk replay",
    says: "Replays the failed deliveries that match a filter, at a rate per minute; list_replays shows the progress.",
    destructive: true,
    takes: z.strictObject({ ...filterParameters.shape, rate }),
    args: {
      source: SOURCE,
      type: TYPE,
      destination: "Name of a destination; left out, all of them.",
      state: "failed (if left out), delivered or both.",
      since: SINCE,
      until: UNTIL,
      rate: "Deliveries a minute: 1 to 6000, 600 if left out.",
    },
    plan: async ({ rate: speed, ...filter }, { operator }) => {
      const found = await operator.replays.preview(filter, speed);
      if (!found.ok) return found;
      const { matching, complete } = found.value;
      const would = `send ${complete ? "" : "at least "}${counted(matching)} again, ${speed} a minute, and what matches until then`;
      return { ok: true, value: { would, ...found.value } };
    },
    run: async ({ rate: speed, ...filter }, { operator, by }) =>
      await operator.acts["replays.start"](null, by, { filter, rate: speed }),
  }),
  order("POST /replays/:id/cancel", {
    name: "cancel_replay",
    title: "Stop a bulk replay",
    says: "Stops a bulk replay; deliveries that it has opened stay open.",
    destructive: false,
    takes: z.strictObject({ replay: named }),
    args: { replay: "Id of the bulk replay." },
    plan: async ({ replay }, { operator }) => {
      const found = await operator.replays.show(replay);
      const would = "stop it where it is";
      return found.ok ? { ok: true, value: { would, replay: found.value } } : found;
    },
    run: async ({ replay }, { operator, by }) => await operator.acts["replays.cancel"](replay, by),
  }),
  order("POST /destinations/:name/pause", {
    name: "pause_destination",
    title: "Pause a destination",
    says: "Holds the deliveries to a destination until it is resumed; nothing is lost.",
    destructive: true,
    takes: z.strictObject({ destination: named }),
    args: { destination: "Name of the destination." },
    plan: async (args, given) => await ofDestination(args, "send nothing to it, and hold what is for it", given),
    run: async ({ destination }, { operator, by }) => await operator.acts.pause(destination, by),
  }),
  order("POST /destinations/:name/resume", {
    name: "resume_destination",
    title: "Resume a destination",
    says: "Sends the held deliveries to a destination, and continues with new ones.",
    destructive: false,
    takes: z.strictObject({ destination: named }),
    args: { destination: "Name of the destination." },
    plan: async (args, given) =>
      await ofDestination(args, "send what was held for it, and what comes from now on", given),
    run: async ({ destination }, { operator, by }) => await operator.acts.resume(destination, by),
  }),
  order("POST /destinations/:name/test", {
    name: "test_destination",
    title: "Test a destination",
    says: "Sends one test event to a destination now, and returns its answer.",
    destructive: false,
    takes: z.strictObject({ destination: named }),
    args: { destination: "Name of the destination." },
    plan: async (args, given) => await ofDestination(args, "send it a test event, once", given),
    run: async ({ destination }, { operator, by }) => await operator.acts.test(destination, by),
  }),
];

const ENDED = new Set(["delivered", "failed"]);
const WAITING = new Set(["pending", "held"]);
const SENT_AGAIN = "be sent again";

/** Which deliveries of an event an order is about, by their states. */
async function ofEvent(
  event: string,
  destination: string | null,
  states: ReadonlySet<string>,
  what: string,
  { operator }: Given,
): Promise<Done<Plan>> {
  const found = await operator.event(event);
  if (found === null) return noEvent(event);
  const deliveries = found.story.deliveries.filter((one) => destination === null || one.destination === destination);
  if (destination !== null && deliveries.length === 0) return noDelivery(`${event}:${destination}`);
  const concerned = deliveries.filter(({ state }) => states.has(state));
  return {
    ok: true,
    value: {
      would: `${counted(concerned.length)} would ${what}`,
      ...told(found.story, concerned),
      others: others(deliveries, concerned),
    },
  };
}

async function ofDelivery(id: string, states: ReadonlySet<string>, what: string, given: Given): Promise<Done<Plan>> {
  const target = parseDeliveryId(id);
  return target === null ? noDelivery(id) : await ofEvent(target.event, target.destination, states, what, given);
}

function counted(count: number): string {
  return count === 1 ? "1 delivery" : `${count} deliveries`;
}

type Deliveries = EventStory["deliveries"];

function told({ id, source, type, received_at }: EventStory, concerned: Deliveries) {
  return { event: { id, source, type, received_at }, deliveries: concerned.map(brief) };
}

function others(all: Deliveries, concerned: Deliveries) {
  return all.filter((one) => !concerned.includes(one)).map(brief);
}

function brief({ id, state, reason, attempt }: Deliveries[number]) {
  return { id, state, reason, attempt };
}

async function ofDestination(
  { destination: name }: { readonly destination: string },
  would: string,
  { operator }: Given,
): Promise<Done<Plan>> {
  const found = await operator.destination(name);
  if (!found.ok) return found;
  const { state, health, waiting, held, waiting_more } = found.value;
  return { ok: true, value: { would, destination: { name, state, health, waiting, held, waiting_more } } };
}
