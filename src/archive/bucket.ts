// The bucket, with as much patience as the archive has for it: one that does not answer must not hold up the sweep.
import { within } from "../patience.ts";

/** What is asked of an R2 bucket. */
export interface Bound {
  put(key: string, value: Uint8Array | string, options: object): Promise<unknown>;
  get(key: string): Promise<{ arrayBuffer(): Promise<ArrayBuffer> } | null>;
  list(options: { readonly prefix: string }): Promise<{ readonly objects: readonly unknown[] }>;
  delete(keys: string | string[]): Promise<void>;
}

const PATIENCE_MS = 10_000;

export interface Bucket {
  put(key: string, value: Uint8Array): Promise<void>;
  /** `null` where there is no such object. */
  get(key: string): Promise<ArrayBuffer | null>;
  remove(key: string): Promise<void>;
}

/** The binding of this name, if it is a bucket. */
export function bucketOf(binding: unknown): Bound | null {
  const is = (verb: string) => typeof Reflect.get(Object(binding), verb) === "function";
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it can do what it is asked for
  return typeof binding === "object" && ["put", "get", "delete"].every(is) ? (binding as Bound) : null;
}

async function patiently<T>(work: Promise<T>): Promise<T> {
  return await within(PATIENCE_MS, "R2", work);
}

export function openBucket(bound: Bound): Bucket {
  return {
    async put(key, value) {
      const httpMetadata = { contentType: "application/gzip" };
      await patiently(bound.put(key, value, { httpMetadata }));
    },
    async get(key) {
      return await patiently(
        (async () => {
          const object = await bound.get(key);
          return object === null ? null : await object.arrayBuffer();
        })(),
      );
    },
    async remove(key) {
      await patiently(bound.delete(key));
    },
  };
}
