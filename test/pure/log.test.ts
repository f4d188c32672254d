// Which lines are written where successes are sampled: all of an event or none, and whatever failed.
import { expect, onTestFinished, test, vi } from "vitest";
import { openLog } from "../../src/log.ts";

const id = (n: number) => `evt_${"a".repeat(24)}${(Math.imul(n, 0x9e37_79b1) >>> 0).toString(16).padStart(8, "0")}`;

function written(share: number, write: (log: ReturnType<typeof openLog>) => void): Record<string, unknown>[] {
  const lines: string[] = [];
  for (const name of ["log", "warn", "error"] as const) {
    const spy = vi.spyOn(console, name).mockImplementation((line: string) => void lines.push(line));
    onTestFinished(() => spy.mockRestore());
  }
  write(openLog("info", () => {}, share));
  return lines.map((line): Record<string, unknown> => JSON.parse(line));
}

test("of every tenth event all lines about its success are there, each with the rate; of the others none", () => {
  const lines = written(0.1, (log) => {
    for (let n = 0; n < 1_000; n += 1) {
      log.info("ingest.accepted", { id: id(n), first: [{ destination: "a", state: "delivered" }] });
      log.info("delivery.attempted", { delivery: `${id(n)}:b`, state: "delivered" });
      log.info("ingest.replied", { id: id(n), destination: "a" });
    }
  });
  const of = Map.groupBy(lines, ({ id: event, delivery }) => String(event ?? delivery).split(":")[0]);
  expect(of.size).toBeGreaterThan(60);
  expect(of.size).toBeLessThan(140);
  expect([...of.values()].every(({ length }) => length === 3)).toBe(true);
  expect(new Set(lines.map(({ sampled }) => sampled))).toEqual(new Set([0.1]));
});

test("with 0 no success is written, and whatever failed, was refused or was changed is, without a rate", () => {
  const lines = written(0, (log) => {
    log.info("ingest.accepted", { id: id(1) });
    log.info("delivery.attempted", { delivery: `${id(1)}:a` });
    log.info("ingest.accepted", { id: id(2), first: [{ destination: "a", state: "pending" }] });
    log.warn("delivery.attempted", { delivery: `${id(2)}:a`, state: "pending" });
    log.error("delivery.failed", { delivery: `${id(3)}:a` });
    log.warn("ingest.rejected", { source: "acme" });
    log.info("pause.asked", { destination: "a" });
    log.info("ingest.accepted", { id: "of another kind" });
  });
  expect(lines.map(({ level, event }) => `${String(level)} ${String(event)}`)).toEqual([
    "info ingest.accepted",
    "warn delivery.attempted",
    "error delivery.failed",
    "warn ingest.rejected",
    "info pause.asked",
    "info ingest.accepted",
  ]);
  expect(lines.slice(0, 5).filter((line) => "sampled" in line)).toEqual([]);
});

test("without a share every line is written, and none says a rate", () => {
  const lines = written(1, (log) => log.info("ingest.accepted", { id: id(1) }));
  expect(lines).toEqual([{ level: "info", event: "ingest.accepted", id: id(1) }]);
});
