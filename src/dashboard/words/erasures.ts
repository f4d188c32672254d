// How far an order to delete everything about a subject has come, in words, for the pages and the command line. Pure.
import type { ErasureAnswer } from "../../contract/erasures.ts";
import { number } from "./words.ts";

/** `12 events`. */
export function counted({ matched }: Pick<ErasureAnswer, "matched">): string {
  return `${number(matched)} ${matched === 1 ? "event" : "events"}`;
}

export function erasureInWords(job: ErasureAnswer): string {
  const deleted = `${number(job.deleted)} ${job.deleted === 1 ? "event" : "events"}`;
  switch (job.state) {
    case "counting":
      return `Counting: ${counted(job)} so far have this value there. Nothing is deleted until you confirm.`;
    case "counted":
      return job.matched === 0
        ? "No event has this value there."
        : `${counted(job)} ${job.matched === 1 ? "has" : "have"} this value there. Nothing is deleted yet.`;
    case "deleting":
      return `Deleting: ${deleted} so far, with edited copies. Matching events that arrive now are deleted too.`;
    case "rewriting":
      return `Deleted ${deleted}. The archive's segments are still being rewritten without them.`;
    case "done":
      return `Deleted ${deleted}, with edited copies.`;
    case "cancelled":
      return job.deleted === 0 ? "Cancelled: nothing was deleted." : `Stopped: ${deleted} were deleted before.`;
  }
  return job.state satisfies never;
}
