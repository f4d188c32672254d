// Which lines of the relay's log does a run of the tests end with?
import { expect, test } from "vitest";
import { NOISE, unexpected } from "../../reporter.ts";

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

test("what workerd says of its own ends is left out, and a failure that quotes it is not", () => {
  const ended = "jsg.Error: Application called deleteAllDurableObjects().\nstack: workerd@26b6840";
  expect(`exception = workerd/api/unsafe.c++:228: failed: ${ended}`).toMatch(NOISE);
  expect(`uncaught exception; source = Uncaught (in promise); stack = ${ended}`).toMatch(NOISE);
  expect("exception = kj/async-io.c++:763: disconnected: read end of pipe was aborted\nstack:").toMatch(NOISE);
  expect(`AssertionError: expected "" to be "exception = ${ended}"`).not.toMatch(NOISE);
  expect(` FAIL  worker  some.test.ts\nexception = ${ended}`).not.toMatch(NOISE);
  expect("uncaught exception; source = Uncaught (in promise); stack = TypeError: x is undefined").not.toMatch(NOISE);
});
