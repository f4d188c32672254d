// What an operator may order: who may, what each order takes and what it answers.
// The API, its document and its typed client follow from the table.
import * as z from "zod/mini";
import { apiKey, keyOrder, newApiKey, type Role } from "./access.ts";
import { instant, state } from "./history.ts";
import { deleted, edited, editOrder } from "./editing.ts";
import { ERASURE_ACTS } from "./erasures.ts";
import { IMPORT_ACTS } from "./import.ts";
import { GAP_ACTS } from "./gaps.ts";
import { MUTE_ACTS } from "./mutes.ts";
import { destination, filterParameters, replayJob } from "./operations.ts";
import {
  driedMany,
  dryManyOrder,
  dryOrder,
  routed,
  routedMany,
  routeOrder,
  routesTried,
  triedDry,
  tryOrder,
} from "./routing.ts";

const text = z.nullable(z.string());
const count = z.number();
const words = (most: number) =>
  z
    .string("must be text")
    .check(z.minLength(1, "must not be empty"), z.maxLength(most, `must not be longer than ${most} characters`));

/** What a replay came to. `replayed: 0` says that there was nothing to do, and the states why. */
const replayed = z.object({
  replayed: count,
  deliveries: z.array(z.object({ id: z.string(), replayed: z.boolean(), state })),
  not_configured: z.optional(z.array(z.string())),
});

const cancelled = z.object({
  cancelled: count,
  deliveries: z.array(z.object({ id: z.string(), cancelled: z.boolean(), state })),
});

/** An event that was sent to one destination more than its routes name. */
const sendOrder = z.strictObject({ destination: words(63) });
const sentTo = z.object({ delivery: z.string(), created: z.boolean(), state });

/** What a destination answered to a test event, which is not kept. */
const tested = z.object({
  destination: z.string(),
  event: z.string(),
  outcome: z.enum(["delivered", "retry", "failed"]),
  status: z.nullable(count),
  fault: text,
  latency_ms: count,
  answer: text,
});
export type Tested = z.output<typeof tested>;

const scriptOrder = z.strictObject({ script: z.nullable(words(1_000)) });

const offers = z.object({
  source: z.string(),
  offers: z.array(z.object({ offered_at: z.nullable(instant), address: z.string(), secret: z.string() })),
  advice: z.string(),
});
export type OfferedSecret = z.output<typeof offers>["offers"][number];

const replayOrder = z.strictObject({
  filter: filterParameters,
  rate: z._default(z.number("must be a number of deliveries a minute"), 600),
});

/** One order. */
export interface Act {
  /** The operator's name for it, which the audit has too. */
  readonly act: string;
  readonly role: Role;
  /** A sentence of what it is for. */
  readonly says: string;
  /** Left out: none. */
  readonly body?: z.ZodMiniObject;
  /** Largest body, as JSON or as a form, in bytes; left out, it is `MOST_BYTES`. */
  readonly most?: number;
  readonly answer: z.ZodMiniType;
}

/** Largest body of an order, in bytes: filters and scripts are short. */
export const MOST_BYTES = 64 * 1024;

const act = { role: "operator" } as const;
const rule = { role: "admin" } as const;

