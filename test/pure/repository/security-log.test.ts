// A line of the log is one line and nothing but text, whatever a stranger has put into it.
import { afterEach, expect, test, vi } from "vitest";
import { openLog } from "../../../src/log.ts";

afterEach(() => vi.restoreAllMocks());

/** What reaches the console for a field that a stranger chose. */
function written(value: unknown): string {
  const line = vi.spyOn(console, "warn").mockImplementation(() => {});
  openLog("info").warn("ingest.rejected", { source: value });
  return String(line.mock.calls[0]?.[0]);
}

const FORGED = '{"level":"info","event":"ingest.accepted","id":"evt_forged"}';

test.each(["\n", "\r", "\u0085", "\u2028", "\u2029", "\v", "\f", "\u001c"])(
  "%j before a forged line does not make it a line of its own",
  (separator) => {
    const text = written(`x${separator}${FORGED}`);
    // Every character that some reader of logs takes for the end of a line.
    // oxlint-disable-next-line no-control-regex -- these are what must not be there
    expect(text.split(/[\n\r\u0085\u2028\u2029\v\f\u001c-\u001e]/)).toHaveLength(1);
    expect(JSON.parse(text).source).toBe(`x${separator}${FORGED}`);
  },
);

test.each(["\u001b[2J", "\u009b2J", "\u0007", "\u202e", "\u2066", "\u200f", "\u007f"])(
  "%j does not reach the terminal of whoever reads the log",
  (control) => {
    const text = written(`x${control}y`);
    expect(text).not.toContain(control);
    expect(JSON.parse(text).source).toBe(`x${control}y`);
  },
);

test("letters of every script stay letters", () => {
  expect(written("größe 中文 \u{1F600}")).toContain("größe 中文 \u{1F600}");
});
