// The history as lines, from the oldest event to the newest and then through the archive: a page at a time.
// Sealed events are opened, and each line says where to go on behind it.
import type { Archive } from "../archive/open.ts";
import { openLine } from "../archive/opened.ts";
import { headOf, type LineHead } from "../archive/line.ts";
import { streamOf, type Written } from "../archive/segment.ts";
import { INLINE_BYTES } from "../bytes/body.ts";
import { isSealed, NO_KEYS, type Vault } from "../bytes/vault.ts";
import type { ArchiveFilter, ArchivePlace } from "../contract/archive.ts";
import { type ExportPlace, type ExportQuestion, writeExportCursor } from "../contract/export.ts";
import type { LineRows } from "../d1/lines.ts";
import type { Tables } from "../d1/open.ts";
import { none } from "./archive.ts";
import type { Done } from "./operator.ts";

export interface ExportDeps {
  readonly tables: Pick<Tables, "exportWalk" | "lines" | "records">;
  readonly archive: Archive | null;
  readonly vault?: Vault;
}

/** Lines that are written while they are read, and where the next page begins; `null` behind the last. */
export interface Exported {
  readonly lines: ReadableStream<Uint8Array>;
  readonly next: string | null;
}

const FIRST: ExportPlace = { of: "history", event: 0 };

/** Every head is opened before anything is answered: a key that is missing is an answer, and not the end of one. */
export function openExport({ tables, archive, vault = NO_KEYS }: ExportDeps) {
  return async ({ filter, archived, after }: ExportQuestion): Promise<Done<Exported>> => {
    const place = after ?? FIRST;
    if (place.of === "archive" || archived) {
      if (archive === null) return none();
      if (place.of === "archive") return await fromArchive(archive, filter, place.place);
    }
    return await fromHistory(filter, place.event, archived);
  };

  async function fromHistory(filter: ArchiveFilter, from: number, archived: boolean): Promise<Done<Exported>> {
    const { seqs, next } = await tables.exportWalk.page(filter, from, INLINE_BYTES);
    const events = seqs.length === 0 ? [] : await tables.lines.read(seqs);
    const heads = await Promise.all(events.map(async (rows) => await openedHead(rows, vault)));
    async function* lines(): AsyncGenerator<Written, void> {
      for (const [n, { event }] of events.entries()) {
        const cursor = writeExportCursor({ of: "history", event: event.event });
        const body = tables.records.body(isSealed(event.headers) ? { ...event, sealed: true } : event);
        yield { head: { ...heads[n]!, cursor }, body };
      }
    }
    const further = next === null ? (archived ? AT_ARCHIVE : null) : writeExportCursor({ of: "history", event: next });
    return { ok: true, value: { lines: streamOf(lines()), next: further } };
  }

  async function fromArchive(of: Archive, filter: ArchiveFilter, after: ArchivePlace | null): Promise<Done<Exported>> {
    const { found, next } = await of.segment(filter, after);
    const opened = await Promise.all(found.map(async ({ key, line }) => ({ key, line: await openLine(line, vault) })));
    async function* lines(): AsyncGenerator<Written, void> {
      for (const { key, line } of opened) {
        const { body, sealed: _, ...head } = line;
        const cursor = writeExportCursor({ of: "archive", place: { key, id: line.id } });
        yield { head: { ...head, cursor }, body: only(body) };
      }
    }
    return {
      ok: true,
      value: {
        lines: streamOf(lines()),
        next: next === null ? null : writeExportCursor({ of: "archive", place: next }),
      },
    };
  }
}

const AT_ARCHIVE = writeExportCursor({ of: "archive", place: null });

/** @throws Locked where it is sealed and its key is not here */
async function openedHead(rows: LineRows, vault: Vault): Promise<LineHead> {
  // Its body is opened piece by piece, while it is written.
  const { body: _, sealed: __, ...head } = await openLine({ ...headOf(rows), gone: "", body: "" }, vault);
  const { gone: ___, ...rest } = head;
  return typeof rows.event.gone === "string" ? { ...rest, gone: rows.event.gone } : rest;
}

async function* only(body: string): AsyncGenerator<string, void> {
  yield await Promise.resolve(body);
}
