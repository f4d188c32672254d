// The archive as it is read: by time, newest first, and by id.
import type { ArchiveFilter, ArchivePlace } from "../contract/archive.ts";
import type { Line } from "../contract/line.ts";
import type { Segment, Segments } from "../d1/segments.ts";
import { shortId } from "../ids.ts";
import type { Bucket } from "./bucket.ts";
import { FIRST, folderOf, LAST, readLine, unzip } from "./segment.ts";

/** Segments that one answer looks into: each is an object that is fetched and unpacked. */
const LOOKS = 5;

interface ReadDeps {
  readonly bucket: Pick<Bucket, "get">;
  readonly segments: Pick<Segments, "page" | "find" | "behind">;
}

/** A line, and the segment that has it. */
export interface Archived {
  readonly key: string;
  readonly line: Line;
}

/** What is in a segment, as far as it can be read. */
interface Behind {
  readonly key: string;
  readonly lines: readonly Line[];
  readonly damaged?: { readonly ids: readonly string[]; readonly error: string };
}

/** Events from the newest segment to the oldest. */
interface ArchivePage {
  readonly found: readonly Archived[];
  readonly next: ArchivePlace | null;
  /** How many segments were looked into, where the page ended for that before it was full. */
  readonly looked: number | null;
}

export function openReading(deps: ReadDeps) {
  return {
    /** At most `limit` events of `looks` segments, from the newest segment to the oldest, behind `after`. */
    async list(
      filter: ArchiveFilter,
      after: ArchivePlace | null,
      limit: number,
      looks: number = LOOKS,
    ): Promise<ArchivePage> {
      const { since, until, source } = filter;
      const latest = until === null ? LAST : `${folderOf(until)}~`;
      const from = after === null || after.key > latest ? latest : after.key;
      const segments = await deps.segments.page(from, since === null ? FIRST : folderOf(since), source, looks + 1);
      const found: Archived[] = [];
      for (const { key, ids } of segments.slice(0, looks)) {
        const lines = (await linesOf({ key, ids }, deps)) ?? [];
        const passed = key === after?.key ? lines.findIndex(({ id }) => id === after.id) + 1 : 0;
        for (const line of lines.slice(passed).filter((one) => fits(one, filter))) {
          const last = found.at(-1);
          if (found.length === limit && last !== undefined)
            return { found, next: { key: last.key, id: last.line.id }, looked: null };
          found.push({ key, line });
        }
      }
      const further = segments[looks];
      if (further === undefined) return { found, next: null, looked: null };
      return { found, next: { key: further.key, id: "" }, looked: looks };
    },

    /**
     * The next segment behind `key` that has events of a source, and was noted since a time; `null` behind the last. Of
     * one that is damaged there are no lines, but what it may have, and why.
     */
    async behind(key: string, source: string, since: number): Promise<Behind | null> {
      // One that is written anew meanwhile stands under another key then; a bucket may also have lost it.
      for (let gone = ""; ;) {
        const [segment] = await deps.segments.behind(key, source, since, 1);
        if (segment === undefined) return null;
        const found = await linesOf(segment, deps).catch((error: unknown) => ({ error }));
        if (found !== null && "error" in found) {
          // A bucket that fails is asked again: what it gives and cannot be unpacked stays as it is.
          if (!(found.error instanceof TypeError || found.error instanceof SyntaxError)) throw found.error;
          return { key: segment.key, lines: [], damaged: { ids: segment.ids.split(" "), error: String(found.error) } };
        }
        const lines = found;
        if (lines !== null || segment.key === gone)
          return { key: segment.key, lines: (lines ?? []).filter((line) => line.source === source) };
        gone = segment.key;
      }
    },

    /** `null` where no segment has it. */
    async one(id: string): Promise<Archived | null> {
      for (let gone = ""; ;) {
        const missing: string[] = [];
        for (const { key, ids } of await deps.segments.find(id)) {
          const lines = await linesOf({ key, ids }, deps);
          if (lines === null) missing.push(key);
          const line = lines?.find((one) => one.id === id);
          if (line !== undefined) return { key, line };
        }
        if (missing.join(" ") === gone) return null;
        gone = missing.join(" ");
      }
    },
  };
}

/** What is to be found in a segment, the newest first; `null` where its object is gone, because it was written anew. */
async function linesOf({ key, ids }: Pick<Segment, "key" | "ids">, { bucket }: ReadDeps): Promise<Line[] | null> {
  const object = await bucket.get(key);
  if (object === null) return null;
  const there = new Set(ids.split(" "));
  const lines = (await unzip(object)).map(readLine);
  return lines.filter(({ id }) => there.has(shortId(id))).toReversed();
}

function fits({ source, type, received_at }: Line, filter: ArchiveFilter): boolean {
  const at = Date.parse(received_at);
  return (
    (filter.source === null || filter.source === source) &&
    (filter.type === null || filter.type === type) &&
    (filter.since === null || at >= filter.since) &&
    (filter.until === null || at < filter.until)
  );
}
