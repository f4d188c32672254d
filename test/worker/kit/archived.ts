// A relay with a bucket for what its retention removes, small enough to be filled and aged by hand.
import { expect } from "vitest";
import { readLine, unzip } from "../../../src/archive/segment.ts";
import { front } from "./front.ts";
import { bindings, carried, hmac, rows, until } from "./relay.ts";

const ACME = { provider: "hmac", settings: { header: "X-Signature", id: "{header:X-Id}", type: "{header:X-Type}" } };
export const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
export const at = (n: number) => new Date(NINE_AGO + n * 60 * MINUTE).toISOString();
export const NINE_AGO = Date.now() - (Date.now() % DAY) - 9 * DAY + 30 * MINUTE;
// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- test/worker/wrangler.toml binds it
export const bucket = bindings["ARCHIVE"] as R2Bucket;

export function relayWith(archive: unknown) {
  return front(
    { acme: { ...ACME, max_body: "25MiB" }, other: ACME, closed: { ...ACME, max_body: "25MiB", encrypt: true } },
    {
      CLOSED_SECRET: "acme-secret",
      ENCRYPTION_KEY: btoa("k".repeat(32)),
      ACME_SECRET: "acme-secret",
      OTHER_SECRET: "acme-secret",
      LOOPBACK_DESTINATIONS: "true",
      DESTINATIONS: { first: { url: "http://127.0.0.1:9/first", retry: ["1s"] } },
      // The shared relay, whose objects sweep too, keeps them for longer.
      RETENTION_DAYS: "5",
      ROUTES: { all: { from: ["acme", "other", "closed"], to: "first" } },
      EVENT_ARCHIVE: archive,
    },
  );
}
type Relay = ReturnType<typeof front>;

export async function send(relay: Relay, key: string, body: string | Uint8Array, source = "acme"): Promise<string> {
  const headers = { "x-signature": await hmac("acme-secret", body), "x-id": key, "x-type": "order.paid" };
  const response = await relay.post(source, body, { "content-type": "application/json", ...headers });
  expect(response.status).toBe(200);
  return (await response.json<{ id: string }>()).id;
}

/** All deliveries have ended long enough ago: for a while after its end an event stays. */
export const ended = async () => await rows("UPDATE deliveries SET ended_at = ended_at - ?1", DAY);

/** Once all deliveries have ended, everything is ten days old. */
export async function grownOld(): Promise<void> {
  await carried();
  await until(async () => (await rows("SELECT 1 FROM deliveries WHERE ended_at IS NULL")).length === 0);
  await rows("UPDATE events SET received_at = received_at - ?1", 10 * DAY);
  await ended();
}

export const keys = async () => (await bucket.list()).objects.map(({ key }) => key);
export const segments = async () =>
  await rows<{ key: string; state: string }>("SELECT key, state FROM segments ORDER BY key");
export const linesOf = async (key: string) => (await unzip(await (await bucket.get(key))!.arrayBuffer())).map(readLine);

export const withPut = (put: (key: string, value: Uint8Array) => Promise<unknown>) => ({
  put,
  get: bucket.get.bind(bucket),
  delete: bucket.delete.bind(bucket),
});
export const archived = async (relay: Relay) =>
  (await relay.api<{ events: { id: string }[] }>("/archive?limit=200")).events.map(({ id }) => id);
export const inHistory = async () =>
  (await rows<{ id: string }>("SELECT id FROM events ORDER BY seq")).map(({ id }) => id);
/** Everything that the bucket holds, as text. */
export const kept = async () => JSON.stringify(await Promise.all((await keys()).map(linesOf)));
