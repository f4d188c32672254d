// A simulated month of ordinary traffic: how often is somebody told of a silence that means nothing?
import { expect, test } from "vitest";
import { silencesOf } from "../../../src/feed/silence.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const START = Date.parse("2026-03-02T00:00:00Z"); // a Monday

/** Numbers that only look random, the same in every run. */
function dice(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** When something comes, over six weeks, at a rate (events an hour) that depends on the time. */
function traffic(seed: number, rate: (at: number) => number): number[] {
  const roll = dice(seed);
  const times: number[] = [];
  for (let at = START; at < START + 44 * DAY; at += MINUTE) if (roll() < 1 - Math.exp(-rate(at) / 60)) times.push(at);
  return times;
}

const isOffice = (at: number) => {
  const hour = Math.floor((at % DAY) / HOUR);
  const day = Math.floor((at - START) / DAY) % 7;
  return day < 5 && hour >= 8 && hour < 18;
};

const ORDINARY: Record<string, (at: number) => number> = {
  "all day, every minute": () => 200,
  "a few an hour": () => 4,
  "ten a day": () => 10 / 24,
  "in office hours": (at) => (isOffice(at) ? 30 : 0),
  "in office hours, now and then": (at) => (isOffice(at) ? 1 : 0),
  "by day more than by night": (at) => (isOffice(at) ? 60 : 1),
  "a batch at two each night": (at) => (at % DAY >= 2 * HOUR && at % DAY < 2 * HOUR + 5 * MINUTE ? 600 : 0),
  "a batch each Monday, Wednesday and Friday": (at) =>
    [0, 2, 4].includes(Math.floor((at - START) / DAY) % 7) && at % DAY < 5 * MINUTE ? 600 : 0,
};

/** Those from `from` on and before `to`, of times in order. */
function between(times: readonly number[], from: number, to: number): readonly number[] {
  return times.slice(placeOf(times, from), placeOf(times, to));
}

/** How many of these times, which are in order, come before `at`. */
function placeOf(times: readonly number[], at: number): number {
  let [low, high] = [0, times.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((times[middle] ?? Infinity) < at) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Alerts of a source by the end of each quarter of an hour of the last thirty days. */
function alarms(times: readonly number[], until: number, from = START + 14 * DAY): number {
  let told = 0;
  let open = false;
  const hours = [...new Set(times.map((at) => at - (at % HOUR)))];
  for (let now = from; now < until; now += 15 * MINUTE) {
    // As the feed keeps them: minutes of the last 26 hours, and hours before.
    const minutesFrom = now - (now % HOUR) - 26 * HOUR;
    const kept = [...between(hours, now - 31 * DAY, minutesFrom), ...between(times, minutesFrom, now + 1)];
    const [silence] = silencesOf(new Map([["acme", kept]]));
    const isSilent = silence !== undefined && now - silence.heardAt > silence.mostMs;
    if (isSilent && !open) told += 1;
    open = isSilent;
  }
  return told;
}

/** What is said of a source that was heard on these days. */
const days = (...all: number[]) => silencesOf(new Map([["acme", all.map((day) => START + day * DAY)]]));

test.each(Object.entries(ORDINARY))("%s: thirty days without a false alarm", (_, rate) => {
  const times = traffic(7, rate);
  expect(alarms(times, START + 44 * DAY)).toBe(0);
});

test.each(Object.entries(ORDINARY))("%s: one that stops is told once", (name, rate) => {
  const end = START + 30 * DAY;
  const times = traffic(11, rate).filter((at) => at < end);
  // The longer the usual silence, the later anybody can know.
  const told = alarms(times, end + 14 * DAY);
  expect(told, name).toBe(1);
});

test.each(Object.entries(ORDINARY))("%s: no false alarm in the first weeks of a relay", (_, rate) => {
  for (const startsOn of [0, 2, 4]) {
    const times = traffic(3, rate).filter((at) => at >= START + startsOn * DAY + 9 * HOUR);
    expect(alarms(times, START + 28 * DAY, START)).toBe(0);
  }
});

test("one outage does not make the next one usual", () => {
  const down = START + 24 * DAY;
  const times = traffic(5, () => 60).filter((at) => at < down || at >= down + 12 * HOUR);
  const [silence] = silencesOf(new Map([["acme", times.filter((at) => at < down + 2 * DAY)]]));
  expect(silence?.mostMs).toBeLessThan(2 * HOUR);
});

test("nothing is said of a source that was heard for less than a week, or on fewer than three days", () => {
  expect(days(0, 1, 2, 6)).toEqual([]);
  expect(days(0, 8)).toEqual([]);
  expect(days(0, 4, 8)).toHaveLength(1);
});
