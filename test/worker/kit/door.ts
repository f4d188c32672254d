// What the front door is asked, and by whom: in the tests its every part is in the hand.
import { NO_KEYS } from "../../../src/bytes/vault.ts";
import { readConfig } from "../../../src/config/config.ts";
import { FloodGuard } from "../../../src/in/flood.ts";
import type { IngestDeps } from "../../../src/in/ingest.ts";
import { BodyReader } from "../../../src/in/read.ts";
import type { Acceptance } from "../../../src/types.ts";
import { Logged } from "./hands.ts";
import { hmac } from "./relay.ts";

const SETTINGS = { header: "X-Signature" };
const VARS = {
  ACME_SECRET: "acme-secret",
  SIGNING_KEY: "test-signing-key-0123456789abcdef",
  SOURCES: {
    acme: { provider: "hmac", settings: SETTINGS, max_body: "25MiB" },
    fenced: { provider: "hmac", settings: SETTINGS, allow: ["192.0.2.0/24"] },
    wrong: { provider: "nobody-knows-it" },
  },
  FENCED_SECRET: "fenced-secret",
};

/** A door whose every part is in the test's hand. */
export function door(change: Partial<Omit<IngestDeps, "log">> = {}): IngestDeps & { readonly log: Logged } {
  return {
    config: readConfig(VARS),
    intake: answering({ kind: "accepted", id: "evt" }),
    parts: { put: () => Promise.resolve(), drop: () => Promise.resolve() },
    vault: NO_KEYS,
    repeats: () => Promise.resolve([]),
    namesake: () => Promise.resolve(false),
    flood: new FloodGuard(
      () => Promise.resolve(true),
      () => Date.now(),
    ),
    bodies: new BodyReader(() => Date.now()),
    published: { bar: unused },
    keys: { keysFor: unused },
    first: { offers: () => [], make: unused },
    offers: { keep: unused },
    fetchText: unused,
    refusals: { wants: () => false, reads: () => false, keep: unused },
    acked: () => {},
    feed: { refused: () => null },
    now: () => Date.now(),
    newId: () => "0".repeat(32),
    ...change,
    log: new Logged(),
  };
}

/** An Intake that always says this. */
export function answering(answer: Acceptance): IngestDeps["intake"] {
  return {
    accept: () => Promise.resolve(answer),
    grant: unused,
    ended: unused,
    pause: unused,
    status: unused,
    remind: unused,
  };
}

/** For what must not be asked. */
export async function unused(): Promise<never> {
  return await Promise.reject(new Error("unused"));
}

/** Signed by its source; a stream is not. */
export async function request(body: ReadableStream | Uint8Array | string, source = "acme"): Promise<Request> {
  const proof = body instanceof ReadableStream ? "" : await hmac(`${source}-secret`, body);
  return new Request(`https://relay.example.com/in/${source}`, {
    method: "POST",
    body,
    headers: { "x-signature": proof, "cf-connecting-ip": "192.0.2.7" },
  });
}

/** One byte more than is kept beside its event. */
export const LARGE = new Uint8Array(256 * 1024 + 1).fill(0x20);
