// What an app of the operator's own sends: an event as JSON, with what the relay makes where it is left out.
import * as z from "zod/mini";

/** Longest type that is kept (`identify.ts`), and longest name of an event. */
const LONGEST = { type: 200, id: 255 };
/** Beyond it, seconds since 1970 are milliseconds by mistake. */
const LATEST_S = 99_999_999_999;

/** A comma would make it a batch of several types. */
const TYPE = /^(?! )[^\p{Cc}\p{Cs}\u2028\u2029,]{1,200}(?<! )$/u;
const ID = /^[\x21-\x7e](?:[\x20-\x7e]{0,253}[\x21-\x7e])?$/;

export const messageType = z
  .string("must be text")
  .check(
    z.regex(TYPE, `must be 1 to ${LONGEST.type} characters, without commas, control characters and spaces at its ends`),
  );

export const messageId = z
  .string("must be text")
  .check(z.regex(ID, `must be 1 to ${LONGEST.id} visible ASCII characters, without spaces at its ends`));

const TIME = 'must be a time of RFC 3339, such as "2026-03-01T09:30:00Z", or whole seconds since 1970';
const time = z.union(
  [
    z.iso.datetime({ offset: true, error: TIME }),
    z.int(TIME).check(z.minimum(0, TIME), z.maximum(LATEST_S, `${TIME}: these are milliseconds`)),
  ],
  { error: TIME },
);

/** The body of an event from an app of the operator's own. */
export const message = z.strictObject({
  /** What happened, such as `invoice.paid`: routes go by it. */
  type: messageType,
  /** When it happened; left out, the time of its acceptance. */
  timestamp: z.optional(time),
  /** Any JSON. */
  data: z.unknown().check(z.refine((value) => value !== undefined, "is missing: give any JSON value")),
  /** What the app calls it; left out, the relay's own id of the event. */
  id: z.optional(messageId),
});

/** Which source it is for: may be left out where there is one of `provider = "bearer"` alone. */
export const messageParameters = z.strictObject({
  source: z.optional(z.string().check(z.minLength(1, "must not be empty"), z.maxLength(63))),
});

/** What was made of it. */
export const accepted = z.object({ id: z.string(), status: z.enum(["accepted", "duplicate"]) });
