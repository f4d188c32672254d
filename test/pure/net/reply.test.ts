// What of a destination's answer may be its sender's: nothing but data, whole, small, in UTF-8 and without a secret.
import { expect, test } from "vitest";
import { replyOf } from "../../../src/net/reply.ts";
import { openSend, type Outgoing } from "../../../src/net/send.ts";

const judged = (type: string | null, text = "{}", status = 200, whole = true, hidden: string[] = []) =>
  replyOf(
    { ok: status >= 200 && status < 300, headers: new Headers(type === null ? {} : { "content-type": type }) },
    { text, whole },
    hidden,
  );

test.each([
  ["application/json", "application/json; charset=utf-8"],
  ["Application/JSON; charset=UTF-8", "application/json; charset=utf-8"],
  ['text/xml;charset="utf-8"', "text/xml; charset=utf-8"],
  ["application/xml", "application/xml; charset=utf-8"],
  ["text/plain; charset=us-ascii; format=flowed", "text/plain; charset=utf-8"],
])("%s is passed on as %s", (given, type) => {
  expect(judged(given)).toEqual({ type, text: "{}" });
});

test.each([
  ["text/html", "type"],
  ["image/svg+xml", "type"],
  ["application/xhtml+xml", "type"],
  ["multipart/form-data; boundary=x", "type"],
  ["", "type"],
  [null, "type"],
  ["text/plain; charset=utf-7", "encoding"],
  ["text/xml; charset=iso-8859-1", "encoding"],
])("%s is not: %s", (given, why) => {
  expect(judged(given)).toBe(why);
});

test("only a 2xx counts, and a body that is there, whole, UTF-8 and says back no secret", () => {
  for (const status of [301, 304, 400, 404, 500]) expect(judged("text/plain", "x", status)).toBe("status");
  expect(judged("text/plain", "", 204)).toBe("empty");
  expect(judged("text/plain", "x", 200, false)).toBe("large");
  expect(judged("text/plain", "half \uFFFD")).toBe("encoding");
  expect(judged("text/plain", "your token is s3cret", 200, true, ["s3cret"])).toBe("secret");
});

/** What is heard of an answer. */
async function heardOf(answer: () => Response | Promise<Response>): Promise<unknown[]> {
  const heard: unknown[] = [];
  const request: Outgoing = {
    url: "https://app.example.com/",
    headers: {},
    body: new Uint8Array(),
    reach: async () => await answer(),
    heard: (said) => void heard.push(said),
    timeoutMs: 1_000,
  };
  await openSend(() => 0)(request);
  return heard;
}

test("a body without end is read to its bound and is no reply", async () => {
  let pulled = 0;
  const endless = new ReadableStream<Uint8Array>({
    pull: (controller) => {
      pulled += 1;
      controller.enqueue(new Uint8Array(16_384).fill(46));
    },
  });
  expect(await heardOf(() => new Response(endless))).toEqual(["large"]);
  expect(pulled).toBeLessThan(10);
});

test("who breaks off or does not answer has said nothing", async () => {
  const cut = new ReadableStream<Uint8Array>({
    start: (controller) => {
      controller.enqueue(new Uint8Array([123]));
      controller.error(new Error("reset"));
    },
  });
  expect(await heardOf(() => new Response(cut, { headers: { "content-type": "application/json" } }))).toEqual([
    "large",
  ]);
  expect(await heardOf(() => Promise.reject(new Error("refused")))).toEqual(["silent"]);
});

test("an answer is heard once, with its type and text alone", async () => {
  const headers = { "content-type": "application/json", "set-cookie": "a=b", "x-evil": "1", location: "/" };
  expect(await heardOf(() => new Response('{"text":"\u2603"}', { status: 201, headers }))).toEqual([
    { type: "application/json; charset=utf-8", text: '{"text":"\u2603"}' },
  ]);
});
