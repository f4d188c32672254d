// How a destination does now, in one word: by its last attempts, whatever the day was like.
import { expect, test } from "vitest";
import { healthOf, type Known } from "../../../src/operate/health.ts";

const NOW = 1_800_000_000_000;
const MINUTE = 60_000;

const known = (change: Partial<Known>): Known => ({
  state: "active",
  pausedAt: null,
  waiting: 0,
  oldest: null,
  delivered: 0,
  streak: 0,
  streakSince: null,
  ...change,
});

test.for<[string, Partial<Known>, string, number | null]>([
  ["the last one was delivered, after a bad day", { delivered: 1 }, "healthy", null],
  [
    "it has recovered, and older events still wait",
    { delivered: 9, waiting: 500, oldest: NOW - 300 * MINUTE },
    "healthy",
    null,
  ],
  ["one failed a moment ago", { delivered: 9_000, streak: 1, streakSince: NOW - MINUTE }, "retrying", NOW - MINUTE],
  ["three in a row after a good day", { delivered: 9_000, streak: 3, streakSince: NOW }, "failing", NOW],
  [
    "one failed, and nothing has succeeded since",
    { delivered: 9, streak: 1, streakSince: NOW - 3 * MINUTE },
    "failing",
    NOW - 3 * MINUTE,
  ],
  ["nothing was tried yet, and something waits", { waiting: 1, oldest: NOW - 5 }, "waiting", NOW - 5],
  ["nothing at all", {}, "idle", null],
  ["it is paused, however it did", { state: "paused", pausedAt: NOW - 9, streak: 7 }, "paused", NOW - 9],
  ["it has no address", { state: "unaddressed", streak: 7, oldest: NOW - 2 }, "unaddressed", NOW - 2],
])("%s", ([, change, health, since]) => {
  expect(healthOf(known(change), NOW)).toEqual({ health, since });
});
