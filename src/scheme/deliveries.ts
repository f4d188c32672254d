// The schema of a sender's list of its own deliveries or events, by which what never came is found. Data only.
import * as z from "zod/mini";

const path = z.string().check(z.minLength(1), z.maxLength(200));

/** How a sender's API lists what it has sent or tried to send, the newest first. */
export const deliveries = z.strictObject({
  /** Where its API is; left out, a source says where its webhook's own part of it is. */
  at: z.optional(path),
  /** What a source may write there, for messages. */
  example: path,
  /** Behind `at`: the list, with as many to a page as there may be. */
  list: path,
  /** The parameter that leaves out what is older, in seconds since 1970. */
  since: z.optional(path),
  /** The member that holds the list; left out, the document is the list. */
  items: z.optional(path),
  /** Where the next page is: in the header Link (RFC 8288), or behind the last id, while a member says so. */
  next: z.union([z.literal("link"), z.strictObject({ after: path, more: path })]),
  /** Members of an item: its id, and when it happened. */
  id: path,
  time: z.strictObject({ at: path, unit: z.enum(["s", "iso"]) }),
  /** Members of an attempt: what its repeats have in common, and the status that it was answered with. */
  same: z.optional(path),
  status: z.optional(path),
  /** Behind `at`: a POST there has the sender send it again. Left out, an item is the event itself. */
  again: z.optional(path),
  /** How far its list goes back, in hours. */
  hours: z.int().check(z.gte(1), z.lte(720)),
  /** Where the sender's documents say so. */
  by: z.string().check(z.minLength(1)),
});

/** A sender's list. */
export type Deliveries = z.output<typeof deliveries>;

/** How a source's sender is asked for what never came. Secrets are in their places. */
export interface Gaps {
  readonly deliveries: Deliveries;
  /** An https address without a slash at its end. */
  readonly at: string;
  readonly everyMs: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Every spelling of those secrets. */
  readonly hidden: readonly string[];
  /** Names of the secrets, and of those that are not set: without them nobody is asked. */
  readonly sent: readonly string[];
  readonly unset: readonly string[];
}
