// Is the table of reasons the only place that decides by a reason, and does every stranger hear the same?
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, test } from "vitest";
import type { Reason, Rejection } from "../../../src/errors.ts";
import { adviseOn, isSenders, isVerification, REASONS, toWire } from "../../../src/reasons.ts";

const root = resolve(import.meta.dirname, "../../..");
const src = join(root, "src");
const reasons = Object.keys(REASONS).filter((name): name is Reason => name in REASONS);

/** Evidence for any reason: each takes what it needs. */
function rejection(reason: Reason, differing: string): Rejection {
  const words = { path: `/${differing}`, why: differing, method: differing, where: differing, what: differing };
  const names = { name: differing, names: [differing], tried: [differing], form: differing, setting: differing };
  const numbers = { limit: 1, waitedMs: 1, retryAfterMs: 1, ageMs: 1, aheadMs: 1, toleranceMs: 1 };
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- any reason finds its evidence in it
  return { reason, ...words, ...names, ...numbers, address: differing, allow: "POST" } as unknown as Rejection;
}

describe("what a stranger hears", () => {
  test.each(reasons)("of %s is none of its evidence", (reason) => {
    expect(JSON.stringify(toWire(rejection(reason, "one thing")))).toBe(
      JSON.stringify(toWire(rejection(reason, "another"))),
    );
  });

  test("is the same 401 for every fault of a proof", () => {
    const proofs = reasons.filter((reason) => isVerification(rejection(reason, "x")));
    const others = proofs.filter((reason) => toWire(rejection(reason, "x")).status !== 401);
    expect(others).toEqual(["key_unavailable", "body_too_complex"]);
    for (const reason of proofs.filter((name) => !others.includes(name)))
      expect(toWire(rejection(reason, "x"))).toEqual({ status: 401, title: "Unauthorized" });
  });

  test("says when to come again wherever the relay or the rate is the cause", () => {
    const later = reasons.filter((reason) => [429, 503].includes(toWire(rejection(reason, "x")).status));
    expect(later).toEqual(["source_disabled", "flooding", "rate_limited", "busy", "key_missing", "key_unavailable"]);
    for (const reason of later)
      expect(Number(toWire(rejection(reason, "x")).headers?.["retry-after"])).toBeGreaterThan(0);
  });

  test("is a provider's own refusal for what its sender got wrong, and for nothing else", () => {
    const ours = reasons.filter((one) => isVerification(rejection(one, "x")) && !isSenders(rejection(one, "x")));
    expect(ours).toEqual([
      "secret_missing",
      "secret_unusable",
      "setting_missing",
      "key_unavailable",
      "body_too_complex",
    ]);
    for (const one of reasons.filter((name) => isSenders(rejection(name, "x"))))
      expect(toWire(rejection(one, "x")).status).toBe(401);
  });
});

test.each(reasons)("the operator reads a whole sentence about %s", (reason) => {
  expect(adviseOn(rejection(reason, "X_SECRET"), "Acme")).toMatch(/^[A-Z_/].{15,}[.?]$/s);
});

test("docs/operations.md has the row of each reason", () => {
  const page = readFileSync(join(root, "docs/operations.md"), "utf8");
  const rows = [...page.matchAll(/^\| `(\w+)` +\| (\d{3}) +\| (sender|operator|relay) +\| \S.*\|$/gm)];
  expect(rows.map(([, reason, status, fault]) => [reason, Number(status), fault])).toEqual(
    reasons.map((reason) => [reason, REASONS[reason].status, REASONS[reason].fault]),
  );
});

test("nothing else in src decides by a reason", () => {
  const decides = new RegExp(
    `[rR]eason\\s*[!=]==\\s*"(${reasons.join("|")})"|\\.includes\\((?:\\w+\\.)?reason\\)`,
    "g",
  );
  const found = readdirSync(src, { recursive: true, encoding: "utf8" })
    .filter((path) => /\.tsx?$/.test(path) && path !== "errors.ts")
    .flatMap((path) =>
      [...readFileSync(join(src, path), "utf8").matchAll(decides)].map(([text]) => `${path}: ${text}`),
    );
  // Of an address that may not connect the request is read, and looked into; then evidence is filled in, two kinds are
  // told apart, and the others read the verdict on a changed request.
  expect(found.toSorted()).toEqual([
    'in/ingest.ts: reason !== "address_refused"',
    'in/ingest.ts: reason === "secret_missing"',
    'in/refusals/diagnose.ts: reason === "timestamp_stale"',
    'in/refusals/refusals.ts: reason === "address_refused"',
    'in/refusals/trials.ts: reason === "signature_malformed"',
    'in/refusals/trials.ts: reason === "signature_malformed"',
  ]);
});
