// The tools that delete for good: an event, or all events of a subject, which are counted before they are confirmed.
import * as z from "zod/mini";
import { ERASURE_ACTS, erasureOrder } from "../contract/erasures.ts";
import { conflict, noEvent } from "../operate/refuse.ts";
import { named } from "./asked.ts";
import { look, order, type Tool } from "./tool.ts";

const EVENT = { event: "Id of the event, evt_…" };
const DELETION = { deletion: "Id of the order, era_…" };
const ofDeletion = z.strictObject({ deletion: named });

export const DELETIONS: readonly Tool[] = [
  look(
    {
      name: "list_deletions",
      title: "List deletions of subjects",
      says: "The last hundred deletions of everything about a subject, with their progress; counted ones wait for confirm_deletion.",
      takes: z.strictObject({}),
      args: {},
      run: async (_, { operator }) => ({ ok: true, value: { deletions: await operator.erasures.list() } }),
    },
    "admin",
  ),
  order("POST /events/:id/delete", {
    name: "delete_event",
    title: "Delete an event",
    says: "Deletes body, headers and copies of an event and its edited copies, permanently. The record of the event stays.",
    destructive: true,
    takes: z.strictObject({ event: named }),
    args: EVENT,
    plan: async ({ event }, { operator }) => {
      const found = await operator.event(event);
      if (found === null) return noEvent(event);
      const { id, source, type, received_at, edited_as, deliveries } = found.story;
      const open = deliveries.filter(({ ended_at: end }) => end === null).length;
      const would = `delete it for ever and everywhere, and end ${open} open deliveries`;
      return { ok: true, value: { would, event: { id, source, type, received_at }, edited_as } };
    },
    run: async ({ event }, { operator, by }) => await operator.acts.delete({ event }, by),
  }),
  order("POST /erasures", {
    name: "count_subject",
    title: "Count the events of a subject",
    says: `${ERASURE_ACTS["POST /erasures"].says} list_deletions shows the progress.`,
    destructive: false,
    takes: erasureOrder,
    args: { source: "Name of the source.", where: "Place and value, such as body.customer.id=cus_123." },
    plan: async ({ source }) =>
      await Promise.resolve({
        ok: true,
        value: { would: "count its events that hold this value there, and delete nothing yet", source },
      }),
    run: async (wanted, { operator, by }) => await operator.acts["erasures.start"](null, by, wanted),
  }),
  order("POST /erasures/:id/confirm", {
    name: "confirm_deletion",
    title: "Delete everything about a subject",
    says: ERASURE_ACTS["POST /erasures/:id/confirm"].says,
    destructive: true,
    takes: ofDeletion,
    args: DELETION,
    plan: async ({ deletion: id }, { operator }) => {
      const found = await operator.erasures.show(id);
      if (!found.ok) return found;
      const { state, matched, unreadable } = found.value;
      if (state !== "counted") return conflict(`${id} is ${state}: only what is counted can be confirmed`);
      const would = `delete ${matched} events for ever and everywhere, with what was made from them by hand; ${unreadable} could not be judged`;
      return { ok: true, value: { would, deletion: found.value } };
    },
    run: async ({ deletion }, { operator, by }) => await operator.acts["erasures.confirm"](deletion, by),
  }),
  order("POST /erasures/:id/cancel", {
    name: "cancel_deletion",
    title: "Cancel the deletion of a subject",
    says: ERASURE_ACTS["POST /erasures/:id/cancel"].says,
    destructive: false,
    takes: ofDeletion,
    args: DELETION,
    plan: async ({ deletion: id }, { operator }) => {
      const found = await operator.erasures.show(id);
      const would = "end it; what it has deleted stays deleted";
      return found.ok ? { ok: true, value: { would, deletion: found.value } } : found;
    },
    run: async ({ deletion }, { operator, by }) => await operator.acts["erasures.cancel"](deletion, by),
  }),
];
