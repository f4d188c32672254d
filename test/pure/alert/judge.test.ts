// Which alerts begin and are over, and of which of them is somebody told: once for each cause, and no more often than asked for.
import { expect, test } from "vitest";
import * as z from "zod";
import { judge, type Telling } from "../../../src/alert/judge.ts";
import { RULES } from "../../../src/alert/rules.ts";
import type { Seen } from "../../../src/alert/seen.ts";
import { ALERT_RULES } from "../../../src/contract/alerts.ts";
import type { Alert } from "../../../src/d1/alerts.ts";
import { alertOf, failing, MINUTE, NOTHING, NOW, TOLD } from "../../kit/nothing-wrong.ts";

const failures = (minutes: number) => ({
  kind: "failed" as const,
  destination: `d${minutes}`,
  count: 3,
  since: NOW - 2 * minutes * MINUTE,
  lastAt: NOW - minutes * MINUTE,
  event: "evt_1",
  reason: "exhausted",
  status: 500,
  fault: null,
});
const Notice = z.object({
  type: z.string(),
  data: z.object({
    key: z.string(),
    rule: z.string(),
    subject: z.object({ name: z.string() }),
    text: z.string(),
    url: z.string().nullable(),
    others: z.array(z.object({ subject: z.string() })),
  }),
});
const read = (owes: string | null) => Notice.parse(JSON.parse(owes ?? "null"));

const notOfCrm: Telling["wants"] = ({ data }) => !JSON.stringify(data).includes("crm");

let id = 0;
const judged = (seen: Partial<Seen>, alerts: readonly Alert[] = [], telling: Partial<Telling> = {}) =>
  judge({ ...NOTHING, ...seen }, alerts, { ...TOLD, ...telling }, () => `n${(id += 1)}`);

test("every rule has its name in the contract, and each name its rule", () => {
  expect(RULES.map(({ name }) => name)).toEqual(ALERT_RULES);
});

test("where nothing is wrong nothing is written", () => {
  expect(judged({})).toEqual({ found: [], over: [], forgotten: [] });
});

test("an open breaker is told once, with what is wrong, since when, and what to do", () => {
  const { found } = judged({ breakers: [failing("crm", NOW)] });
  expect(found.filter(({ owes }) => owes !== null)).toHaveLength(1);
  const notice = read(found[0]?.owes ?? null);
  expect(notice).toMatchObject({ type: "alert.opened", data: { rule: "breaker-open", subject: { name: "crm" } } });
  expect(notice.data.text).toContain("The breaker of crm is open after 12 failures in a row, last answer 503");
  expect(notice.data.text).toContain("hookline test crm");
  expect(notice.data.url).toBe("https://relay.example.com/destinations/crm");
  // What goes on as before is not written again each minute, and nobody is told again.
  expect(
    judged({ breakers: [failing("crm", NOW)] }, [alertOf({}), alertOf({ id: 2, rule: "destination-failing", told: 0 })])
      .found,
  ).toEqual([]);
});

test("a destination whose breaker is open is not told to fail as well; one whose breaker cannot open is", () => {
  const both = judged({ breakers: [failing("crm", NOW), failing("erp", null)] }).found;
  expect(both.map(({ rule, subject, owes }) => [rule, subject, owes !== null])).toEqual([
    ["breaker-open", "crm", true],
    ["destination-failing", "crm", false],
    ["destination-failing", "erp", true],
  ]);
});

test("what begins at the same time is one notice", () => {
  const { found } = judged({ breakers: ["a", "b", "c"].map((name) => failing(name, NOW)) });
  const owed = new Set(found.flatMap(({ owes }) => owes ?? []));
  expect(owed.size).toBe(1);
  const notice = read([...owed][0] ?? null);
  expect(notice.data.others.map(({ subject }) => subject)).toEqual(["b", "c"]);
  expect(notice.data.text).toContain("And 2 more: b, c.");
});

test("what is over is told where it was told that it began", () => {
  const { over } = judged({}, [alertOf({}), alertOf({ id: 2, subject: "erp", told: 0 })]);
  expect(over.map(({ id: one, owes }) => [one, owes !== null])).toEqual([
    [1, true],
    [2, false],
  ]);
  const notice = read(over[0]?.owes ?? null);
  expect(notice.type).toBe("alert.ended");
  expect(notice.data.text).toMatch(/^Over after 10 min: The breaker of crm/);
});

