// The demo's story from the relay's log: a first attempt that succeeds has no line of its own, and is told all the same.
import { stripVTControlCharacters } from "node:util";
import { expect, test } from "vitest";
import { read } from "../../../src/cli/demo/lines.ts";
import { Story } from "../../../src/cli/demo/story.ts";
import { Watch } from "../../../src/cli/demo/watch.ts";

const ID = `evt_${"a".repeat(32)}`;
const say = (level: string, event: string, fields: object) =>
  read({ level, message: JSON.stringify({ level, event, ...fields }) });
const end = { latencyMs: 4, status: 200 };
const accepted = say("info", "ingest.accepted", {
  id: ID,
  source: "github",
  type: "push",
  size: 7_000,
  status: "accepted",
  destinations: 2,
  first: [
    { ...end, destination: "ledger", state: "delivered" },
    { ...end, destination: "builds", state: "pending", status: 503 },
  ],
});
const attempted = { ...end, delivery: `${ID}:builds`, fault: null };
const failed = say("warn", "delivery.attempted", {
  ...attempted,
  attempt: 1,
  state: "pending",
  status: 503,
  dueAt: 5_000,
});
const again = say("info", "delivery.attempted", { ...attempted, attempt: 2, state: "delivered" });

test("deliveries have ended that the line of an acceptance says to be delivered, and those that succeed later", () => {
  const watch = new Watch();
  expect(watch.accepted([ID])).toBe(false);
  watch.heard(accepted);
  watch.heard(failed);
  expect(watch.accepted([ID])).toBe(true);
  expect(watch.ended([`${ID}:ledger`])).toBe(true);
  expect(watch.ended([`${ID}:ledger`, `${ID}:builds`])).toBe(false);
  watch.heard(again);
  expect(watch.ended([`${ID}:ledger`, `${ID}:builds`])).toBe(true);
});

test("every attempt is shown once, below the events that came in", () => {
  const printed: string[] = [];
  const story = new Story((line) => printed.push(stripVTControlCharacters(line)), 0);
  story.listens();
  for (const said of [accepted, failed]) story.hears(said, 1_000, () => true);
  story.allSent();
  story.hears(again, 6_000, () => true);
  const rows = printed
    .filter((line) => line.includes(ID.slice(0, 12)))
    .map((line) => line.replaceAll(/ +/g, " ").trim());
  expect(rows).toEqual([
    "1.00 s github push evt_aaaaaaaa 7,000 200 accepted, for 2 destinations",
    "1.00 s ledger push evt_aaaaaaaa 1 200 4 ms delivered, proven",
    "1.00 s builds push evt_aaaaaaaa 1 503 4 ms again in 4.0 s",
    "6.00 s builds push evt_aaaaaaaa 2 200 4 ms delivered, proven",
  ]);
});
