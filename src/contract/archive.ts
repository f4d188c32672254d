// What may be asked of the archive, and what it answers. Schemas, and cursors in and out; pure.
import * as z from "zod/mini";
import { eventPage } from "./history.ts";
import { ask, type Asked, limit, name, opened, orNull, sealed, time } from "./question.ts";

/** Which events; `null` admits all. Times are in ms. */
export interface ArchiveFilter {
  readonly source: string | null;
  readonly type: string | null;
  readonly since: number | null;
  readonly until: number | null;
}

/** Where a walk goes on: in this segment, behind this event; at its beginning where there is none. */
export interface ArchivePlace {
  readonly key: string;
  readonly id: string;
}

const cursor = orNull(
  z.pipe(
    z.string(),
    z.transform((text: string, { issues }) => {
      const place = readArchiveCursor(text);
      const message = 'must be the "next" of an earlier page of /api/archive: leave it out to start with the newest';
      if (place === null) issues.push({ code: "custom", message, input: text });
      return place;
    }),
  ),
);

export const archiveParameters = z.strictObject({ source: name, type: name, since: time, until: time, limit, cursor });

export const archivePage = eventPage;

/** A question, the place to go on from, and how much to answer at once. */
export interface ArchiveQuestion {
  readonly filter: ArchiveFilter;
  readonly after: ArchivePlace | null;
  readonly limit: number;
}

/** The question behind the parameters of `/api/archive`. */
export function askArchive(parameters: URLSearchParams): Asked<ArchiveQuestion> {
  const asked = ask(archiveParameters, parameters);
  if (!asked.ok) return asked;
  const { limit: count, cursor: after, ...filter } = asked.value;
  return { ok: true, value: { filter, after, limit: count } };
}

/** Opaque to whoever carries it, so that it may change. */
export function writeArchiveCursor({ key, id }: ArchivePlace): string {
  return sealed(`${key} ${id}`);
}

function readArchiveCursor(text: string): ArchivePlace | null {
  return readArchivePlace(opened(text));
}

/** A place as it is written in a cursor. */
export function readArchivePlace(text: string): ArchivePlace | null {
  const match = /^(events\/[0-9/a-f-]{1,100}\.ndjson\.gz) ((?:evt_[0-9a-f]{32})?)$/.exec(text);
  return match === null ? null : { key: match[1] ?? "", id: match[2] ?? "" };
}
