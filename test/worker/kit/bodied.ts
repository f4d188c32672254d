// A relay with a bucket for its large bodies, which answers the queue itself.
import { beforeEach, expect } from "vitest";
import worker from "../../../src/index.ts";
import { front, TOKEN } from "./front.ts";
import { bindings, hmac, rows } from "./relay.ts";

const ACME = { provider: "hmac", settings: { header: "X-Signature", id: "{header:X-Id}", type: "{header:X-Type}" } };
// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- test/worker/wrangler.toml binds it
export const bucket = bindings["BODIES"] as R2Bucket;

/** @param bodies what is bound as EVENT_BODIES */
export function relayWith(bodies: unknown, vars: Record<string, unknown> = {}) {
  const source = { ...ACME, max_body: "25MiB" };
  return front(
    { acme: source, closed: { ...source, encrypt: true }, veiled: { ...source, redact: ["body.card"] } },
    {
      ACME_SECRET: "acme-secret",
      CLOSED_SECRET: "acme-secret",
      VEILED_SECRET: "acme-secret",
      ENCRYPTION_KEY: btoa("k".repeat(32)),
      LOOPBACK_DESTINATIONS: "true",
      DESTINATIONS: { first: { url: "http://127.0.0.1:9/first", retry: ["1s"] } },
      ROUTES: { all: { from: ["acme", "closed", "veiled"], to: "first" } },
      RETENTION_DAYS: "5",
      ...(bodies === null ? {} : { EVENT_BODIES: bodies }),
      ...vars,
    },
  );
}
export type Relay = ReturnType<typeof front>;

let answering: Relay | null = null;
const answer = worker.queue.bind(worker);
worker.queue = (batch, bound, ctx) => answer(batch, answering?.env ?? bound, ctx);
beforeEach(() => {
  answering = null;
});

/** Whose turn it is to answer the queue: the shared relay has no bucket. */
export function onDuty(relay: Relay): Relay {
  answering = relay;
  return relay;
}

export async function send(relay: Relay, key: string, body: string | Uint8Array, source = "acme"): Promise<Response> {
  const headers = { "x-signature": await hmac("acme-secret", body), "x-id": key, "x-type": "order.paid" };
  return await relay.post(source, body, { "content-type": "application/json", ...headers });
}

export async function accepted(...given: Parameters<typeof send>): Promise<string> {
  const response = await send(...given);
  expect(response.status).toBe(200);
  return (await response.json<{ id: string }>()).id;
}

export const keys = async () => (await bucket.list()).objects.map(({ key }) => key);
export const marks = async () =>
  (await rows<{ name: string }>("SELECT name FROM marks WHERE name LIKE 'bodies/%' ORDER BY name")).map(
    ({ name }) => name,
  );
export const bodyOf = async (relay: Relay, id: string) =>
  new Uint8Array(
    await (await relay.ask(`/api/events/${id}/body`, { headers: { authorization: `Bearer ${TOKEN}` } })).arrayBuffer(),
  );

/** The bucket, with something else in the place of some of its verbs. */
export const withVerbs = (verbs: Partial<Record<"put" | "get" | "delete", unknown>>) => ({
  put: bucket.put.bind(bucket),
  get: bucket.get.bind(bucket),
  delete: bucket.delete.bind(bucket),
  ...verbs,
});
