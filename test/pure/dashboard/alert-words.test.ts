// Alerts in words, and the relay's own source among those that the pages offer.
import { parse } from "smol-toml";
import { expect, test } from "vitest";
import {
  lasting,
  openInWords,
  ownSource,
  pageOfSource,
  TELLING,
  toldInWords,
} from "../../../src/dashboard/words/alerts.ts";

const since = "2026-11-21T20:00:00.000Z";
const now = Date.parse("2026-11-21T22:00:00Z");

test("how many are open, how long, and who was told", () => {
  expect([1, 2].map(openInWords)).toEqual(["1 alert is open", "2 alerts are open"]);
  expect(lasting({ since, ended_at: null }, now)).toBe("for 2 h");
  expect(lasting({ since, ended_at: "2026-11-21T20:30:00.000Z" }, now)).toBe("it lasted 30 min");
  const all = (["nobody", "opened", "ended"] as const).flatMap((told) =>
    [null, since].map((ended_at) => toldInWords({ told, ended_at })),
  );
  expect(all).toEqual([
    "no notice sent",
    "no notice sent",
    "notice sent",
    "notice sent when it began",
    "notices sent when it began and when it ended",
    "notices sent when it began and when it ended",
  ]);
});

test("the lines that have somebody told are a route from hookline", () => {
  expect(parse(TELLING.join("\n"))).toEqual({ vars: { ROUTES: { alerts: { from: "hookline", to: "NAME" } } } });
});

test("hookline is offered as a source where a route makes events of it, and leads to the alerts", () => {
  expect(ownSource({ routes: [{ from: ["github"] }] })).toEqual([]);
  expect(ownSource({ routes: [{ from: ["github"] }, { from: ["acme", "hookline"] }] })).toEqual(["hookline"]);
  expect([pageOfSource("hookline"), pageOfSource("github")]).toEqual(["/alerts", "/sources/github"]);
});
