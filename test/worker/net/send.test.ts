// One request to a destination: what leaves, and how whatever the destination does comes to an end.
import { createHmac } from "node:crypto";
import { expect, test, vi } from "vitest";
import { openSend } from "../../../src/net/send.ts";
import { held } from "../kit/hands.ts";
import { deliveries, post, setUp, hmac, signed } from "../kit/relay.ts";

const receiver = setUp();

const URL_OF_ONE = "http://127.0.0.1:9/first";
const outgoing = { url: URL_OF_ONE, headers: { "webhook-id": "evt_1" }, body: new Uint8Array([1, 2, 3]) };
const send = (timeoutMs = 15_000) => openSend(() => Date.now(), timeoutMs);

test("an answer is told by its status, its first characters and its Retry-After", async () => {
  receiver.behaviour = () => new Response("thanks", { status: 201, headers: { "retry-after": "7" } });
  expect(await send()(outgoing)).toMatchObject({ status: 201, fault: null, excerpt: "thanks", retryAfter: "7" });
});

test("a redirect is a fault, and where it points to is not asked", async () => {
  receiver.behaviour = () => new Response(null, { status: 307, headers: { location: "http://169.254.169.254/" } });
  expect(await send()(outgoing)).toMatchObject({ status: 307, fault: "redirect" });
  expect(receiver.arrivals.map(({ url }) => url)).toEqual([URL_OF_ONE]);
});

test("fetch is told not to follow", async () => {
  const seen: (RequestInit | undefined)[] = [];
  vi.stubGlobal("fetch", async (_: string, init?: RequestInit) => {
    seen.push(init);
    return await Promise.resolve(new Response("ok"));
  });
  await send()(outgoing);
  expect(seen).toMatchObject([{ method: "POST", redirect: "manual" }]);
});

test("a destination that does not answer has timed out", async () => {
  receiver.behaviour = async () => await held<Response>().promise;
  expect(await send(30)(outgoing)).toMatchObject({ status: null, fault: "timeout", excerpt: "" });
});

/** A body that gives this and then breaks, or never ends. */
const broken = (then: "breaks" | "hangs") =>
  new ReadableStream({
    start: (controller) => controller.enqueue(new Uint8Array([0x2e])),
    pull: async (controller) => {
      if (then === "breaks") controller.error(new TypeError("Decompression failed."));
      else await held<void>().promise;
    },
  });

test.each(["breaks", "hangs"] as const)(
  "the status that came is what counts, where the body behind it %s",
  async (then) => {
    for (const status of [200, 202, 410, 404, 429, 500, 503]) {
      receiver.behaviour = () => new Response(broken(then), { status, headers: { "retry-after": "7" } });
      expect(await send(30)(outgoing)).toMatchObject({ status, fault: null, excerpt: ".", retryAfter: "7" });
    }
    receiver.behaviour = () =>
      new Response(broken(then), { status: 302, headers: { location: "http://169.254.169.254/" } });
    expect(await send(30)(outgoing)).toMatchObject({ status: 302, fault: "redirect" });
  },
);

test("an answer that trickles is hung up on when its time is over: the deadline covers the body", async () => {
  const hungUp = held<void>();
  receiver.behaviour = () =>
    new Response(
      new ReadableStream({
        async pull(controller) {
          await new Promise((resolve) => {
            setTimeout(resolve, 10);
          });
          controller.enqueue(new Uint8Array([0x2e]));
        },
        cancel: () => hungUp.resolve(),
      }),
    );
  expect(await send(100)(outgoing)).toMatchObject({ status: 200, fault: null });
  await hungUp.promise;
});

test("an answer that ends before its time has come is not cut", async () => {
  receiver.behaviour = () => new Response("x".repeat(10));
  expect(await send(30_000)(outgoing)).toMatchObject({ status: 200, fault: null, excerpt: "x".repeat(10) });
});

test("of an answer without end 64 KiB are read, 1,000 characters kept, and the rest hung up on", async () => {
  let given = 0;
  const hungUp = held<void>();
  receiver.behaviour = () =>
    new Response(
      new ReadableStream({
        pull(controller) {
          given += 1024;
          controller.enqueue(new Uint8Array(1024).fill(0x2e));
        },
        cancel: () => hungUp.resolve(),
      }),
    );
  const answer = await send()(outgoing);
  expect(answer).toMatchObject({ status: 200, fault: null, excerpt: ".".repeat(1000) });
  await hungUp.promise;
  expect(given).toBeLessThanOrEqual(256 * 1024);
});

