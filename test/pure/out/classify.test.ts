// The table of answers, read from outside.
import { describe, expect, test } from "vitest";
import { classify } from "../../../src/out/classify.ts";
import type { Fault } from "../../../src/types.ts";

const NOW = Date.parse("2026-11-20T12:00:00Z");
const RETRY = { kind: "retry", retryAfterMs: null };

const status = (code: number, retryAfter: string | null = null) =>
  classify({ status: code, fault: null, retryAfter }, NOW);
const fault = (word: Fault, code: number | null = null) =>
  classify({ status: code, fault: word, retryAfter: "60" }, NOW);

describe("a status", () => {
  test.each([200, 201, 202, 204, 226, 299])("%i is a yes", (code) => {
    expect(status(code)).toEqual({ kind: "delivered" });
  });

  test("410 ends the delivery", () => {
    expect(status(410, "60")).toEqual({ kind: "failed", reason: "gone" });
  });

  test.each([300, 301, 302, 304, 307, 308])("%i is not followed and is no yes", (code) => {
    expect(status(code)).toEqual(RETRY);
  });

  test.each([100, 199, 400, 401, 403, 404, 408, 413, 422, 425, 499, 500, 501, 502, 504, 599, 600, 999])(
    "%i is tried again by the schedule, whatever Retry-After it carries",
    (code) => {
      expect(status(code, "60")).toEqual(RETRY);
    },
  );

  test.each([429, 503])("%i is heard when it says how long to wait", (code) => {
    expect(status(code, "60")).toEqual({ kind: "retry", retryAfterMs: 60_000 });
    expect(status(code, "Fri, 20 Nov 2026 12:00:30 GMT")).toEqual({
      kind: "retry",
      retryAfterMs: 30_000,
    });
    expect(status(code, "soon")).toEqual(RETRY);
    expect(status(code)).toEqual(RETRY);
  });

  test("every status has one verdict, and only 2xx is a yes", () => {
    for (let code = 100; code <= 599; code += 1) {
      expect(status(code).kind === "delivered", String(code)).toBe(code >= 200 && code <= 299);
    }
  });
});

describe("a fault", () => {
  test.each(["timeout", "connection", "redirect", "unsigned", "unaddressed", "lost"] as const)(
    "%s is tried again",
    (word) => {
      expect(fault(word)).toEqual(RETRY);
    },
  );

  test("an address that may not be contacted ends the delivery", () => {
    expect(fault("blocked")).toEqual({ kind: "failed", reason: "blocked" });
  });

  test("a status that came counts, however its body ended", () => {
    for (const word of ["timeout", "connection"] as const) {
      expect(fault(word, 200)).toEqual({ kind: "delivered" });
      expect(fault(word, 410)).toEqual({ kind: "failed", reason: "gone" });
      expect(fault(word, 500)).toEqual(RETRY);
    }
  });

  test("a redirect is none of them, whatever its status", () => {
    for (const code of [200, 304, 410]) expect(fault("redirect", code)).toEqual(RETRY);
  });
});

const ruled = (code: number, giveUpOn: number[], retryOn: number[]) =>
  classify({ status: code, fault: null, retryAfter: "60" }, NOW, { giveUpOn, retryOn });
const aborted = (code: number) => classify({ status: code, fault: null, retryAfter: null, asked: "abort" }, NOW);

describe("a destination's own rules", () => {
  const REFUSED = { kind: "failed", reason: "refused" };

  test("a status or its hundred ends the delivery, and an exact status wins over its hundred", () => {
    expect(ruled(422, [4], [])).toEqual(REFUSED);
    expect(ruled(422, [422], [])).toEqual(REFUSED);
    expect(ruled(500, [4], [])).toEqual(RETRY);
    expect(ruled(404, [4], [404])).toEqual(RETRY);
    expect(ruled(422, [422], [4])).toEqual(REFUSED);
    expect(ruled(302, [3], [])).toEqual(REFUSED);
    expect(ruled(429, [4], [429])).toEqual({ kind: "retry", retryAfterMs: 60_000 });
  });

  test("410 is tried again where a rule says so, and no rule makes a 2xx a no", () => {
    expect(ruled(410, [], [410])).toEqual(RETRY);
    expect(ruled(410, [], [4])).toEqual(RETRY);
    for (let code = 200; code < 300; code += 1) expect(ruled(code, [2, code], []).kind).toBe("delivered");
  });

  test("what had no status is no answer that a rule could be for", () => {
    const silent = { status: null, fault: "timeout", retryAfter: null } as const;
    expect(classify(silent, NOW, { giveUpOn: [3, 4, 5], retryOn: [] })).toEqual(RETRY);
  });
});

test("a receiver that aborts a message gets it no more, unless it has said yes", () => {
  expect(aborted(500)).toEqual({ kind: "failed", reason: "refused" });
  expect(aborted(200)).toEqual({ kind: "delivered" });
});
