// What may be asked of an export, and where it goes on: cursors in and out. Schemas only; pure.
import * as z from "zod/mini";
import type { ArchiveFilter, ArchivePlace } from "./archive.ts";
import { readArchivePlace } from "./archive.ts";
import { name, opened, orNull, sealed, time } from "./question.ts";

/** Where an export goes on: behind this event of the history, or in the archive. */
export type ExportPlace =
  | { readonly of: "history"; readonly event: number }
  | { readonly of: "archive"; readonly place: ArchivePlace | null };

const cursor = orNull(
  z.pipe(
    z.string(),
    z.transform((text: string, { issues }) => {
      const place = readExportCursor(text);
      const message =
        'must be the "cursor" of a line that GET /api/export has written: leave it out to start with the oldest event';
      if (place === null) issues.push({ code: "custom", message, input: text });
      return place;
    }),
  ),
);

export const exportParameters = z.strictObject({
  source: name,
  type: name,
  since: time,
  until: time,
  archived: z._default(z.stringbool("must be true or false"), false),
  cursor,
});

/** Which events, whether those of the archive come behind those of the history, and where to go on. */
export interface ExportQuestion {
  readonly filter: ArchiveFilter;
  readonly archived: boolean;
  readonly after: ExportPlace | null;
}

/** The header of an answer that says where the next one begins. Without it, nothing is left. */
export const NEXT = "hookline-next";

/** Opaque to whoever carries it, so that it may change. */
export function writeExportCursor(place: ExportPlace): string {
  if (place.of === "history") return sealed(`history ${place.event}`);
  return sealed(place.place === null ? "archive" : `archive ${place.place.key} ${place.place.id}`);
}

function readExportCursor(text: string): ExportPlace | null {
  const read = opened(text);
  if (read === "archive") return { of: "archive", place: null };
  const history = /^history (\d{1,16})$/.exec(read);
  if (history !== null) return { of: "history", event: Number(history[1]) };
  const place = read.startsWith("archive ") ? readArchivePlace(read.slice("archive ".length)) : null;
  return place === null ? null : { of: "archive", place };
}
