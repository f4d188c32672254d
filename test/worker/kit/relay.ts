// What the tests on workerd share: signed requests, a receiver in place of the network, and looks into D1.
import { reset, runDurableObjectAlarm } from "cloudflare:test";
import { env, exports } from "cloudflare:workers";
import { afterEach, beforeEach, vi } from "vitest";
import { encodeHex } from "../../../src/bytes/encoding.ts";
import type * as main from "../../../src/index.ts";
import worker, { type Env } from "../../../src/index.ts";

declare global {
  namespace Cloudflare {
    interface GlobalProps {
      mainModule: typeof main;
    }
  }
}

// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- test/worker/wrangler.toml binds what Env names
export const bindings = env as unknown as Env;

/** What the receiver saw, in order. */
export interface Arrival {
  readonly method: string;
  readonly url: string;
  readonly headers: Headers;
  readonly body: Uint8Array;
  readonly at: number;
}

export type Behaviour = (arrival: Arrival, n: number) => Response | Promise<Response>;

/** The receiver stands where the network would: the Worker's only fetch is the one in send.ts. */
export class Receiver {
  arrivals: Arrival[] = [];
  behaviour: Behaviour = () => new Response("ok");

  to(destination: string): Arrival[] {
    return this.arrivals.filter(({ url }) => url.endsWith(`/${destination}`));
  }
}

/** Batches of the queue that are being answered, and sends that go on beside the acknowledgement. */
const underWay = new Set<Promise<unknown>>();
const answer = worker.queue.bind(worker);
worker.queue = (batch, bound, ctx) => {
  const waitUntil = ctx.waitUntil.bind(ctx);
  ctx.waitUntil = (promise) => waitUntil(noted(promise));
  return noted(answer(batch, bound, ctx));
};
/** First attempts, which go on beside the answer to whoever sent the event. */
const take = worker.fetch.bind(worker);
worker.fetch = (request, bound, ctx) => {
  const waitUntil = ctx.waitUntil.bind(ctx);
  ctx.waitUntil = (promise) => waitUntil(noted(promise));
  return take(request, bound, ctx);
};

function noted<T>(promise: Promise<T>): Promise<T> {
  const over: Promise<unknown> = promise.catch(() => {}).then(() => underWay.delete(over));
  underWay.add(over);
  return promise;
}

async function rest(): Promise<void> {
  while (underWay.size > 0) await Promise.all(underWay);
}

/** A receiver and a clean relay for each test of the file. */
export function setUp(): Receiver {
  const receiver = new Receiver();
  beforeEach(() => {
    receiver.arrivals = [];
    receiver.behaviour = () => new Response("ok");
    vi.stubGlobal("fetch", async (input: RequestInfo, init?: RequestInit) => {
      const request = new Request(input, init);
      const arrival = {
        method: request.method,
        url: request.url,
        headers: request.headers,
        body: new Uint8Array(await request.arrayBuffer()),
        at: Date.now(),
      };
      receiver.arrivals.push(arrival);
      const response = receiver.behaviour(arrival, receiver.arrivals.length);
      return await Promise.race([
        response,
        new Promise<never>((_, reject) => {
          init?.signal?.addEventListener("abort", () => reject(new Error("aborted")));
        }),
      ]);
    });
  });
  afterEach(async () => {
    // What a test has left under way would be heard by the next one's receiver, and noted on the rows that then have its keys.
    await rest();
    await reset();
    await rest();
    vi.unstubAllGlobals();
  });
  return receiver;
}

export async function hmac(secret: string, body: Uint8Array | string): Promise<string> {
  const key = await crypto.subtle.importKey("raw", bytes(secret), { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  return encodeHex(new Uint8Array(await crypto.subtle.sign("HMAC", key, bytes(body))));
}

export function bytes(value: Uint8Array | string): Uint8Array {
  return typeof value === "string" ? new TextEncoder().encode(value) : value;
}

/** Posts to the relay's front door, as the network would. */
export function post(path: string, body: BodyInit | null, headers: Record<string, string> = {}): Promise<Response> {
  return exports.default.fetch(
    new Request(`https://relay.example.com${path}`, {
      method: "POST",
      body,
      headers: { "cf-connecting-ip": "192.0.2.7", ...headers },
    }),
  );
}

/** A request of GitHub's, rightly signed. */
export async function github(
  body: string,
  delivery: string,
  event = "push",
  secret = "github-secret",
  others: Record<string, string> = {},
): Promise<Response> {
  return await post("/in/github", body, {
    ...others,
    "content-type": "application/json",
    "x-github-event": event,
    "x-github-delivery": delivery,
    "x-hub-signature-256": `sha256=${await hmac(secret, body)}`,
  });
}

/** A request to one of the `hmac` sources. Without a key of its own every one is a new event. */
export async function signed(
  source: string,
  body: Uint8Array | string,
  headers: Record<string, string> = {},
  secret = `${source}-secret`,
): Promise<Response> {
  return await post(`/in/${source}`, bytes(body), { "x-signature": await hmac(secret, body), ...headers });
}

/** Rows of a statement against the relay's D1. */
export async function rows<Row = Record<string, unknown>>(sql: string, ...values: unknown[]): Promise<Row[]> {
  const { results } = await bindings.DB.prepare(sql)
    .bind(...values)
    .all<Row>();
  return results;
}

/** A bound on patience, not on speed. */
const PATIENCE_MS = 30_000;

/** Waits until `look` sees something; fails with what it was to see. */
export async function until<T>(look: () => Promise<T | false> | T | false): Promise<T> {
  const end = Date.now() + PATIENCE_MS;
  for (;;) {
    const seen = await look();
    if (seen !== false) return seen;
    if (Date.now() > end) throw new Error(`still not so after ${PATIENCE_MS} ms: ${look.toString()}`);
    await new Promise((resolve) => {
      setTimeout(resolve, 10);
    });
  }
}

export const intake = () => bindings.INTAKE.get(bindings.INTAKE.idFromName("intake-0"));

/** Waits until everything that was acknowledged is in D1: until then a look into D1 may miss the last of it. */
export async function carried(): Promise<void> {
  // One shard, the default, holds all that this relay acknowledges. What D1 has refused is not there either.
  await until(async () => {
    const { waiting, stuck } = await intake().status();
    return waiting + stuck === 0;
  });
}

/** Deliveries of every acknowledged event by id, once every one of them is in one of these states. */
export async function deliveries(...states: string[]): Promise<Map<string, Record<string, unknown>>> {
  await carried();
  return await until(async () => {
    const all = await rows("SELECT * FROM delivery_history").catch(() => []);
    return (
      all.length > 0 &&
      all.every((row) => states.includes(String(row["state"]))) &&
      new Map(all.map((row) => [String(row["delivery"]), row]))
    );
  });
}

/** Rings the alarm now. */
export const ringAlarm = () => runDurableObjectAlarm(intake());
