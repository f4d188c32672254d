// What an operator has muted: of what nobody is told meanwhile, and what is told once the mute has ended.
import { expect, test } from "vitest";
import { judge } from "../../../src/alert/judge.ts";
import type { Seen } from "../../../src/alert/seen.ts";
import type { Alert } from "../../../src/d1/alerts.ts";
import { alertOf, failing, MINUTE, NOTHING, NOW, TOLD } from "../../kit/nothing-wrong.ts";

let id = 0;
const judged = (seen: Partial<Seen>, alerts: readonly Alert[] = []) =>
  judge({ ...NOTHING, ...seen }, alerts, TOLD, () => `n${(id += 1)}`);

const mute = (rule: string, subject: string, until = NOW + MINUTE) =>
  ({ rule, subject, until, at: NOW - MINUTE, actor: "admin" }) as const;
const opened = (seen: Partial<Seen>, alerts: readonly Alert[] = []) =>
  judged(seen, alerts).found.flatMap(({ rule, subject, owes }) => (owes === null ? [] : [`${rule} of ${subject}`]));

test.for([
  ["a rule", mute("breaker-open", ""), ["destination-failing of crm", "destination-failing of erp"]],
  ["a subject", mute("", "crm"), ["breaker-open of erp"]],
  ["a rule about a subject", mute("breaker-open", "crm"), ["breaker-open of erp", "destination-failing of crm"]],
  ["nothing any more, once it has ended", mute("", "", NOW), ["breaker-open of crm", "breaker-open of erp"]],
] as const)("an operator's mute of %s has nobody told of just that", ([, one, expected]) => {
  const told = opened({ breakers: [failing("crm", NOW), failing("erp", NOW)], mutes: [one] });
  expect(told.toSorted()).toEqual(expected.toSorted());
});

test("what has begun under a mute is on record, and is told once it has ended if it still lasts", () => {
  const breakers = [failing("crm", NOW)];
  const { found } = judged({ breakers, mutes: [mute("", "crm")] });
  expect(found.map(({ rule, owes, notice }) => [rule, owes, notice])).toContainEqual(["breaker-open", null, null]);
  const untold = alertOf({ told: 0, notice: null, toldAt: null });
  expect(opened({ breakers, mutes: [mute("", "crm")] }, [untold])).toEqual([]);
  expect(opened({ breakers, mutes: [mute("", "crm", NOW)] }, [untold])).toContain("breaker-open of crm");
  // What is over by then is told to nobody.
  expect(judged({ mutes: [mute("", "crm", NOW)] }, [untold]).over).toEqual([{ id: 1, owes: null }]);
});

test("that something is over is told under a mute, too: whoever was told that it began would wait for it", () => {
  const { over } = judged({ mutes: [mute("", "crm")] }, [alertOf({})]);
  expect(over.map(({ owes }) => owes !== null)).toEqual([true]);
});
