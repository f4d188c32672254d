// Events that come back: a destination that leads to the relay itself ends after a few rounds, in a story that says why.
import { createServer, request as ask } from "node:http";
import { once } from "node:events";
import { buffer } from "node:stream/consumers";
import { expect, onTestFinished, test } from "vitest";
import * as z from "zod";
import { listen } from "../kit/port.ts";
import { Relay, relayVars, SECRETS, stateFolder } from "../kit/whole-relay.ts";
import { createHmac } from "node:crypto";
import { until } from "../kit/until.ts";

const story = z.object({
  deliveries: z.array(
    z.object({
      state: z.string(),
      reason: z.string().nullable(),
      attempts: z.array(z.object({ fault: z.string().nullable() })),
    }),
  ),
});

const deliveries = z.object({
  deliveries: z.array(z.object({ event: z.string(), state: z.string(), reason: z.string().nullable() })),
});

/** Posts an event of acme's to the relay, as if it had been asked by that host. */
async function post(relay: Relay, id: string, headers: Record<string, string>): Promise<number> {
  const body = Buffer.from("{}");
  const signed = createHmac("sha256", SECRETS.ACME_SECRET).update(body).digest("hex");
  const own = { "x-signature": signed, "x-id": id, "x-type": "t", "cf-connecting-ip": "127.0.0.1" };
  const sent = ask(`${relay.url}/in/acme`, { method: "POST", headers: { ...own, ...headers } });
  const answered = new Promise<number>((resolve, reject) => {
    sent.on("error", reject);
    sent.on("response", (answer) => {
      answer.resume();
      resolve(answer.statusCode ?? 0);
    });
  });
  sent.end(body);
  return await answered;
}

test("a destination that leads back to the relay by another name ends after five relays, and its last event says so", async () => {
  let relay: Relay | null = null;
  const hops: string[] = [];
  // What stands between (a proxy, a function) signs anew and passes on what it does not know.
  const between = createServer((request, response) => {
    void (async () => {
      await buffer(request);
      const hop = String(request.headers["hookline-hop"]);
      hops.push(hop);
      const id = String(request.headers["webhook-id"]);
      const status = relay === null ? 503 : await post(relay, id, { "hookline-hop": hop });
      response.writeHead(status).end();
    })();
  });
  const { server, port } = await listen();
  server.close();
  between.listen(port, "127.0.0.1");
  await once(between, "listening");
  onTestFinished(() => void between.close());
  relay = await Relay.start(
    relayVars({ back: { url: `http://127.0.0.1:${port}/in/acme`, retry: ["1s"] } }),
    await stateFolder(),
  );
  expect(await post(relay, "first", {})).toBe(200);
  const blocked = await until("the last event has ended", async () => {
    const all = deliveries.parse(await relay?.api("/api/deliveries")).deliveries;
    return all.find(({ reason }) => reason === "blocked");
  });
  expect(hops).toEqual(["1", "2", "3", "4", "5"]);
  const { deliveries: told } = story.parse(await relay.api(`/api/events/${blocked.event}`));
  expect(told).toMatchObject([{ state: "failed", reason: "blocked", attempts: [{ fault: "loop" }] }]);
});

test("a destination that is the address at which the event came in is never called", async () => {
  const { server, port } = await listen();
  onTestFinished(() => void server.close());
  let calls = 0;
  server.on("connection", (socket) => {
    calls += 1;
    socket.destroy();
  });
  const host = `127.0.0.1:${port}`;
  const relay = await Relay.start(
    relayVars({ back: { url: `http://${host}/in/acme`, retry: ["1s"] } }),
    await stateFolder(),
  );
  expect(await post(relay, "first", { host })).toBe(200);
  const blocked = await until("the event has ended", async () => {
    const all = deliveries.parse(await relay.api("/api/deliveries")).deliveries;
    return all.find(({ state }) => state === "failed");
  });
  const { deliveries: told } = story.parse(await relay.api(`/api/events/${blocked.event}`));
  expect(told).toMatchObject([{ reason: "blocked", attempts: [{ fault: "loop" }] }]);
  expect(calls).toBe(0);
});
