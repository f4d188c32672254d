// The keys of a destination that gets its events in order, and how their values are written; touches nothing.
import * as z from "zod/mini";
import { written } from "./forms.ts";

/** `"source"`, or a path that leads into the body or to a header. */
function parseOrder(text: string): string | null {
  const parts = text.split(".");
  const leads = (parts[0] === "body" || parts[0] === "headers") && parts.length > 1 && parts.length <= 11;
  const isPath = leads && text.length <= 200 && parts.every((part) => /^[^\s\p{Cc}]+$/u.test(part));
  return text === "source" || isPath ? text : null;
}

export const orderKeys = {
  order: z.optional(
    written(
      parseOrder,
      'is no order. Write "source", or the path of what events have in common that must not overtake each other, such as "body.data.customer" or "headers.x-shop"; a part holds no dot, and the most are 10 parts and 200 characters',
    ),
  ),
  after_failure: z.optional(
    z.enum(
      ["skip", "wait"],
      'is neither "skip" nor "wait". Write "wait" where what has failed for good stops those behind it until somebody replays or cancels it, or leave it out',
    ),
  ),
};
