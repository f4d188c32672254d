// What an import brings and what it comes to: events of another relay, as lines of an export. Schemas only.
import * as z from "zod/mini";
import { replied } from "./history.ts";
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

/** Bodies of more bytes come before their line, in pieces. */
export const importLine = z.object({
  ...line.shape,
  gone: z.optional(json((value) => gone.safeParse(value).success, "is not as a relay writes it")),
  deliveries: z
    .array(
      z.object({
        ...lineDelivery.shape,
        replied: z.optional(json((value) => replied.safeParse(value).success, "is not as a relay writes it")),
        story: z.nullable(json(() => true, "is not JSON")),
      }),
    )
    .check(z.maxLength(200, "must not be more than 200")),
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
  event: z.string().check(z.regex(/^evt_[0-9a-f]{32}$/, "must be evt_ and 32 hexadecimal digits")),
  source,
  receipt: z.nullable(receipt),
  n: z.int().check(z.minimum(0), z.maximum(499)),
  encoding: z.enum(["text", "base64"], "must be one of text, base64"),
  /** In base64 whatever the encoding is. */
  data: z.base64("must be base64"),
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
    says: "Writes events of another relay into the history, as lines of its export: up to 100, and nothing of them is sent. What is here already stays as it is.",
    answer: imported,
  },
  "POST /import/parts": {
    role: "admin",
    act: "import.parts",
    body: importPart,
    most: 2 * 1024 * 1024,
    says: "Takes a piece of a body of more than 256 KiB, up to 750,000 bytes in base64, before the line of its event comes.",
    answer: importedPart,
  },
} as const;
