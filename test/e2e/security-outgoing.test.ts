// What leaves the relay, and what comes back: headers of a list, no redirects, no more of an answer than its cap.
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import * as z from "zod";
import { say, startReceiver } from "../kit/receiver.ts";
import { Relay, stateFolder } from "../kit/whole-relay.ts";
import { head, kitVars, proof, raw } from "../kit/raw-http.ts";
import { startKit } from "../kit/watched-relay.ts";
import { until } from "../kit/until.ts";

const KIB = 1024;

test("only headers of the list go out, whatever came in; and an event type cannot write headers of its own", async () => {
  const seen: string[][] = [];
  const { relay, receiver } = await startKit((arrival, response) => {
    seen.push(response.req.rawHeaders);
    say(200, arrival, response);
  });
  const body = JSON.stringify({ id: "1", type: "a\r\nx-injected: 1\r\n\r\nGET / HTTP/1.1\u2028\u0000x" });
  const hostile = {
    authorization: "Bearer CANARY",
    "proxy-authorization": "Basic CANARY",
    cookie: "a=CANARY",
    "set-cookie": "b=CANARY",
    "x-hub-signature-256": "sha256=CANARY",
    "x-api-key": "CANARY",
    "x-gitlab-token": "CANARY",
    "stripe-signature": "CANARY",
    "webhook-id": "CANARY",
    "webhook-signature": "v1,CANARY",
    "webhook-timestamp": "CANARY",
    "hookline-attempt": "CANARY",
    "hookline-source": "CANARY",
    "user-agent": "CANARY",
    "x-forwarded-for": "CANARY",
    "x-forwarded-host": "CANARY",
    referer: "CANARY",
    origin: "CANARY",
    range: "CANARY",
    "if-none-match": "CANARY",
    traceparent: "CANARY",
    "cf-access-client-secret": "CANARY",
  };
  const headers = {
    ...hostile,
    ...proof("json", body),
    "content-type": "application/json",
    "content-length": String(Buffer.byteLength(body)),
  };
  expect((await raw(relay.url, [head("/in/json?token=CANARY", headers), Buffer.from(body)])).status).toBe(200);
  const [arrival] = await until("it arrives", () => (receiver.arrivals.length > 0 ? receiver.arrivals : undefined));
  expect(arrival?.body.toString()).toBe(body);
  const names = (seen[0] ?? []).filter((_, n) => n % 2 === 0).map((name) => name.toLowerCase());
  // The runtime itself adds the name of the zone that a Worker runs in, and no Worker can leave it out.
  expect(names.filter((name) => name !== "cf-worker").toSorted()).toEqual([
    "content-length",
    "content-type",
    "hookline-attempt",
    "hookline-event-type",
    "hookline-hop",
    "hookline-source",
    "host",
    "user-agent",
    "webhook-id",
    "webhook-signature",
    "webhook-timestamp",
  ]);
  expect(JSON.stringify(seen)).not.toContain("CANARY");
  const type = seen[0]?.[seen[0].findIndex((name) => name.toLowerCase() === "hookline-event-type") + 1];
  expect(type).toBe("ax-injected: 1GET / HTTP/1.1x");
});

test("a redirect is never followed, and an answer is read to its cap and no further", async () => {
  const followed: string[] = [];
  const bomb = gzipSync(Buffer.alloc(50 * KIB * KIB));
  const answers: [number, Record<string, string>, Buffer?][] = [
    ...[300, 301, 302, 303, 305, 307, 308].map((status): [number, Record<string, string>] => [
      status,
      { location: "/elsewhere" },
    ]),
    [200, { refresh: "0; url=/elsewhere", location: "/elsewhere", link: "</elsewhere>; rel=preload" }],
    [200, { "content-encoding": "gzip" }, bomb],
    [200, { "content-type": "text/html" }, Buffer.from(`${"\0".repeat(500)}\ud800${"<script>".repeat(1000)}`)],
    [200, {}, Buffer.alloc(2000, 0xff)],
  ];
  const receiver = await startReceiver((arrival, response) => {
    if (arrival.destination === "elsewhere") followed.push(arrival.event);
    const [status, headers, text] = answers[Number(arrival.body.toString())] ?? [200, {}];
    if (arrival.attempt > 1) say(200, arrival, response);
    else response.writeHead(status, headers).end(text);
  });
  const relay = await Relay.start(
    kitVars({ all: { url: receiver.address("all"), retry: ["1s"] } }),
    await stateFolder(),
  );
  for (const n of answers.keys()) expect((await relay.post(`answer ${n}`, Buffer.from(String(n)))).status).toBe(200);
  const told = z.object({ deliveries: z.array(z.object({ id: z.string(), state: z.string() })) });
  const { deliveries } = await until("all have ended", async () => {
    const shown = told.parse(await relay.api("/api/deliveries?limit=100"));
    return shown.deliveries.length === answers.length && shown.deliveries.every(({ state }) => state === "delivered")
      ? shown
      : undefined;
  });
  expect(followed).toEqual([]);
  expect(receiver.arrivals).toHaveLength(answers.length + 7);
  for (const { id } of deliveries) {
    const shown = JSON.stringify(await relay.api(`/api/events/${id.split(":")[0]}`));
    for (const [excerpt] of shown.matchAll(/"excerpt":"(?:[^"\\]|\\.)*"/g))
      expect(JSON.parse(`{${excerpt}}`).excerpt.length).toBeLessThanOrEqual(1000);
  }
});
