// A real relay pushes its metrics to a real collector: what arrives, who may not see the key, and what becomes of failures.
import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { expect, onTestFinished, test } from "vitest";
import * as z from "zod";
import { startReceiver } from "../kit/receiver.ts";
import { labelsOf, readOtlp, sumsIn } from "../kit/otlp.ts";
import { until } from "../kit/until.ts";
import { Relay, relayVars, root, stateFolder } from "../kit/whole-relay.ts";

const KEY = "key-of-the-collector-0123456789";

const Health = z.object({
  otlp: z.object({
    status: z.number().nullable(),
    failing_since: z.string().nullable(),
    pushed_at: z.string().nullable(),
  }),
});

interface Push {
  readonly path: string | undefined;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
  readonly status: number;
}

/** A collector that answers as the test wants. */
async function startCollector(answer: { status: number; text: string }) {
  const pushes: Push[] = [];
  const server = createServer((request, response) => {
    void (async () => {
      const body = await text(request);
      pushes.push({ path: request.url, headers: request.headers, body, status: answer.status });
      response.writeHead(answer.status).end(answer.text);
    })();
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return { pushes, url: `http://127.0.0.1:${address.port}/otlp` };
}

test("delta: what is accepted and delivered arrives once, at a collector that refuses for a while", async () => {
  const answer = { status: 200, text: "{}" };
  const { pushes, url } = await startCollector(answer);
  const receiver = await startReceiver((_, response) => response.writeHead(200).end());
  const relay = await Relay.start(
    {
      ...relayVars({ crm: { url: receiver.address("crm") } }),
      OTEL_EXPORTER_OTLP_ENDPOINT: url,
      OTEL_EXPORTER_OTLP_HEADERS: `api-key=${KEY},x-scope=a%20b`,
      OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: "delta",
      OTEL_RESOURCE_ATTRIBUTES: "deployment.environment.name=test",
    },
    await stateFolder(),
    join(root, "test/bench/worker/ticking.ts"),
  );
  const acceptedIn = (status: number) =>
    pushes
      .filter((push) => push.status === status)
      .map(({ body }) => sumsIn(readOtlp(body)).get('hookline_events_accepted{"source":"acme"}') ?? 0)
      .reduce((sum, n) => sum + n, 0);
  const tick = async () => {
    expect(await (await fetch(`${relay.url}/tick`)).text()).toBe("ticked");
  };
  const ticksUntil = async (what: string, seen: () => boolean) =>
    await until(what, async () => {
      await tick();
      return seen() ? true : undefined;
    });

  // Where telling begins, nothing is pushed.
  await tick();
  expect(pushes).toEqual([]);
  await relay.post("one", Buffer.from("{}"));
  await relay.post("two", Buffer.from("{}"));
  await ticksUntil("both are told", () => acceptedIn(200) === 2);
  const [first] = pushes;
  expect([first?.path, first?.headers["api-key"], first?.headers["x-scope"], first?.headers["content-type"]]).toEqual([
    "/otlp/v1/metrics",
    KEY,
    "a b",
    "application/json",
  ]);
  expect(readOtlp(first?.body ?? "").resource).toEqual({
    "service.name": "hookline",
    "deployment.environment.name": "test",
  });
  const histograms = pushes.flatMap(
    ({ body }) => readOtlp(body).metrics.get("hookline_attempt_duration")?.exponentialHistogram?.dataPoints ?? [],
  );
  expect(histograms.reduce((sum, { count }) => sum + Number(count), 0)).toBe(2);
  expect(labelsOf(histograms[0]?.attributes ?? [])).toEqual({ destination: "crm" });

  // It refuses, and says the key back as it does.
  Object.assign(answer, { status: 401, text: `no such key: ${KEY}` });
  await relay.post("three", Buffer.from("{}"));
  await ticksUntil("it is refused", () => acceptedIn(401) > 0);
  const failed = relay.log.find(({ event }) => event === "otlp.failed");
  expect(failed).toMatchObject({ level: "warn", status: 401, says: "no such key: [secret]" });
  const health = await until("health says it", async () => {
    const { otlp } = Health.parse(await relay.api("/health"));
    return otlp.status === 401 ? otlp : undefined;
  });
  expect([health.failing_since, health.pushed_at]).toEqual([expect.any(String), expect.any(String)]);

  // The next push tells what that one did not.
  Object.assign(answer, {
    status: 200,
    text: '{"partialSuccess":{"rejectedDataPoints":"3","errorMessage":"too old"}}',
  });
  await relay.post("four", Buffer.from("{}"));
  await ticksUntil("all are told", () => acceptedIn(200) === 4);
  const rejected = await until("the log says it", () => relay.log.find(({ event }) => event === "otlp.rejected"));
  expect(rejected).toMatchObject({ rejected: 3, status: 200 });
  expect(JSON.stringify(relay.log)).not.toContain(KEY);
}, 120_000);
