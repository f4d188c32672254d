// The command `hookline alerts`: what is wrong with its fix, what was, and what to write where nobody is told.
import { expect, test } from "vitest";
import { FakeRelay } from "../../kit/fake-relay.ts";
import type { AlertsAnswer } from "../../../src/contract/alerts.ts";
import type { Overview } from "../../../src/contract/overview.ts";
import { alertLooks } from "../../kit/fixture-alerts.ts";
import { overview } from "../../kit/fixture-health.ts";

const alerts = await alertLooks.list({ state: null, limit: 50, cursor: null });
const answers: { given: AlertsAnswer | Overview } = { given: alerts };
const relay = new FakeRelay(() => answers.given);

test("each alert stands with since when, who was told, and the command that fixes it", async () => {
  answers.given = alerts;
  const { code, out, err } = await relay.run("alerts");
  expect(code).toBe(0);
  const [first, second, third] = out.split("\n").slice(6);
  expect(first).toBe(
    "2026-11-20T06:50:00.000Z  critical  breaker-open: The breaker of billing is open after 412 failures in a row, last answer 503",
  );
  expect(second).toMatch(/^ {2}for .+; notice sent$/);
  expect(third).toMatch(/^ {2}Fix the receiver\. .+: hookline test billing$/);
  // What is over needs no fix.
  expect(out).toMatch(
    /over {2}source-silent: [^\n]+\n {2}it lasted 2 h; notices sent when it began and when it ended$/m,
  );
  answers.given = { ...alerts, next: "3" };
  expect((await relay.run("alerts")).err).toContain("more: the same with --cursor 3");
  expect(err).toContain("muted: events-unrouted");
});

test("the open ones alone, and a page further, are asked for as the API has them", async () => {
  answers.given = { ...alerts, alerts: [], next: null };
  expect((await relay.run("alerts --open --limit 5 --cursor 3")).out).toBe("no alert is open");
  expect(Object.fromEntries(relay.asked.at(-1)?.url.searchParams ?? [])).toEqual({
    state: "open",
    limit: "5",
    cursor: "3",
  });
  expect((await relay.run("alerts --cursor 3")).out).toBe("no older ones");
  expect((await relay.run("alerts")).out).toBe("no alerts yet");
});

test("where no route leads from hookline, the three lines that have somebody told are printed", async () => {
  answers.given = { ...alerts, routed: false };
  const { err } = await relay.run("alerts");
  expect(err).toContain('  [vars.ROUTES.alerts]\n  from = "hookline"\n  to = "NAME"');
  answers.given = alerts;
  expect((await relay.run("alerts")).err).not.toContain("[vars.ROUTES.alerts]");
});

test("with --json it prints what the API answers, and nothing beside it", async () => {
  answers.given = { ...alerts, routed: false };
  const { out, err } = await relay.run("alerts --json");
  expect({ answer: JSON.parse(out), err }).toEqual({ answer: answers.given, err: "" });
});

test("the overview says how many are open, and how to see them", async () => {
  answers.given = overview(24);
  expect((await relay.run("overview")).out).toContain("3 alerts are open  (hookline alerts --open)");
});
