// What is left of crashes and of what was taken out, removed a little at a time: objects that nobody came back for, and
// segments that hold more than is to be found in them.
import type { OpenSegment, Segments } from "../d1/segments.ts";
import { shortId } from "../ids.ts";
import type { Log } from "../log.ts";
import type { Bucket } from "./bucket.ts";
import { nextKey, readLine, unzip, zip } from "./segment.ts";

/** An object that was begun so long ago, in ms, is nobody's work any more. */
const GIVEN_UP_MS = 60 * 60_000;
/** Segments in one turn: each is an object read and another written. */
const AT_ONCE = 3;
/** Those that are looked at for that, and how long each is the first, in ms. */
const MOST_OPEN = 30;
const TURN_MS = 10_000;

export interface TidyDeps {
  readonly bucket: Bucket;
  readonly segments: Pick<Segments, "open" | "begin" | "giveUp" | "replace" | "empty" | "lost" | "forget">;
  readonly now: () => number;
  readonly newId: () => string;
  readonly log: Log;
}

/** Never rejects: what it leaves is done the next time. */
export async function tidy(deps: TidyDeps): Promise<void> {
  const { segments, now, log } = deps;
  try {
    const open = await segments.open(now() - GIVEN_UP_MS, MOST_OPEN);
    // Those that cannot be read would otherwise be first each time.
    const first = open.length === 0 ? 0 : Math.floor(now() / TURN_MS) % open.length;
    for (const one of [...open.slice(first), ...open.slice(0, first)].slice(0, AT_ONCE)) await tidyOrTell(one, deps);
  } catch (error) {
    log.warn("archive.not_tidied", { error: String(error) });
  }
}

/** One that is damaged keeps no other from its turn. */
async function tidyOrTell(one: OpenSegment, deps: TidyDeps): Promise<void> {
  try {
    await tidyOne(one, deps);
  } catch (error) {
    deps.log.warn("archive.not_tidied", { key: one.key, error: String(error), advice: DAMAGED });
  }
}

const DAMAGED =
  "it is tried again. If the object is damaged, copy what you need of it and delete it from the bucket EVENT_ARCHIVE: then the relay gives it up";
const LOST =
  "somebody has deleted the object from the bucket EVENT_ARCHIVE, or D1 was restored to an earlier time: its events cannot be found any more, see docs/backup.md";

async function tidyOne(one: OpenSegment, deps: TidyDeps): Promise<void> {
  const { bucket, segments, log } = deps;
  const { key } = one;
  switch (one.state) {
    case "writing":
      await segments.giveUp(key);
      return;
    case "leaving":
      await bucket.remove(key);
      await segments.forget(key);
      log.info("archive.removed", { key });
      return;
    case "stale":
      await (one.ids === "" ? segments.empty(key) : writeAnew(one, deps));
      return;
  }
  one.state satisfies never;
}

/** Without what was taken out. */
async function writeAnew(one: OpenSegment, { bucket, segments, now, newId, log }: TidyDeps): Promise<void> {
  const object = await bucket.get(one.key);
  if (object === null) {
    // Nothing is left of it that could be written anew, or deleted.
    if (await segments.lost(one.key)) log.error("archive.lost", { key: one.key, events: one.events, advice: LOST });
    return;
  }
  const ids = new Set(one.ids.split(" "));
  const left = (await unzip(object)).map(readLine).filter(({ id }) => ids.has(shortId(id)));
  async function* whole() {
    for (const { body, ...head } of left)
      yield {
        head,
        body: (async function* only() {
          yield body;
        })(),
      };
  }
  const bytes = await zip(whole());
  const key = nextKey(one.key, newId());
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- `begin` has written it
  await segments.begin({ key, sources: JSON.parse(one.sources) as string[], size: bytes.length }, now());
  await bucket.put(key, bytes);
  await segments.replace(one, key, now());
  log.info("archive.rewritten", { key: one.key, as: key, events: left.length });
}
