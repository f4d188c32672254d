// npm run sim: every fault at every point, then thousands of random worlds. `--seed N` tells one world's story, `--plant` shows that the harness bites.
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { endWithReader } from "../../src/cli/reader.ts";
import { Crew } from "./crew.ts";
import { exactly, type Fault } from "./faults.ts";
import { install } from "./globals.ts";
import type { Answer } from "./hand.ts";
import { type Plan, planOf, rolling } from "./plan.ts";
import { plant, plants } from "./plants.ts";
import { SCENARIOS } from "./scenarios.ts";
import { shrink } from "./shrink.ts";
import { storyOf } from "./story.ts";
import { load } from "./worker.ts";
import { live, type Setting } from "./world.ts";

endWithReader();

const SOURCE = join(fileURLToPath(new URL(".", import.meta.url)), "..", "..", "src");
const SEEDS = 10_000;
/** Seeds in which a planted bug must be caught. */
const PLANT_SEEDS = 2_000;
/** Worlds in one job: some seconds. */
const CHUNK = 50;
/** Broken worlds whose story is told. */
const STORIES = 3;

const say = (text: string) => console.log(text);
const seconds = (since: number) => ((performance.now() - since) / 1000).toFixed(1);

const { values: options } = parseArgs({
  options: {
    seeds: { type: "string" },
    from: { type: "string", default: "1" },
    minutes: { type: "string" },
    seed: { type: "string" },
    case: { type: "string" },
    exhaustive: { type: "boolean" },
    plant: { type: "boolean" },
    only: { type: "string" },
    source: { type: "string", default: SOURCE },
    quiet: { type: "boolean" },
  },
});

async function main(): Promise<boolean> {
  if (options.plant === true) return await bites(options.only ?? null);
  const { source } = options;
  if (options.seed !== undefined) return await tell(planOf(Number(options.seed)), null, source);
  if (options.case !== undefined) {
    const [name, point = "", fault = ""] = options.case.split(" | ");
    const plan = SCENARIOS.find((one) => one.name === name);
    if (plan === undefined) throw new Error(`there is no scenario "${name}"`);
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a name that is no fault does nothing
    return await tell(plan, new Map([[point, fault as Fault]]), source);
  }
  const randomOnly = options.seeds !== undefined || options.minutes !== undefined;
  const crew = new Crew(source);
  try {
    const all = randomOnly || (await exhaustive(crew, source));
    const random = options.exhaustive === true || (await randomly(crew, source));
    return all && random;
  } finally {
    await crew.end();
  }
}

/** Every scenario × every yield point × every fault. */
async function exhaustive(crew: Crew, source: string): Promise<boolean> {
  const began = performance.now();
  const scenarios = [...SCENARIOS.entries()].filter(
    ([, { name }]) => options.only === undefined || name.includes(options.only),
  );
  const results = await Promise.all(
    scenarios.map(async ([index, plan]) => {
      const parts = await Promise.all(
        Array.from({ length: crew.size }, (_, part) => crew.do({ do: "scenario", index, part, of: crew.size })),
      );
      const worlds = parts.reduce((sum, part) => sum + part.worlds, 0);
      const broken = parts.flatMap((part) => part.broken);
      const points = parts[0]?.points ?? 0;
      say(
        `${String(points).padStart(5)} points ${String(worlds).padStart(6)} worlds  ${broken.length} violations  ${plan.name}`,
      );
      return { plan, worlds, points, broken };
    }),
  );
  const sum = (of: (one: (typeof results)[number]) => number) => results.reduce((total, one) => total + of(one), 0);
  const violations = sum((one) => one.broken.length);
  say(
    `exhaustive: ${results.length} scenarios, ${sum((one) => one.points)} yield points, ${sum((one) => one.worlds)} worlds, ${violations} violations, ${seconds(began)} s`,
  );
  for (const { plan, broken } of results) {
    for (const { point, fault, invariant, says } of broken.slice(0, STORIES)) {
      say(`\n${invariant}  ${says}\n  npm run sim -- --case "${plan.name} | ${point} | ${fault}"`);
    }
  }
  const worst = results.find(({ broken }) => broken.length > 0);
  const first = worst?.broken[0];
  if (worst !== undefined && first !== undefined && first.point !== null)
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it comes from the table of faults, through a thread
    await tell(worst.plan, new Map([[first.point, first.fault as Fault]]), source);
  return violations === 0;
}

