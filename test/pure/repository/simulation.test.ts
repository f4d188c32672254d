// The simulation itself: that it holds for some dozens of worlds, repeats itself to the letter, and still bites.
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { plantedIn, plants } from "../../sim/plants.ts";

const PATIENCE_MS = 600_000;
const run = promisify(execFile);

/** What a run prints; a run that ends badly rejects with all of it. */
async function sim(...flags: string[]): Promise<string> {
  return (await run(process.execPath, ["test/sim/sim.ts", ...flags], { maxBuffer: 2 ** 26 })).stdout;
}

test("no invariant breaks in 60 random worlds", { timeout: PATIENCE_MS }, async () => {
  expect(await sim("--seeds", "60", "--quiet")).toMatch(/^random: 60 seeds from 1, \d+ yield points, 0 violations/m);
});

test("a seed tells the same story every time, to the last roll", { timeout: PATIENCE_MS }, async () => {
  const [once, again] = [await sim("--seed", "8"), await sim("--seed", "8")];
  expect(once).toMatch(/^whole trace [0-9a-f]{16}, \d+ yield points, [1-9]\d* faults$/m);
  expect(again).toBe(once);
});

test("an ack before the sync is caught", { timeout: PATIENCE_MS }, async () => {
  expect(await sim("--plant", "--only", "ack-before-sync")).toMatch(/^plants: 1 of 1 caught/m);
});

test("at least twelve known bugs can be planted", () => {
  expect(plants().length).toBeGreaterThanOrEqual(12);
});

test.for(plants())("the bug $name still fits into the source", ({ name, says, hunks }) => {
  expect(says).toMatch(/\.$/);
  expect(hunks.length).toBeGreaterThan(0);
  for (const hunk of hunks) {
    const text = readFileSync(hunk.file, "utf8");
    expect(plantedIn(text, hunk, name)).not.toBe(text);
  }
});