/** Method and path. Several paths may lead to one act. */
export const ACTS = {
  "POST /events/:id/replay": {
    ...act,
    act: "replay",
    says: "Opens the ended deliveries of an event again.",
    answer: replayed,
  },
  "POST /events/:id/cancel": {
    ...act,
    act: "cancel",
    says: "Cancels the waiting and held deliveries of an event.",
    answer: cancelled,
  },
  "POST /events/:id/send": {
    ...act,
    act: "send",
    body: sendOrder,
    says: "Sends an event to a destination that its routes do not name.",
    answer: sentTo,
  },
  "POST /events/:id/route": {
    ...act,
    act: "route",
    says: "Applies the current routes to an event, and opens the deliveries that it lacks.",
    answer: routed,
  },
  "POST /routes/apply": {
    ...act,
    act: "routes.apply",
    body: routeOrder,
    says: "The same for many unrouted events, up to 25 at a time: pass next as cursor until it is null.",
    answer: routedMany,
  },
  "POST /routes/try": {
    ...act,
    act: "routes.try",
    body: tryOrder,
    most: 1024 * 1024,
    says: "Says which routes would take a given body, and why the others would not. Nothing is stored or sent.",
    answer: routesTried,
  },
  "POST /transforms/try": {
    ...act,
    act: "transforms.try",
    body: dryOrder,
    most: 1024 * 1024,
    says: "Shows the results of the routes' transforms and conditions, or of given ones, for an event. Nothing is stored or sent.",
    answer: triedDry,
  },
  "POST /transforms/try-stored": {
    ...act,
    act: "transforms.try-stored",
    body: dryManyOrder,
    says: "The same for the last events of a source, up to 20. Nothing is stored or sent.",
    answer: driedMany,
  },
  "POST /events/:id/edit": {
    ...rule,
    act: "edit",
    body: editOrder,
    // A body of 256 KB in JSON, in base64, or as a field of a form.
    most: 1024 * 1024,
    says: "Sends an edited body of an event to one destination, as a new event that names this one.",
    answer: edited,
  },
  "POST /deliveries/:id/replay": {
    ...act,
    act: "replay",
    says: "Opens one ended delivery again.",
    answer: replayed,
  },
  "POST /deliveries/:id/cancel": {
    ...act,
    act: "cancel",
    says: "Cancels one delivery that is waiting or held.",
    answer: cancelled,
  },

  "POST /events/:id/delete": {
    ...rule,
    act: "delete",
    says: "Deletes the content of an event everywhere, and its edited copies, permanently. The record of the event and its deliveries stays.",
    answer: deleted,
  },

  "POST /sources/:name/offers": {
    ...rule,
    act: "offers.reveal",
    says: "Shows the secrets that a provider sent in its handshake, once.",
    answer: offers,
  },

  "POST /destinations/:name/test": {
    ...act,
    act: "test",
    says: "Sends one test event now, and returns the answer.",
    answer: tested,
  },
  "POST /destinations/:name/pause": {
    ...act,
    act: "pause",
    says: "Holds the deliveries to a destination; nothing is lost.",
    answer: destination,
  },
  "POST /destinations/:name/resume": {
    ...act,
    act: "resume",
    says: "Sends the held deliveries, and continues with new ones.",
    answer: destination,
  },
  "PUT /destinations/:name/script": {
    ...act,
    act: "script",
    body: scriptOrder,
    says: "Changes the answers of an inspector; null restores the configured script.",
    answer: destination,
  },

  "POST /replays": {
    ...act,
    act: "replays.start",
    body: replayOrder,
    says: "Starts a bulk replay of the ended deliveries that match the filter (by default only failed ones), at a rate per minute.",
    answer: replayJob,
  },
  "POST /replays/:id/cancel": {
    ...act,
    act: "replays.cancel",
    says: "Stops a bulk replay; deliveries that it has opened stay open.",
    answer: replayJob,
  },

  ...GAP_ACTS,
  ...MUTE_ACTS,
  ...ERASURE_ACTS,
  ...IMPORT_ACTS,

  "POST /keys": {
    ...rule,
    act: "key.create",
    body: keyOrder,
    says: "Makes an API key, and shows its secret only once.",
    answer: newApiKey,
  },
  "POST /keys/:id/revoke": {
    ...rule,
    act: "key.revoke",
    says: "Ends an API key and the sessions that were opened with it.",
    answer: apiKey,
  },
} as const satisfies Record<`${"POST" | "PUT"} /${string}`, Act>;

type Table = typeof ACTS;
export type ActKey = keyof Table;
export type ActName = Table[ActKey]["act"];
/** The paths of one act. */
export type PathsOf<Name extends ActName> = {
  [Key in ActKey]: Table[Key]["act"] extends Name ? Key : never;
}[ActKey];

/** What an order is about, as its path says it: an event, one of its deliveries, the name of something, or nothing. */
export type TargetOf<Key extends ActKey> = Key extends `${string} /deliveries/:id/${string}`
  ? { readonly event: string; readonly destination: string }
  : Key extends `${string} /events/:id/${string}`
    ? { readonly event: string }
    : Key extends `${string}/:${string}`
      ? string
      : null;

/** What is ordered beyond that, or nothing. */
export type OrderOf<Key extends ActKey> = Table[Key] extends { readonly body: infer Body extends z.ZodMiniObject }
  ? [order: z.output<Body>]
  : [];
/** The order as it is written, before its defaults stand in it. */
export type WrittenOrder<Key extends ActKey> = Table[Key] extends { readonly body: infer Body extends z.ZodMiniObject }
  ? z.input<Body>
  : never;
export type AnswerTo<Key extends ActKey> = z.output<Table[Key]["answer"]>;

/**
 * Largest body of an order at a path, in bytes.
 * The forms of the pages stand at the same paths as the orders of the API.
 */
export function mostAt(path: string): number {
  const parts = path.split("/");
  const found = Object.entries<Act>(ACTS).find(([key]) => {
    const pattern = key.slice(key.indexOf("/")).split("/");
    return pattern.length === parts.length && pattern.every((part, n) => part.startsWith(":") || part === parts[n]);
  });
  return found?.[1].most ?? MOST_BYTES;
}
