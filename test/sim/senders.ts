// Who posts to the relay: honest senders that sign and repeat, and strangers who would like to be taken for them.
import { createHmac } from "node:crypto";
import { eventOf } from "./banked.ts";
import { Dice } from "./dice.ts";
import type { Vars } from "./settings.ts";
import type { Client } from "./sockets.ts";
import { pathOf } from "./things.ts";

/** What a body is made of. */
export type Stuff = "json" | "bom" | "binary" | "nul" | "empty" | "large text" | "large binary";

/** Something that a sender has to say. Plain data, so that a story can be printed and run again. */
export interface Letter {
  readonly source: "github" | "acme" | "limited" | "fenced" | "secretless" | "nobody" | "app" | "thin" | "bank";
  /** The sender's own id of it; `null` where it gives none. */
  readonly key: string | null;
  readonly type: string;
  readonly stuff: Stuff;
  /** How a stranger tries; `null` for an honest one. */
  readonly forged: Forgery | null;
  /** What it says in the place of its own name, where it is about the same as another letter. */
  readonly about?: string;
}

/** What is answered at the front door, at the moment in which it leaves the relay. */
export interface Answered {
  readonly status: number;
  readonly text: string;
  readonly headers: Headers;
  /** Its end of a connection, where it is the answer to an upgrade. */
  readonly socket?: Client;
}

export type Forgery =
  | "no signature"
  | "empty signature"
  | "wrong key"
  /** The source's old secret, which has ended. */
  | "ended secret"
  | "other body"
  | "short signature"
  | "wrong method"
  | "too large"
  | "address";

const encoder = new TextEncoder();
const LARGE = 300_000;
/** Far over `max_body` of every source but acme. */
const TOO_LARGE = 1_100_000;

/** The bytes that a letter holds; the same letter always has the same. */
export function bodyOf(letter: Letter): Uint8Array {
  const name = letter.about ?? `${letter.source} ${letter.key} ${letter.type} ${letter.forged ?? ""}`;
  switch (letter.stuff) {
    case "json":
      if (letter.source === "app") return encoder.encode(messageOf(letter, name));
      if (letter.source === "bank") return encoder.encode(JSON.stringify(eventOf(letter)));
      if (letter.source === "thin")
        return encoder.encode(JSON.stringify({ says: name, object: { url: pathOf(letter.key) } }));
      return encoder.encode(JSON.stringify({ says: name, snow: "\u2603", list: [1, 2.5, null] }));
    case "bom":
      return encoder.encode(`\uFEFF{"says":${JSON.stringify(name)}}`);
    case "nul":
      return encoder.encode(`{"says":${JSON.stringify(name)}}\u0000`);
    case "binary": {
      const head = encoder.encode(name);
      const dice = new Dice(7, name);
      return Uint8Array.from({ length: head.length + 64 }, (_, at) => head[at] ?? dice.whole(128, 255));
    }
    case "empty":
      return new Uint8Array(0);
    case "large text":
      return encoder.encode(name + "\u00E4\u2603".repeat(LARGE / 5));
    case "large binary": {
      const bytes = new Uint8Array(LARGE).fill(0xfe);
      bytes.set(encoder.encode(name));
      return bytes;
    }
  }
  return letter.stuff satisfies never;
}

/** A message that lacks nothing, so that it is kept as it came. */
function messageOf({ type }: Letter, name: string): string {
  return JSON.stringify({ type, data: { says: name }, timestamp: 1_796_000_000, id: `id of ${name}`.trim() });
}

/** The request, as it leaves the sender. */
export function requestOf(letter: Letter, vars: Vars, address: string, slow: boolean, broken: boolean): Request {
  const body = letter.forged === "too large" ? new Uint8Array(TOO_LARGE) : bodyOf(letter);
  const secret =
    letter.forged === "wrong key"
      ? "guess"
      : secretOf(letter, vars, letter.forged === "ended secret" ? "_SECRET_OLD" : "_SECRET");
  const signed = letter.forged === "other body" ? encoder.encode("something else") : body;
  let signature: string | null = createHmac("sha256", secret).update(signed).digest("hex");
  if (letter.forged === "no signature") signature = null;
  if (letter.forged === "empty signature") signature = "";
  if (letter.forged === "short signature") signature = signature?.slice(0, 8) ?? null;
  const method = letter.forged === "wrong method" ? "PUT" : "POST";
  const headers = new Headers({
    "content-type": "application/json",
    "cf-connecting-ip": letter.forged === "address" ? "198.51.100.9" : address,
    "x-forwarded-for": "192.0.2.1",
    cookie: "session=1",
  });
  if (letter.source === "app") {
    if (letter.stuff !== "json") headers.set("hookline-event-type", letter.type);
    if (letter.key !== null) headers.set("idempotency-key", letter.key);
    if (signature !== null) headers.set("authorization", `Bearer ${signature === "" ? "" : secret}`);
  } else if (isGithub(letter)) {
    headers.set("x-github-event", letter.type);
    if (letter.key !== null) headers.set("x-github-delivery", letter.key);
    if (signature !== null) headers.set("x-hub-signature-256", signature === "" ? "" : `sha256=${signature}`);
  } else {
    headers.set("x-type", letter.type);
    if (letter.key !== null) headers.set("x-id", letter.key);
    if (signature !== null) headers.set("x-signature", signature);
  }
  const path = letter.source === "app" && letter.forged === null && letter.stuff === "json" ? "/api/events" : null;
  const url = `https://relay.example.com${path ?? `/in/${letter.source}`}`;
  if (!slow && !broken) return new Request(url, { method, headers, body: body.slice() });
  return new Request(url, { method, headers, body: piecemeal(body, broken), duplex: "half" });
}

/** A body in pieces; one that is broken ends in the middle. The world moves between two pieces (see `ingress`). */
function piecemeal(body: Uint8Array, broken: boolean): ReadableStream<Uint8Array> {
  const size = Math.max(1, Math.ceil(body.length / 4));
  let at = 0;
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      await pause.next();
      if (broken && at >= size) {
        controller.error(new TypeError("connection lost"));
        return;
      }
      if (at >= body.length) {
        controller.close();
        return;
      }
      controller.enqueue(body.slice(at, at + size));
      at += size;
    },
  });
}

/** How a body in pieces waits between two of them; set for each world. */
export const pause: { next: () => Promise<void> } = { next: () => Promise.resolve() };

function isGithub({ source }: Letter): boolean {
  return source === "github" || source === "secretless";
}

/** What the sender signs with: its own copy of the secret, which a rotation changes later than the relay's. */
function secretOf({ source }: Letter, vars: Vars, suffix: string): string {
  const value = vars[`${source.toUpperCase()}${suffix}`];
  return typeof value === "string" ? value : "not-set";
}
