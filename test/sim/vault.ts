// The bucket of the archive, which fails, hangs and answers late, and what it holds.
import { gunzipSync } from "node:zlib";
import { call } from "./isolate.ts";
import type { Platform } from "./platform.ts";
import type { Scheduler } from "./scheduler.ts";
import { openedAt } from "./sealed.ts";

/** How a bucket of R2 is asked: it refuses, hangs and answers late, or does what it is asked and never says so. */
export function askingBucket(name: string, scheduler: Scheduler) {
  return <T>(what: string, effect: () => T) =>
    call<T>(scheduler, {
      kind: "ring",
      what: `${name} ${what}`,
      error: `${what}: We encountered an internal error. Please try again. (10001)`,
      effect,
      special: (fault) => (fault === "vanish" ? effect : null),
    });
}

/** The bucket of the archive. */
export class Vault {
  readonly objects = new Map<string, Uint8Array>();
  isBound = false;

  /** Nothing where none is bound. */
  binding(scheduler: Scheduler): object | undefined {
    if (!this.isBound) return undefined;
    const ask = askingBucket("vault", scheduler);
    return {
      put: async (key: string, value: Uint8Array) => {
        const bytes = value.slice();
        return await ask("put", () => void this.objects.set(key, bytes));
      },
      get: async (key: string) =>
        await ask("get", () => {
          const bytes = this.objects.get(key);
          return bytes === undefined ? null : { arrayBuffer: async () => bytes.slice().buffer };
        }),
      delete: async (key: string) => await ask("delete", () => void this.objects.delete(key)),
    };
  }
}

/** An archived event, read without the relay's help. */
export interface Kept {
  readonly key: string;
  readonly id: string;
  readonly body: Uint8Array;
  /** Whether it says that its body is gone. */
  readonly gone: boolean;
  /** Whether its segment names it: what is not named is not read. */
  readonly named: boolean;
  readonly destinations: readonly string[];
}

/** Everything that the objects of the archive hold, to be found or not. */
export function keptIn({ d1, vault }: Pick<Platform, "d1" | "vault">): Kept[] {
  const segments = d1.look<{ key: string; ids: string }>(
    "SELECT key, ids FROM segments WHERE state IN ('kept', 'stale')",
  );
  return segments.flatMap(({ key, ids }) => {
    const object = vault.objects.get(key);
    if (object === undefined) return [];
    const there = new Set(ids.split(" "));
    return gunzipSync(object)
      .toString()
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => {
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- docs/archive.md says what a line holds
        const { id, gone, sealed, body, encoding, deliveries } = JSON.parse(line) as {
          id: string;
          gone?: string;
          sealed?: { parts: number };
          body: string;
          encoding: "text" | "base64";
          deliveries: { destination: string }[];
        };
        return {
          key,
          id,
          body: sealed === undefined ? bytesOf(body, encoding) : unsealed(id, sealed.parts, body),
          gone: gone !== undefined,
          named: there.has(id.slice(-16)),
          destinations: deliveries.map(({ destination }) => destination),
        };
      });
  });
}

function bytesOf(body: string, encoding: "text" | "base64"): Uint8Array {
  return new Uint8Array(Buffer.from(body, encoding === "text" ? "utf8" : "base64"));
}

/** Sealed values with spaces between them; what opens in no place of this event is nothing. */
function unsealed(id: string, parts: number, body: string): Uint8Array {
  if (body === "") return new Uint8Array();
  const pieces = body.split(" ").map((piece, n) => openedAt(parts === 0 ? `${id} body` : `${id} part ${n}`, piece));
  return new Uint8Array(Buffer.concat(pieces.map((piece) => piece ?? Buffer.alloc(0))));
}