/** Worlds by their seeds, until there are enough or the time is over. */
async function randomly(crew: Crew, source: string): Promise<boolean> {
  const began = performance.now();
  const until = options.minutes === undefined ? Infinity : began + Number(options.minutes) * 60_000;
  const from = Number(options.from);
  const count =
    options.seeds === undefined ? (options.minutes === undefined ? SEEDS : Infinity) : Number(options.seeds);
  const answers: Answer[] = [];
  let next = from;
  const work = async () => {
    while (next < from + count && performance.now() < until) {
      const chunk = Math.min(CHUNK, from + count - next);
      next += chunk;
      const answer = await crew.do({ do: "seeds", from: next - chunk, count: chunk, once: false });
      answers.push(answer);
      for (const { seed, invariant, says } of answer.broken) say(`seed ${seed} breaks ${invariant}: ${says}`);
    }
  };
  await Promise.all(Array.from({ length: crew.size }, work));
  const broken = answers.flatMap((answer) => answer.broken).toSorted((a, b) => a.seed - b.seed);
  const [worlds, points] = [sumOf(answers, "worlds"), sumOf(answers, "points")];
  say(
    `${sumOf(answers, "acked")} events acked, ${sumOf(answers, "heard")} requests at destinations, ${sumOf(answers, "faults")} faults`,
  );
  say(
    `random: ${worlds} seeds from ${from}, ${points} yield points, ${broken.length} violations, ${seconds(began)} s (${(worlds / Number(seconds(began))).toFixed(0)} seeds/s)`,
  );
  for (const { seed } of broken.slice(0, options.quiet === true ? 0 : STORIES)) {
    say(`\nnpm run sim -- --seed ${seed}`);
    await tell(planOf(seed), null, source);
  }
  return broken.length === 0;
}

function sumOf(answers: readonly Answer[], key: "worlds" | "points" | "faults" | "acked" | "heard"): number {
  return answers.reduce((sum, answer) => sum + answer[key], 0);
}

/** Runs one world and, if it breaks, tells the shortest story that still does. */
async function tell(plan: Plan, faults: ReadonlyMap<string, Fault> | null, source: string): Promise<boolean> {
  const worker = await load(source);
  install();
  const setting: Setting = { worker, shelf: { kept: null }, listening: false };
  const found = await live(
    plan,
    (scheduler) => (faults === null ? rolling(plan, (what) => scheduler.roll(what)) : exactly(faults)),
    setting,
  );
  setting.shelf.kept = null;
  const hits = new Map(found.hits.map(({ point, fault }) => [point.name, fault]));
  const least = found.violations.length === 0 ? { plan, faults: hits } : await shrink(plan, found, setting);
  setting.shelf.kept = null;
  const told = await live(least.plan, () => exactly(least.faults), { ...setting, listening: true });
  say(storyOf(least.plan, least.faults, told));
  say(`whole trace ${found.trace}, ${found.points.length} yield points, ${found.hits.length} faults`);
  return found.violations.length === 0;
}

/** Plants every known bug, one at a time, and looks for the seed that catches it. */
async function bites(only: string | null): Promise<boolean> {
  const all = plants().filter(({ name }) => only === null || name.includes(only));
  const rows: { name: string; says: string; caught: Answer["broken"][number] | null; took: string }[] = [];
  const waiting = [...all];
  const work = async () => {
    for (let one = waiting.shift(); one !== undefined; one = waiting.shift()) {
      const began = performance.now();
      const { source, clear } = plant(one);
      const crew = new Crew(source, 1);
      try {
        const { broken } = await crew.do({ do: "seeds", from: Number(options.from), count: PLANT_SEEDS, once: true });
        rows.push({ name: one.name, says: one.says, caught: broken[0] ?? null, took: seconds(began) });
        const [caught] = broken;
        say(
          `${one.name.padEnd(34)} → ${caught === undefined ? "NOT CAUGHT" : `${caught.invariant.padEnd(6)} seed ${String(caught.seed).padStart(4)}  ${caught.says.slice(0, 110)}`}`,
        );
      } finally {
        await crew.end();
        clear();
      }
    }
  };
  const began = performance.now();
  await Promise.all([work(), work()]);
  const caught = rows.filter((row) => row.caught !== null).length;
  say(`plants: ${caught} of ${rows.length} caught within ${PLANT_SEEDS} seeds, ${seconds(began)} s`);
  return caught === rows.length;
}

process.exitCode = (await main()) ? 0 : 1;
