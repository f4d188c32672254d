// Clock, timers, dice, cryptography, console and network as the relay's code finds them: the simulation's own, for whoever runs inside it.
import { createHash, createHmac, hkdfSync } from "node:crypto";
import { decrypted, encrypted } from "./gcm.ts";
import { gunzipSync, gzipSync } from "node:zlib";
import { running } from "./isolate.ts";
import type { Reach } from "./network.ts";
import { Pair, ResponseWithSocket } from "./sockets.ts";

interface Timer {
  cancel(): void;
}

/** How requests of the isolates leave; set for each world. */
export const outside: { reach: Reach | null } = { reach: null };

let installed = false;

/** Replaces the globals of this thread, once. Whoever runs outside an invocation still gets the real ones. */
export function install(): void {
  if (installed) return;
  installed = true;
  const real = {
    setTimeout: globalThis.setTimeout,
    clearTimeout: globalThis.clearTimeout,
    now: Date.now.bind(Date),
    random: Math.random.bind(Math),
    fetch: globalThis.fetch,
    crypto: globalThis.crypto,
  };

  put(globalThis, "setTimeout", (run: () => void, ms = 0): unknown => {
    const owner = running.getStore();
    if (owner === undefined) return real.setTimeout(run, ms);
    owner.pending += 1;
    let isOver = false;
    const over = () => {
      if (!isOver) owner.pending -= 1;
      isOver = true;
    };
    const cancel = owner.isolate.scheduler.after(ms, () => {
      over();
      if (owner.alive) owner.run(run);
    });
    return { cancel: () => (over(), cancel()) } satisfies Timer;
  });
  put(globalThis, "clearTimeout", (timer: unknown) => {
    if (isTimer(timer)) timer.cancel();
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what is no timer of ours is Node's
    else if (running.getStore() === undefined) real.clearTimeout(timer as NodeJS.Timeout);
  });
  put(globalThis, "Cloudflare", { compatibilityFlags: { handle_cross_request_promise_resolution: true } });
  put(globalThis, "WebSocketPair", Pair);
  put(globalThis, "WebSocketRequestResponsePair", Object);
  put(globalThis, "Response", ResponseWithSocket);
  put(Date, "now", () => running.getStore()?.isolate.wall() ?? real.now());
  put(Math, "random", () => running.getStore()?.isolate.dice() ?? real.random());
  put(globalThis, "fetch", (url: string, init: RequestInit) => {
    if (running.getStore() === undefined || outside.reach === null) return real.fetch(url, init);
    return outside.reach(url, init);
  });
  put(globalThis, "crypto", cryptoOf(real.crypto));
  put(
    globalThis,
    "CompressionStream",
    class extends Whole {
      constructor() {
        super(gzipSync);
      }
    },
  );
  put(
    globalThis,
    "DecompressionStream",
    class extends Whole {
      constructor() {
        super(gunzipSync);
      }
    },
  );
  for (const [name, level] of [
    ["log", "info"],
    ["warn", "warn"],
    ["error", "error"],
  ] as const) {
    const print = console[name].bind(console);
    put(console, name, (...words: unknown[]) => {
      const owner = running.getStore();
      if (owner === undefined) print(...words);
      else owner.isolate.onLog(level, words.map(String).join(" "));
    });
  }
}

/** Node compresses in a pool of threads, in an order that no seed decides; here it is done on the spot. */
class Whole extends TransformStream<Uint8Array, Uint8Array> {
  constructor(work: (bytes: Uint8Array) => Uint8Array) {
    const pieces: Uint8Array[] = [];
    super({
      transform: (piece) => void pieces.push(piece),
      flush: (controller) => controller.enqueue(new Uint8Array(work(Buffer.concat(pieces)))),
    });
  }
}

function put(target: object, name: string, value: unknown): void {
  Object.defineProperty(target, name, { value, configurable: true, writable: true });
}

function isTimer(value: unknown): value is Timer {
  return typeof value === "object" && value !== null && Object.hasOwn(value, "cancel");
}

/**
 * Node's WebCrypto answers from a pool of threads, in an order that no seed decides. Hashes, HMAC, HKDF and AES-GCM are done on the spot here,
 * with the same results.
 */
function cryptoOf(real: typeof globalThis.crypto): object {
  const subtle = {
    digest: async (name: string, data: Uint8Array) =>
      bufferOf(createHash(hashOf(name)).update(new Uint8Array(data)).digest()),
    importKey: async (form: string, data: Uint8Array, algorithm: { name: string } | string) => {
      const name = typeof algorithm === "string" ? algorithm : algorithm.name;
      if (form !== "raw" || !["HMAC", "HKDF", "AES-GCM"].includes(name))
        throw new Error(`${form} ${name} is not part of the simulation`);
      return { raw: new Uint8Array(data) };
    },
    sign: async (_: unknown, key: unknown, data: Uint8Array) => {
      if (!known(key)) throw new Error("a key from elsewhere");
      return bufferOf(createHmac("sha256", key.raw).update(new Uint8Array(data)).digest());
    },
    encrypt: async (how: Parameters<typeof encrypted>[0], key: unknown, data: Uint8Array) => {
      if (!known(key)) throw new Error("a key from elsewhere");
      return bufferOf(encrypted(how, key.raw, data));
    },
    decrypt: async (how: Parameters<typeof decrypted>[0], key: unknown, data: Uint8Array) => {
      if (!known(key)) throw new Error("a key from elsewhere");
      return bufferOf(decrypted(how, key.raw, data));
    },
    deriveBits: async (how: { hash: string; salt: Uint8Array; info: Uint8Array }, key: unknown, bits: number) => {
      if (!known(key)) throw new Error("a key from elsewhere");
      return hkdfSync(hashOf(how.hash), key.raw, how.salt, how.info, bits / 8);
    },
  };
  return {
    subtle,
    randomUUID: () => real.randomUUID(),
    getRandomValues: <T extends Uint8Array>(into: T): T => {
      const owner = running.getStore();
      if (owner === undefined) return real.getRandomValues(into);
      for (let at = 0; at < into.length; at += 1) into[at] = Math.floor(owner.isolate.dice() * 256);
      return into;
    },
  };
}

interface Material {
  readonly raw: Uint8Array;
}

function known(key: unknown): key is Material {
  return typeof key === "object" && key !== null && Object.hasOwn(key, "raw");
}

function hashOf(name: string | { name: string }): string {
  return (typeof name === "string" ? name : name.name).toLowerCase().replace("-", "");
}

function bufferOf(bytes: Buffer): ArrayBuffer {
  const copy = new Uint8Array(bytes.length);
  copy.set(bytes);
  return copy.buffer;
}
