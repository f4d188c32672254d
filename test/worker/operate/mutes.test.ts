// Muting as an operator orders it: what is muted, until when, who has done it, and what a look makes of it.
import { beforeEach, expect, test } from "vitest";
import { alertsAnswer } from "../../../src/contract/alerts.ts";
import type { Notice } from "../../../src/alert/notice.ts";
import { openD1 } from "../../../src/d1/open.ts";
import { NOON, Operator } from "../kit/operator.ts";
import { bindings, rows } from "../kit/relay.ts";
import { Logged } from "../kit/hands.ts";
import { watching } from "../kit/watching.ts";

const operator = new Operator();
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const iso = (at: number) => new Date(at).toISOString();

let sent: Notice[] = [];
beforeEach(() => {
  sent = [];
});

async function order(what: "mute" | "unmute", body: object, headers: Record<string, string> = {}) {
  const init = { method: "POST", body: JSON.stringify(body), headers };
  const answer = await operator.call(`/api/alerts/${what}`, init);
  return { status: answer.status, ...(await answer.json<{ mutes?: object[]; detail?: string }>()) };
}

/** One look of a new isolate at a delivery to crm that failed for good, and is still failing. */
async function look(): Promise<string[]> {
  const before = sent.length;
  const one = watching(openD1(bindings.DB).alerts, () => operator.clock, new Logged(), sent);
  await one.look(await one.pulse());
  return sent.slice(before).map(({ type }) => type);
}

async function failed(): Promise<void> {
  await rows(
    "INSERT INTO failures (kind, destination, count, since, last_at, event, reason) VALUES ('failed', 'crm', 1, ?1, ?1, 1, 'gone')",
    Date.now(),
  );
}

test("a muted subject is told of nothing, and what still lasts at the end of the mute is told then, once", async () => {
  await operator.get("/api/alerts");
  const until = NOON + HOUR;
  const muted = await order("mute", { subject: "crm", until: iso(until) });
  expect(muted).toEqual({
    status: 200,
    mutes: [{ rule: null, subject: "crm", until: iso(until), since: iso(NOON), by: "admin" }],
  });
  await failed();
  expect(await look()).toEqual([]);
  const { alerts } = alertsAnswer.parse(await operator.get("/api/alerts"));
  expect(alerts).toMatchObject([{ subject: "crm", told: "nobody", muted_until: iso(until) }]);
  operator.clock = until - MINUTE;
  expect(await look()).toEqual([]);
  operator.clock = until;
  expect(await look()).toEqual(["alert.opened"]);
  operator.clock += MINUTE;
  expect(await look()).toEqual([]);
});

test("a mute that is lifted before its time has what lasts told at the next look", async () => {
  await order("mute", { rule: "delivery-failed", subject: "crm", until: iso(NOON + HOUR) });
  await failed();
  expect(await look()).toEqual([]);
  expect(await order("unmute", { subject: "crm" })).toMatchObject({
    status: 404,
    detail: expect.stringContaining("not so"),
  });
  expect(await order("unmute", { rule: "delivery-failed", subject: "crm" })).toEqual({ status: 200, mutes: [] });
  operator.clock += MINUTE;
  expect(await look()).toEqual(["alert.opened"]);
});

test("each order is in the audit with its end, once for each Idempotency-Key, and one more sets another end", async () => {
  const key = { "idempotency-key": "monday" };
  await order("mute", { rule: "source-silent", until: iso(NOON + HOUR) }, key);
  await order("mute", { rule: "source-silent", until: iso(NOON + HOUR) }, key);
  const later = await order("mute", { rule: "source-silent", until: iso(NOON + 2 * HOUR) });
  expect(later.mutes).toMatchObject([{ rule: "source-silent", subject: null, until: iso(NOON + 2 * HOUR) }]);
  await order("unmute", { rule: "source-silent" });
  expect(await rows("SELECT actor, action, target, detail FROM audit ORDER BY seq")).toEqual([
    { actor: "admin", action: "alerts.mute", target: "source-silent", detail: JSON.stringify({ until: NOON + HOUR }) },
    {
      actor: "admin",
      action: "alerts.mute",
      target: "source-silent",
      detail: JSON.stringify({ until: NOON + 2 * HOUR }),
    },
    { actor: "admin", action: "alerts.unmute", target: "source-silent", detail: null },
  ]);
});

test.for([
  [{ until: iso(NOON + HOUR) }, 400, "name a rule, a subject, or both"],
  [{ rule: "full-moon", until: iso(NOON + HOUR) }, 400, "rule: must be one of breaker-open"],
  [{ subject: "crn", until: iso(NOON + HOUR) }, 404, 'named "crn"'],
  [{ subject: "crm", until: iso(NOON) }, 400, "must be in the future"],
  [{ subject: "crm", until: iso(NOON + 32 * 24 * HOUR) }, 400, "within 31 days"],
  [{ subject: "crm", until: "tomorrow" }, 400, "until: must be a time of ISO 8601"],
  [{ subject: "crm" }, 400, "until"],
] as const)("%j is refused: %i %s", async ([body, status, detail]) => {
  expect(await order("mute", body)).toMatchObject({ status, detail: expect.stringContaining(detail) });
});

test("a hundred are the most, those that have ended are not counted, and are removed", async () => {
  await operator.get("/api/alerts");
  await rows(
    "INSERT INTO mutes (rule, subject, until, at, actor) SELECT '', 'd' || value, ?2, 0, 'admin' FROM json_each(?1)",
    JSON.stringify(Array.from({ length: 100 }, (_, n) => n)),
    NOON + HOUR,
  );
  expect(await order("mute", { subject: "crm", until: iso(NOON + HOUR) })).toMatchObject({ status: 409 });
  expect(await order("mute", { rule: "source-silent", until: iso(NOON + HOUR) })).toMatchObject({ status: 409 });
  operator.clock += HOUR;
  expect((await order("mute", { subject: "crm", until: iso(NOON + 2 * HOUR) })).mutes).toHaveLength(1);
  expect(await rows("SELECT count(*) AS n FROM mutes")).toEqual([{ n: 1 }]);
});
