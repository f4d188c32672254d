// First attempts in the memory of an Intake object, for pure tests: seeds, outcomes, and a clock that the test moves.
import type { FirstOutcome } from "../../src/d1/settlement.ts";
import { Firsts } from "../../src/intake/firsts.ts";
import { Grants } from "../../src/intake/grants.ts";
import type { BellSeed } from "../../src/intake/journal.ts";
import type { Ending } from "../../src/intake/outcomes.ts";

/** In ms; each test that uses it sets it back. */
export const time = { now: 1000 };

export const UNTIL = 50_000;
export const TO = ["billing", "crm"];
export const seed = (id: string, to: readonly string[] = TO, receipt = `receipt of ${id}`): BellSeed => [
  id,
  2,
  to,
  null,
  { receipt, first: { to, until: UNTIL } },
];
export const outcome = (
  destination: string,
  change: Partial<Exclude<FirstOutcome, { state: "unsent" }>> = {},
): FirstOutcome => ({
  destination,
  state: "delivered",
  reason: null,
  dueAt: 0,
  startedAt: time.now,
  latencyMs: 3,
  status: 200,
  fault: null,
  excerpt: "",
  ...change,
});
export const unsent = (destination: string): FirstOutcome => ({ destination, state: "unsent" });
export const none = () => [];
export const ending = (id: string, told: FirstOutcome): Ending => ({
  id,
  receipt: `receipt of ${id}`,
  size: 2,
  outcome: told,
});
export const yes = () => true;

/** Firsts that have offered the event `a` to both destinations, and journaled it. */
export function openFirsts() {
  const grants = new Grants(1, () => time.now);
  const firsts = new Firsts(grants, () => time.now);
  firsts.offer("a", "receipt of a", 2, TO);
  firsts.written("a");
  return { grants, firsts };
}
