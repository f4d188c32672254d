// What is ordered of an event's content, and what that comes to: an edited body in its place, or its end. Schemas only.
import * as z from "zod/mini";
import { orNull } from "./question.ts";

/** A body in the place of an event's own, for one destination. */
export const editOrder = z.strictObject({
  destination: z
    .string("must be text")
    .check(z.minLength(1, "must not be empty"), z.maxLength(63, "must not be longer than 63 characters")),
  body: z.string("must be the new body: as text, or as base64 with encoding base64"),
  encoding: z._default(z.enum(["text", "base64"], "must be one of text, base64"), "text"),
  /** Left out: that of the event before. */
  content_type: orNull(
    z
      .string("must be text")
      .check(
        z.regex(
          /^[\w!#$%&'*+.^`|~-]+\/[\w!#$%&'*+.^`|~-]+(?: *;[\x20-\x7e]*)?$/,
          "must be a media type, such as text/plain",
        ),
        z.maxLength(200, "must not be longer than 200 characters"),
      ),
  ),
});
export const edited = z.object({ event: z.string(), delivery: z.string(), edited_from: z.string(), size: z.number() });

/** What was deleted: the event, and the events that were made from it by hand. */
export const deleted = z.object({
  event: z.string(),
  deleted: z.array(z.string()),
  /** Deliveries that were open, and are ended. */
  cancelled: z.number(),
  /** Attempts that were under way: what they bring back is cleared within five minutes. */
  under_way: z.number(),
});
