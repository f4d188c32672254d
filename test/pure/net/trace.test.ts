// The sender's trace: what is a valid traceparent, and how an attempt goes on with it, with OpenTelemetry's own propagator as the other side.
import { defaultTextMapGetter, ROOT_CONTEXT, trace } from "@opentelemetry/api";
import { parseTraceParent, W3CTraceContextPropagator } from "@opentelemetry/core";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { readTrace, spanOf, traceIn } from "../../../src/net/trace.ts";

const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT = "00f067aa0ba902b7";
const SENT = `00-${TRACE}-${PARENT}-01`;

test("a valid one is kept as version 00, with the flags that version 00 knows", () => {
  for (const [sent, kept] of [
    [SENT, SENT],
    [`00-${TRACE}-${PARENT}-00`, `00-${TRACE}-${PARENT}-00`],
    [`00-${TRACE}-${PARENT}-03`, `00-${TRACE}-${PARENT}-03`],
    [`00-${TRACE}-${PARENT}-ff`, `00-${TRACE}-${PARENT}-03`],
    [`01-${TRACE}-${PARENT}-01`, SENT],
    [`cc-${TRACE}-${PARENT}-01-what-the-future-will-be`, SENT],
  ] as const)
    expect([sent, readTrace(sent)]).toEqual([sent, kept]);
});

test.each([
  ["nothing", null],
  ["an empty one", ""],
  ["version ff", `ff-${TRACE}-${PARENT}-01`],
  ["a trace of zeroes", `00-${"0".repeat(32)}-${PARENT}-01`],
  ["a parent of zeroes", `00-${TRACE}-${"0".repeat(16)}-01`],
  ["upper case", SENT.toUpperCase()],
  ["a short trace", `00-${TRACE.slice(1)}-${PARENT}-01`],
  ["a long parent", `00-${TRACE}-${PARENT}0-01`],
  ["more in version 00", `${SENT}-more`],
  ["more without a hyphen", `01-${TRACE}-${PARENT}-01more`],
  ["two in one", `${SENT}, ${SENT}`],
  ["a space before it", ` ${SENT}`],
  ["a line after it", `${SENT}\nx: y`],
  ["one in other digits", SENT.replace("4", "٤")],
  ["one without end", `01-${TRACE}-${PARENT}-01-${"x".repeat(10_000)}`],
])("%s is no trace", (_, sent) => {
  expect(readTrace(sent)).toBeNull();
});

const hex = (length: number) => fc.stringMatching(new RegExp(`^[0-9a-f]{${length}}$`));

test("whatever is kept is what OpenTelemetry reads of it", () => {
  const any = fc
    .tuple(hex(2), hex(32), hex(16), hex(2), fc.constantFrom("", "-x", "x", " "))
    .map(([version, id, parent, flags, more]) => `${version}-${id}-${parent}-${flags}${more}`);
  fc.assert(
    fc.property(fc.oneof(any, fc.string()), (text) => {
      const kept = readTrace(text);
      const theirs = parseTraceParent(text);
      if (kept !== null && theirs !== null)
        expect(parseTraceParent(kept)).toMatchObject({ traceId: theirs.traceId, spanId: theirs.spanId });
      // Ours is the stricter one: whatever it takes, they take.
      if (kept !== null) expect(theirs).not.toBeNull();
    }),
  );
});

test("each attempt goes on with the sender's trace, with a span of its own that is the same whenever it is asked for", async () => {
  const event = { id: "evt_1", headers: { traceparent: SENT } };
  const spans = await Promise.all([
    spanOf(event, "crm", 1),
    spanOf(event, "crm", 2),
    spanOf(event, "billing", 1),
    spanOf({ ...event, id: "evt_2" }, "crm", 1),
  ]);
  expect(new Set(spans.map((one) => one?.span)).size).toBe(4);
  expect(await spanOf(event, "crm", 1)).toEqual(spans[0]);
  for (const one of spans) {
    const context = new W3CTraceContextPropagator().extract(
      ROOT_CONTEXT,
      { traceparent: one?.header },
      defaultTextMapGetter,
    );
    expect(trace.getSpanContext(context)).toEqual({
      traceId: TRACE,
      spanId: one?.span,
      traceFlags: 1,
      isRemote: true,
    });
  }
  expect(traceIn(event.headers)).toBe(TRACE);
});

test("where the sender has told of none, none begins here", async () => {
  expect(await spanOf({ id: "evt_1", headers: {} }, "crm", 1)).toBeNull();
  expect(await spanOf({ id: "evt_1", headers: { traceparent: "forged" } }, "crm", 1)).toBeNull();
  expect(traceIn({ traceparent: "forged" })).toBeNull();
});