test("the kept part of an answer is text that every column takes: no half characters, no NUL", async () => {
  receiver.behaviour = () => new Response(`${"x".repeat(999)}\u{1F600}`);
  const { excerpt } = await send()(outgoing);
  expect([excerpt.length, excerpt.isWellFormed()]).toEqual([1000, true]);
  receiver.behaviour = () => new Response(Uint8Array.of(0x61, 0x00, 0xff, 0x62));
  expect((await send()(outgoing)).excerpt).toBe("a\uFFFD\uFFFDb");
});

test("whatever fetch throws is a connection that failed, and its words are not kept", async () => {
  vi.stubGlobal("fetch", () => Promise.reject(new TypeError("getaddrinfo secret.internal")));
  const answer = await send()(outgoing);
  expect(answer).toMatchObject({ status: null, fault: "connection", excerpt: "" });
  expect(JSON.stringify(answer)).not.toContain("secret.internal");
});

test("what leaves carries an allowlist of the sender's headers and nothing else of them", async () => {
  const body = "{}";
  await post("/in/github", body, {
    "x-hub-signature-256": `sha256=${await hmac("github-secret", body)}`,
    "x-hub-signature": "sha1=0",
    "x-github-event": "push",
    "x-github-delivery": "1",
    "content-type": "application/json; charset=utf-8",
    "content-encoding": "identity",
    cookie: "session=secret",
    authorization: "Bearer secret",
    "proxy-authorization": "Basic secret",
    "cf-access-jwt-assertion": "secret",
    "x-api-key": "secret",
    "x-forwarded-for": "198.51.100.1",
    "webhook-id": "evt_of_somebody_else",
    "webhook-signature": "v1,forged",
    "hookline-source": "forged",
    "hookline-attempt": "99",
    "user-agent": "GitHub-Hookshot",
    host: "relay.example.com",
  });
  await deliveries("delivered");
  const [arrival] = receiver.arrivals;
  const names = [...(arrival?.headers ?? [])].map(([name]) => name).toSorted();
  expect(names).toEqual([
    "content-encoding",
    "content-type",
    "hookline-attempt",
    "hookline-event-type",
    "hookline-hop",
    "hookline-source",
    "user-agent",
    "webhook-id",
    "webhook-signature",
    "webhook-timestamp",
    "x-github-delivery",
    "x-github-event",
  ]);
  expect(
    [...(arrival?.headers ?? [])].filter(([, value]) => /secret|forged|^99$|198\.51|Hookshot|somebody/.test(value)),
  ).toEqual([]);
  expect(arrival?.headers.get("content-type")).toBe("application/json; charset=utf-8");
});

test("the sender's own webhook-id comes through under a name of its own, and forges none of ours", async () => {
  const time = String(Math.floor(Date.now() / 1000));
  const key = Buffer.from("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "base64");
  const code = btoa(createHmac("sha256", key).update(`msg_2Lml.${time}.{}`).digest("binary"));
  const answer = await post("/in/standard", "{}", {
    "webhook-id": "msg_2Lml",
    "webhook-timestamp": time,
    "webhook-signature": `v1,${code}`,
    "hookline-sender-id": "forged",
  });
  expect(answer.status).toBe(200);
  await deliveries("delivered");
  const [arrival] = receiver.arrivals;
  expect(arrival?.headers.get("hookline-sender-id")).toBe("msg_2Lml");
  expect(arrival?.headers.get("webhook-id")).toMatch(/^evt_/);
});

test("a header of the sender's that is no ASCII comes through or is left out, and the event arrives", async () => {
  const answer = await signed("lone", "{}", { "content-type": "text/plain; name=\u00e9\u00ff", "x-type": "caf\u00e9" });
  expect(answer.status).toBe(200);
  await deliveries("delivered");
  expect(receiver.arrivals[0]?.headers.get("hookline-event-type")).toBe("caf%C3%A9");
});

test("a challenge of the receiver's Cloudflare is named, and an answer of the receiver's own is not taken for one", async () => {
  receiver.behaviour = () => new Response("Just a moment", { status: 403, headers: { "cf-mitigated": "challenge" } });
  expect(await send()(outgoing)).toMatchObject({ status: 403, fault: "challenged", excerpt: "Just a moment" });
  receiver.behaviour = () => new Response("ok", { status: 200, headers: { "cf-mitigated": "challenge" } });
  expect(await send()(outgoing)).toMatchObject({ status: 200, fault: null });
  receiver.behaviour = () => new Response("no", { status: 403 });
  expect(await send()(outgoing)).toMatchObject({ status: 403, fault: null });
});
