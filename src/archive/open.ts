// The archive, where a bucket is bound for it: what the sweep, the operator and the API are given.
import { Locked, type Vault } from "../bytes/vault.ts";
import type { Line } from "../contract/line.ts";
import type { ArchiveFilter, ArchivePlace } from "../contract/archive.ts";
import { within } from "../patience.ts";
import { type Bound, bucketOf, openBucket } from "./bucket.ts";
import { openLine } from "./opened.ts";
import { type Archived, openReading } from "./read.ts";
import { restore, type RestoreDeps } from "./restore.ts";
import { tidy, type TidyDeps } from "./tidy.ts";
import { openArchiving, type WriteDeps } from "./write.ts";
import type { Segments } from "../d1/segments.ts";

type Given = Omit<WriteDeps & TidyDeps & RestoreDeps, "bucket" | "segments"> & {
  readonly segments: Segments;
  readonly vault: Vault;
};

/** How often an event is looked for whose segment is written anew meanwhile. */
const LOOKS = 3;

/** Reads of the archive that take longer are given up, in ms: somebody waits. */
const PATIENCE_MS = 20_000;

export type Archive = ReturnType<typeof openBound>;

/** @param binding what is bound as EVENT_ARCHIVE: without a bucket there is no archive */
export function openArchive(binding: unknown, given: Given): Archive | null {
  const bound = bucketOf(binding);
  return bound === null ? null : openBound(bound, given);
}

function openBound(bound: Bound, given: Given) {
  const deps = { ...given, bucket: openBucket(bound) };
  const reading = openReading(deps);
  return {
    /** For the sweep. */
    sweep: {
      archiving: openArchiving(deps),
      async failed(error: unknown): Promise<void> {
        deps.log.error("archive.failed", { error: String(error), advice: ADVICE });
        await deps.segments.failed(String(error).slice(0, 200), deps.now());
      },
      tidy: async () => await tidy(deps),
    },
    list: async (...asked: Parameters<typeof reading.list>) =>
      await within(PATIENCE_MS, "the archive", reading.list(...asked)),
    /** All that is asked for of the next segment. */
    segment: async (filter: ArchiveFilter, after: ArchivePlace | null) =>
      await within(PATIENCE_MS, "the archive", reading.list(filter, after, Infinity, 1)),
    /** @throws Locked where it is sealed and its key is not here */
    async one(id: string): Promise<Archived | null> {
      const found = await within(PATIENCE_MS, "the archive", reading.one(id));
      return found === null ? null : { key: found.key, line: await openLine(found.line, deps.vault) };
    },
    /**
     * For whoever deletes all of a subject: the events of a source in the next segment, each opened; `null` in the
     * place of one whose key is not here.
     */
    async behind(key: string, source: string, since: number) {
      const next = await reading.behind(key, source, since);
      if (next === null) return null;
      const { damaged } = next;
      if (damaged !== undefined) {
        deps.log.error("archive.damaged", { key: next.key, error: damaged.error, advice: DAMAGED });
        return { key: next.key, events: damaged.ids.map((id) => ({ id, line: null })) };
      }
      const opened = next.lines.map(async (line) => ({ id: line.id, line: await openedOrNull(line, deps.vault) }));
      return { key: next.key, events: await Promise.all(opened) };
    },
    /** The ids of what was made by hand of these, by their lines: each is looked for on its own. */
    async copies(ids: readonly string[]): Promise<string[]> {
      const made: string[] = [];
      for (const id of ids) made.push(...((await reading.one(id))?.line.edited_as ?? []).map(({ event }) => event));
      return made;
    },
    /** Whether an event was found, and is in the history now. */
    async restore(id: string, actor: string): Promise<boolean> {
      for (let n = 0; n < LOOKS; n += 1) {
        const found = await reading.one(id);
        if (found === null) return false;
        if (await restore(found, actor, deps)) return true;
      }
      return false;
    },
  };
}

async function openedOrNull(line: Line, vault: Vault): Promise<Line | null> {
  try {
    return await openLine(line, vault);
  } catch (error) {
    if (error instanceof Locked) return null;
    throw error;
  }
}

const DAMAGED =
  "nothing in this object can be read or judged. If it has to go, delete it from the bucket EVENT_ARCHIVE";
const ADVICE = "nothing is removed from D1 until the bucket EVENT_ARCHIVE takes it: see whether it is still there";