test("what one notice has told of is told to be over by one, under the same key, whichever ends last", () => {
  const first = judged({ breakers: [failing("erp", NOW)] }, [alertOf({}), alertOf({ id: 2, subject: "erp" })]);
  // Whether it is the last is D1's to say, in the transaction that ends it.
  expect(first.over).toMatchObject([{ id: 1 }]);
  expect(read(first.over[0]?.owes ?? null)).toMatchObject({ type: "alert.ended", data: { key: "n0" } });
  const last = judged({}, [alertOf({ endedAt: NOW - MINUTE }), alertOf({ id: 2, subject: "erp" })]);
  const notice = read(last.over[0]?.owes ?? null);
  expect(notice).toMatchObject({ type: "alert.ended", data: { key: "n0", others: [{ subject: "erp" }] } });
  const opened = judged({ breakers: [failing("crm", NOW)] }).found[0];
  expect(read(opened?.owes ?? null).data.key).toBe(opened?.notice);
});

test("what is still to be told that it began does not end before that", () => {
  expect(judged({}, [alertOf({ told: 0, owes: "{}" })]).over).toEqual([]);
});

test("what could not be looked at is neither begun nor over", () => {
  const silent = alertOf({ rule: "source-silent", subject: "acme" });
  expect(judged({ gaps: null }, [silent])).toEqual({ found: [], over: [], forgotten: [] });
  expect(judged({ gaps: [], sources: new Set() }, [silent]).over).toHaveLength(1);
});

test("a silence is over once the source is heard again, and not because nobody remembers what was usual", () => {
  const silent = alertOf({ rule: "source-silent", subject: "acme" });
  const gap = { source: "acme", usualMs: MINUTE, mostMs: 60 * MINUTE };
  expect(judged({ gaps: [] }, [silent]).over).toEqual([]);
  expect(judged({ gaps: [{ ...gap, heardAt: silent.since }] }, [silent]).over).toEqual([]);
  expect(judged({ gaps: [{ ...gap, heardAt: NOW - MINUTE }] }, [silent]).over).toHaveLength(1);
});

test("what no route takes is told to nobody, and is still to be told once one does", () => {
  const seen = { breakers: [failing("crm", NOW)] };
  expect(judged(seen, [], { wants: notOfCrm }).found[0]).toMatchObject({
    rule: "breaker-open",
    owes: null,
    notice: null,
  });
  expect(judged(seen, [alertOf({ told: 0, notice: null, toldAt: null })]).found[0]?.owes).toEqual(expect.any(String));
});

test("a destination that was told to fail is not told once more when its breaker opens", () => {
  const { found } = judged({ breakers: [failing("crm", NOW)] }, [alertOf({ rule: "destination-failing" })]);
  expect(found.filter(({ owes }) => owes !== null)).toEqual([]);
});

test("nor while that is still to be told", () => {
  const { found } = judged({ breakers: [failing("crm", NOW)] }, [
    alertOf({ rule: "destination-failing", told: 0, owes: "{}", toldAt: null }),
  ]);
  expect(found.filter(({ rule, owes }) => rule === "breaker-open" && owes !== null)).toEqual([]);
});

test("who has muted open breakers is told that the destination fails", () => {
  const { found } = judged({ breakers: [failing("crm", NOW)] }, [], { mute: ["breaker-open"] });
  expect(found.map(({ rule, owes }) => [rule, owes !== null])).toEqual([
    ["breaker-open", false],
    ["destination-failing", true],
  ]);
});

test("what has to be calm for a while is seen to go on often enough for that", () => {
  const overdue = [{ destination: "crm", count: 5, since: NOW - 20 * MINUTE }];
  const open = alertOf({ rule: "backlog-old", count: 5, seenAt: NOW - MINUTE });
  expect(judged({ overdue }, [open]).found).toHaveLength(1);
  expect(judged({}, [open]).over).toEqual([]);
});

