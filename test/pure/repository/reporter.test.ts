// Which lines of the relay's log does a run of the tests end with?
import { expect, test } from "vitest";
import { unexpected } from "../../reporter.ts";

const line = (level: string, event: string) => JSON.stringify({ level, event, path: '"level":"error"' });
const text = [
  line("info", "ingest.accepted"),
  line("warn", "ingest.rejected"),
  line("error", "delivery.failed"),
  line("error", "page.failed"),
  "what a test writes",
  line("error", "intake.commit_failed"),
].join("\n");

test("errors, but for those that the test provokes and the news of a destination", () => {
  expect(unexpected(text, [])).toEqual([line("error", "page.failed"), line("error", "intake.commit_failed")]);
  expect(unexpected(text, ["page.failed"])).toEqual([line("error", "intake.commit_failed")]);
});
