// The bucket of large bodies, where one is bound: an object for each piece that D1 would have to hold. It has less time
// than the archive, because a sender waits.
import { Away, Locked } from "../bytes/vault.ts";
import type { Bodies } from "../d1/parts.ts";
import { within } from "../patience.ts";
import { bucketOf } from "./bucket.ts";

const PATIENCE_MS = 5_000;

// What a body begins with may be a byte order mark: `text()` of an object drops it.
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** @param binding what is bound as EVENT_BODIES; `null` without a bucket */
export function openBodies(binding: unknown): Bodies | null {
  const bound = bucketOf(binding);
  if (bound === null) return null;
  return {
    async put(key, piece) {
      await patiently(bound.put(key, piece, { onlyIf: { etagDoesNotMatch: "*" } }));
    },
    async get(key) {
      const bytes = await patiently(bound.get(key).then((object) => object?.arrayBuffer() ?? null)).catch(
        (error: unknown) => {
          throw new Away(
            `the bucket EVENT_BODIES does not give its body: see whether it is still there (${String(error)})`,
          );
        },
      );
      if (bytes === null)
        throw new Locked("", `the bucket EVENT_BODIES has no ${key}: bind the one that its body was written to`);
      return decoder.decode(bytes);
    },
    async count(prefix) {
      return (await patiently(bound.list({ prefix }))).objects.length;
    },
    async remove(keys) {
      await patiently(bound.delete([...keys]));
    },
  };
}

async function patiently<T>(work: Promise<T>): Promise<T> {
  return await within(PATIENCE_MS, "the bucket EVENT_BODIES", work);
}
