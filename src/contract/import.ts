// What an import brings and what it comes to: events of another relay, as lines of an export. Schemas only.
import * as z from "zod/mini";
import { PROOF } from "../ids.ts";
import { isKeptHeaders } from "./header-names.ts";
import { attempt, instant, replied, undecided } from "./history.ts";
import { line, lineDelivery } from "./line.ts";

const count = z.number();
const json = (fits: (value: unknown) => boolean, message: string) =>
  z.string().check(
    z.refine((text: string) => {
      try {
        return fits(JSON.parse(text));
      } catch {
        return false;
      }
    }, message),
  );
const gone = z.union([
  z.object({ why: z.literal("retention"), at: count, after: count }),
  z.object({ why: z.literal("deleted"), at: count }),
]);
const source = z.string("must be text").check(z.regex(/^[a-z0-9][a-z0-9_-]{0,62}$/, "must be the name of a source"));

/** Names an acceptance that was no request: its tenth character is no hexadecimal digit. */
const receipt = z.string().check(z.regex(/^[0-9a-z]{9}i[0-9a-f]{15}$/, "must be what POST /import/parts answered"));

const AS_WRITTEN = "is not as a relay writes it";
const ID = /^evt_[0-9a-f]{32}$/;
const time = instant.check(z.iso.datetime({ error: "must be a time of ISO 8601 in UTC" }));
const often = z
  .int("must be a whole number")
  .check(z.minimum(0), z.maximum(1_000_000, "must not be more than 1000000"));
const short = z.string("must be text").check(z.maxLength(200, "must not be longer than 200 characters"));
/** The name of a route, or words in brackets where no route has asked for it. */
const route = short.check(z.regex(/^[\w ()-]*$/, "must be the name of a route"));
/** What a receiver of a dead letter is told of the delivery that has failed: each member becomes a header. */
const story = z.strictObject({
  destination: short,
  reason: short,
  attempts: often,
  status: z.nullable(count),
  fault: z.nullable(short),
});

const kept = z
  .record(z.string(), z.string())
  .check(z.refine(isKeptHeaders, "are not such as a relay keeps of a request, and sends on"));
/** What proves a request goes on as headers, where it passes through. */
const isProof = json((value) => kept.safeParse(value).success, AS_WRITTEN);

/**
 * Bodies of more bytes come before their line, in pieces. Whatever is read of the history later relies on what an
 * acceptance of this relay would have written, and a line may be anybody's.
 */
export const importLine = z.object({
  ...line.shape,
  received_at: time,
  type: short.check(z.regex(/^[^\p{Cc}\p{Cs}\u2028\u2029]*$/u, "must not have control characters")),
  verified_by: z.nullable(short),
  headers: kept.check(
    z.refine(
      ({ [PROOF]: proof }) => proof === undefined || isProof.safeParse(proof).success,
      `have no ${PROOF} such as a relay keeps`,
    ),
  ),
  undecided: z.array(z.object({ ...undecided.shape, route })),
  edited_as: z.array(
    z.object({
      event: z.string().check(z.regex(ID, "must be evt_ and 32 hexadecimal digits")),
      destination: lineDelivery.shape.destination,
      edited_at: time,
    }),
  ),
  gone: z.optional(json((value) => gone.safeParse(value).success, AS_WRITTEN)),
  deliveries: z
    .array(
      z.object({
        ...lineDelivery.shape,
        route,
        attempt: often,
        round: often,
        repeats: often,
        ended_at: z.nullable(time),
        replied: z.optional(json((value) => replied.safeParse(value).success, AS_WRITTEN)),
        story: z.nullable(json((value) => story.safeParse(value).success, AS_WRITTEN)),
        attempts: z
          .array(z.object({ ...attempt.shape, attempt: often, started_at: time, next_attempt_at: z.nullable(time) }))
          .check(z.maxLength(1_000, "must not be more than 1000")),
      }),
    )
    .check(
      z.maxLength(200, "must not be more than 200"),
      z.refine(
        (all) => new Set(all.map(({ destination }) => destination)).size === all.length,
        "must not name a destination twice",
      ),
    ),
  sealed: z.optional(
    z.never(
      "is how a segment of the archive keeps it, under the key of the relay that wrote it: hookline export opens it",
    ),
  ),
  /** Where its body is: `body` is empty then. */
  uploaded: z.optional(z.strictObject({ receipt, parts: z.int().check(z.minimum(1), z.maximum(500)) })),
});
export type ImportLine = z.output<typeof importLine>;

/** Lines in one order. */
export const MOST_LINES = 100;

const importOrder = z.strictObject({
  lines: z
    .array(importLine)
    .check(z.minLength(1, "must not be empty"), z.maxLength(MOST_LINES, `must not be more than ${MOST_LINES}`)),
  as_source: z.optional(source),
});

const imported = z.object({
  /** Events that are in the history from now on. */
  imported: count,
  /** Events that were here already, and are as they were. */
  known: count,
  /** Deliveries that were open where they came from: here they have ended, as cancelled. A replay opens them. */
  cancelled: count,
  /** Events that are older than this relay keeps them, which were left out. */
  expired: count,
  /** Destinations of their deliveries that this relay does not have: those cannot be replayed. */
  not_configured: z.array(z.string()),
});

/** A piece of a large body. The first one has no receipt yet. */
const importPart = z.strictObject({
  event: z.string().check(z.regex(ID, "must be evt_ and 32 hexadecimal digits")),
  source,
  receipt: z.nullable(receipt),
  n: z.int().check(z.minimum(0), z.maximum(499)),
  encoding: z.enum(["text", "base64"], "must be one of text, base64"),
  /** In base64 whatever the encoding is. */
  data: z.base64("must be base64").check(z.minLength(1, "must not be empty")),
});

export type ImportPart = z.output<typeof importPart>;

const importedPart = z.object({
  /** For the next piece and for the line; `null` where the event is here already and nothing more is needed. */
  receipt: z.nullable(z.string()),
});

/** In the table of acts. */
export const IMPORT_ACTS = {
  "POST /import": {
    role: "admin",
    act: "import",
    body: importOrder,
    most: 2 * 1024 * 1024,
    says: "Adds events of another relay to the history, as up to 100 lines of its export. Nothing is sent. Events that are already there do not change.",
    answer: imported,
  },
  "POST /import/parts": {
    role: "admin",
    act: "import.parts",
    body: importPart,
    most: 2 * 1024 * 1024,
    says: "Takes a piece of a body of more than 256 KiB, up to 750,000 bytes in base64, before the line of its event.",
    answer: importedPart,
  },
} as const;
