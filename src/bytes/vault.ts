// What may not lie in a database as it came lies there sealed: AES-256-GCM under the operator's own key, bound to the
// place where it stands. WebCrypto and nothing else.
import { Buffer } from "node:buffer";
import { encodeHex } from "./encoding.ts";

/** The operator's keys, of 32 bytes each. */
export interface VaultKeys {
  /** New values are sealed under it; `null` where there is none that can be used. */
  readonly current: Uint8Array<ArrayBuffer> | null;
  /** Values are still opened under it. */
  readonly old: Uint8Array<ArrayBuffer> | null;
  /** Why nothing can be sealed, for the operator; `null` where it can. */
  readonly fault: string | null;
}

/** Seals and opens values. What is sealed in one place opens in no other. */
export interface Vault {
  /** Why nothing can be sealed, for the operator; `null` where it can. */
  readonly fault: string | null;
  /** Ids of the keys, as they stand in sealed values. */
  keyIds(): Promise<{ readonly current: string | null; readonly old: string | null }>;
  /** @throws where there is no key: nothing is ever written unsealed in its place */
  seal(plain: string | Uint8Array, place: string): Promise<string>;
  /** @throws Locked where the key is not here, or the value is another place's */
  open(sealed: string, place: string): Promise<Uint8Array>;
  /** The same of text. */
  openText(sealed: string, place: string): Promise<string>;
}

/** A value that cannot be opened: no fault of the event, which waits until its key is there. */
export class Locked extends Error {
  /** Of the key that it was sealed under. */
  readonly key: string;

  constructor(key: string, why: string) {
    super(why);
    this.name = "Locked";
    this.key = key;
  }
}

/** The same while a bucket is not bound or does not answer: what reads it anew may get it. */
export class Away extends Locked {
  constructor(why: string) {
    super("", why);
    this.name = "Away";
  }
}

/** `v1.<id of the key>.<nonce>.<content and its tag>`, the last two in base64. */
const FORM = /^v1\.([0-9a-f]{8})\.([A-Za-z0-9+/]{16})\.([A-Za-z0-9+/]+={0,2})$/;
const HEAD = /^v1\.([0-9a-f]{8})\./;
/** AES-GCM's own length for a random nonce, in bytes. */
const NONCE = 12;

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Whether a text that is otherwise JSON is a sealed value. */
export function isSealed(text: string): boolean {
  return HEAD.test(text);
}

/** Where the parts of an event stand: a value that is moved from one of them to another opens no more. */
export const PLACES = {
  headers: (event: string) => `${event} headers`,
  body: (event: string) => `${event} body`,
  part: (event: string, n: number) => `${event} part ${n}`,
  object: (event: string) => `${event} object`,
  /** What an event was before it was redacted, in pieces. */
  whole: (event: string, n: number) => `${event} whole ${n}`,
  undecided: (event: string, route: string) => `${event} undecided ${route}`,
  answer: (event: string, destination: string) => `${event} answer ${destination}`,
  inspected: (event: string, destination: string, attempt: number, column: "headers" | "body") =>
    `${event} inspected ${destination} ${attempt} ${column}`,
};

/** Seals nothing and opens nothing. */
export const NO_KEYS: Vault = openVault({ current: null, old: null, fault: "ENCRYPTION_KEY is not set" });

interface Key {
  readonly id: string;
  readonly crypto: Awaited<ReturnType<typeof crypto.subtle.importKey>>;
}

/** Keys are imported once, at the first use. */
export function openVault({ current, old, fault }: VaultKeys): Vault {
  // The keys are shared and never the promise of them: that belongs to the request which began it.
  let keys: { readonly current: Key | null; readonly old: Key | null } | null = null;
  const ready = async () => {
    keys ??= { current: await imported(current), old: await imported(old) };
    return keys;
  };
  const open = async (sealed: string, place: string): Promise<Uint8Array> => {
    const [, id, nonce, content] = FORM.exec(sealed) ?? [];
    if (id === undefined || nonce === undefined || content === undefined)
      throw new Locked("", `the value at ${place} is not written as a sealed one`);
    const held = await ready();
    const key = [held.current, held.old].find((one) => one?.id === id);
    if (key === null || key === undefined) throw new Locked(id, lackOf(id));
    try {
      const how = { name: "AES-GCM", iv: bytesOf(nonce), additionalData: encoder.encode(place) };
      return new Uint8Array(await crypto.subtle.decrypt(how, key.crypto, bytesOf(content)));
    } catch {
      throw new Locked(id, `the value at ${place} is not the one that was sealed there`);
    }
  };
  return {
    fault,
    open,
    async keyIds() {
      const held = await ready();
      return { current: held.current?.id ?? null, old: held.old?.id ?? null };
    },
    async seal(plain, place) {
      const key = (await ready()).current;
      if (key === null) throw new Error(fault ?? "there is no key to seal with");
      const nonce = crypto.getRandomValues(new Uint8Array(NONCE));
      const how = { name: "AES-GCM", iv: nonce, additionalData: encoder.encode(place) };
      const bytes = typeof plain === "string" ? encoder.encode(plain) : plain;
      const sealed = new Uint8Array(await crypto.subtle.encrypt(how, key.crypto, bytes));
      return `v1.${key.id}.${textOf(nonce)}.${textOf(sealed)}`;
    },
    async openText(sealed, place) {
      return decoder.decode(await open(sealed, place));
    },
  };
}

/** What the operator has to put back. */
function lackOf(id: string): string {
  return `it is sealed under the key ${id}, which this relay does not have: put that key back as ENCRYPTION_KEY_OLD`;
}

/** The id is the beginning of the key's SHA-256: it tells keys apart, and nobody finds 256 random bits by it. */
async function imported(bytes: Uint8Array<ArrayBuffer> | null): Promise<Key | null> {
  if (bytes === null) return null;
  const [hash, key] = await Promise.all([
    crypto.subtle.digest("SHA-256", bytes),
    crypto.subtle.importKey("raw", bytes, "AES-GCM", false, ["encrypt", "decrypt"]),
  ]);
  return { id: encodeHex(new Uint8Array(hash, 0, 4)), crypto: key };
}

// Buffer's own: a part of a large body is a megabyte.
function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");
}

function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.from(text, "base64"));
}
