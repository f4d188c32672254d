// What is deleted of a subject: the orders about it, and what they answer. Schemas only.
import * as z from "zod/mini";
import { instant } from "./history.ts";

const count = z.number();

/** `body.customer.id=cus_123`, or `headers.x-tenant=7`: the names that lead to a value, and the value. */
export const WHERE =
  /^(?<place>body(?:\.[^\s.=]+){1,20}|headers\.[A-Za-z0-9!#$%&'*+^_`|~-]+)=(?<value>[\s\S]{1,1000})$/;
export const WHERE_IS =
  'must be a place and the value that stands there, such as "body.customer.id=cus_123" or "body.items.*.email=ann@example.com"';

export const erasureOrder = z.strictObject({
  source: z
    .string("must be text")
    .check(z.minLength(1, "must not be empty"), z.maxLength(63, "must not be longer than 63 characters")),
  where: z.string("must be text").check(z.regex(WHERE, WHERE_IS)),
});

export const erasure = z.object({
  id: z.string(),
  /**
   * `counted` waits for its confirmation; `rewriting` has deleted everything, and waits for segments of the archive.
   */
  state: z.enum(["counting", "counted", "deleting", "rewriting", "done", "cancelled"]),
  source: z.string(),
  /** Where the value stands. The value itself is kept nowhere. */
  place: z.string(),
  /** SHA-256 of the salt, a line feed and the value, both in hexadecimal digits. */
  salt: z.string(),
  digest: z.string(),
  actor: z.string(),
  /** Events that hold the value, as they were counted. */
  matched: count,
  /** Events that were deleted, with those that were made from them by hand. */
  deleted: count,
  /** Events of the source that were looked at since it was ordered, or confirmed. */
  looked: count,
  /**
   * Those that could not be judged, because their body is no JSON and no form, broken, or sealed under a key that is
   * not there.
   */
  unreadable: count,
  created_at: instant,
  updated_at: instant,
  ended_at: z.nullable(instant),
});
export type ErasureAnswer = z.output<typeof erasure>;

/** Orders of `contract/acts.ts`. */
export const ERASURE_ACTS = {
  "POST /erasures": {
    role: "admin",
    act: "erasures.start",
    body: erasureOrder,
    says: "Counts the events of a source with a value at a place of their body, in the history and the archive. Deletes nothing before it is confirmed.",
    answer: erasure,
  },
  "POST /erasures/:id/confirm": {
    role: "admin",
    act: "erasures.confirm",
    says: "Deletes the counted events and their edited copies everywhere, and matching events that arrive until it has ended, permanently.",
    answer: erasure,
  },
  "POST /erasures/:id/cancel": {
    role: "admin",
    act: "erasures.cancel",
    says: "Stops the deletion. What it has deleted stays deleted.",
    answer: erasure,
  },
} as const;
