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
  /** The parameter that leaves out what is older, written as `time` is. */
  since: z.optional(path),
  /** The member that holds the list; left out, the document is the list. Members of members: `meta.items`. */
  items: z.optional(path),
  /**
   * Where the next page is; left out, there is one page. In the header Link (RFC 8288); behind the last id,
   * while a member says so; the next number, while a member says so or is a larger one;
   * or where a member says: it is an address, or the value of the parameter `as`.
   */
  next: z.optional(
    z.union([
      z.literal("link"),
      z.strictObject({ after: path, more: path }),
      z.strictObject({ page: path, more: path }),
      z.strictObject({ from: path, as: z.optional(path), more: z.optional(path) }),
    ]),
  ),
  /** Members of an item: its id, and when it happened. Without a time, every page is read. */
  id: path,
  time: z.optional(z.strictObject({ at: path, unit: z.enum(["s", "iso"]) })),
  /** Members of an attempt: what its repeats have in common; and the code that it was answered with, or its state. */
  same: z.optional(path),
  status: z.optional(z.union([path, z.strictObject({ at: path, is: z.union([path, z.boolean()]) })])),
  /** What members of an item must be for it to be asked for, where being asked for changes one of them. */
  only: z.optional(z.record(path, z.nullable(path))),
  /** Behind `at`: a POST there has the sender send it again. Left out, an item is the event itself, or holds it. */
  again: z.optional(path),
  /** How many may be asked for in one look, where the sender allows few. */
  most: z.optional(z.int().check(z.gte(1), z.lte(25))),
  /** The member that is the event, and the name under which the sender's request has it. */
  event: z.optional(z.strictObject({ at: path, as: z.optional(path) })),
  /** How far its list goes back, in hours; and after how many an item may still become one that never came. */
  hours: z.int().check(z.gte(1), z.lte(720)),
  late: z.optional(z.int().check(z.gte(1), z.lte(720))),
  /** Where the sender's documents say so. */
  by: z.string().check(z.minLength(1)),
});

/** A sender's list. */
export type Deliveries = z.output<typeof deliveries>;

/** How a source's sender is asked for what never came. Secrets are in their places. */
export interface Gaps {
  readonly deliveries: Deliveries;
  /** An https address without a slash at its end; and what narrows the list down, `name=value&…`. */
  readonly at: string;
  readonly narrowed: string;
  readonly everyMs: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Every spelling of those secrets. */
  readonly hidden: readonly string[];
  /** Names of the secrets, and of those that are not set: without them nobody is asked. */
  readonly sent: readonly string[];
  readonly unset: readonly string[];
}