test("what begins again within the quiet time is told at its end, if it is still so", () => {
  const before = alertOf({ endedAt: NOW - 2 * MINUTE, told: 2, toldAt: NOW - 2 * MINUTE });
  const again = { breakers: [failing("crm", NOW)] };
  expect(judged(again, [before]).found[0]).toMatchObject({ rule: "breaker-open", owes: null });
  const open = alertOf({ id: 2, told: 0, toldAt: null });
  expect(judged(again, [before, open]).found.flatMap(({ rule, owes }) => (owes === null ? [] : [rule]))).toEqual([]);
  const later = { ...again, now: NOW + 14 * MINUTE };
  expect(read(judged(later, [before, open]).found[0]?.owes ?? null).type).toBe("alert.opened");
});

test("a muted rule is on record, and nobody is told", () => {
  const { found } = judged({ unrouted: [{ source: "acme", count: 1, since: NOW, event: "evt_1" }] }, [], {
    mute: ["events-unrouted"],
  });
  expect(found).toMatchObject([{ rule: "events-unrouted", owes: null }]);
});

test("failures are over an hour after the last of them, and only those are forgotten", () => {
  const { found, over, forgotten } = judged({ failures: [failures(10), failures(61)] }, [
    alertOf({ rule: "delivery-failed", subject: "d61" }),
  ]);
  expect(found.map(({ subject }) => subject)).toEqual(["d10"]);
  expect(over).toHaveLength(1);
  expect(forgotten.map(({ destination }) => destination)).toEqual(["d61"]);
});

test.each([
  ["strangers who knock now and then", { accepted: 0, refused: 19 }, [], false],
  ["strangers who knock beside much traffic", { accepted: 5_000, refused: 300 }, [], false],
  ["more refusals than events", { accepted: 3, refused: 20 }, [], true],
  [
    "three of a sender that has the secret",
    { accepted: 100, refused: 3 },
    ["secret_has_spaces", "secret_has_spaces", "public_url"],
    true,
  ],
  [
    "three wrong secrets, which are anybody's",
    { accepted: 100, refused: 3 },
    ["wrong_secret", "wrong_secret", "wrong_secret"],
    false,
  ],
])("refusals: %s", (_, { accepted, refused }, codes, isTold) => {
  const reasons = [{ reason: "signature_mismatch", n: refused }];
  const lately = [{ source: "acme", accepted, refused, since: NOW, reasons }];
  const refusals = codes.map((code) => ({ source: "acme", at: NOW, code, advice: `advice on ${code}` }));
  const { found } = judged({ lately, refusals });
  expect(found.map(({ rule }) => rule)).toEqual(isTold ? ["refusals-spiking"] : []);
  if (codes.length > 0 && isTold) expect(read(found[0]?.owes ?? null).data.text).toContain("advice on public_url");
});

test("an old secret that ends within a week is told once, by its name", () => {
  const end = {
    key: "SOURCES.acme.old_until",
    secret: "ACME_SECRET_OLD",
    of: "source",
    name: "acme",
    set: true,
  } as const;
  const { found } = judged({ ending: [{ ...end, until: NOW + 60 * MINUTE }] });
  expect(found).toMatchObject([{ rule: "secret-ending", subject: "ACME_SECRET_OLD" }]);
  expect(read(found[0]?.owes ?? null).data.text).toContain(
    "ACME_SECRET_OLD, an old secret of the source acme, ends at 2026-11-29T13:00:00.000Z",
  );
});

test.each(RULES.map((rule) => [rule.name, rule] as const))(
  "%s is said in sentences that end in what to do",
  (_, rule) => {
    for (const count of [1, 3]) {
      const context = {
        last_status: 503,
        event: "evt_1",
        failed_at: "crm",
        accepted: 0,
        reason: "x",
        silent_s: 7_300,
        usual_s: 60,
        late_s: 400,
        used: 8,
        limit: 10,
        until: "2026-12-01T00:00:00.000Z",
        of: "source",
        name: "acme",
      };
      const title = rule.title({ subject: "crm", count, context });
      expect(title).not.toMatch(/undefined|null|NaN|\.$/);
      const { says, command, path } = rule.fix({ subject: "crm", context });
      expect(says).toMatch(/^[A-Z].*[^.]$/);
      expect(command).toMatch(/^(hookline|npx wrangler) /);
      expect(path).toMatch(/^\//);
    }
  },
);
