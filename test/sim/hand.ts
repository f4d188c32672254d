// One thread of the crew: takes a job, runs its worlds, answers with what broke.
import { parentPort, workerData } from "node:worker_threads";
import { casesOf, runCase } from "./exhaustive.ts";
import { install } from "./globals.ts";
import { planOf, rolling } from "./plan.ts";
import { SCENARIOS } from "./scenarios.ts";
import { load } from "./worker.ts";
import { live, type Outcome, type Setting } from "./world.ts";

export type Job =
  /** Random worlds; ends at the first that breaks where `once` says so. */
  | { readonly do: "seeds"; readonly from: number; readonly count: number; readonly once: boolean }
  /** Every `of`-th case of a scenario, beginning with case `part`. */
  | { readonly do: "scenario"; readonly index: number; readonly part: number; readonly of: number };

export interface Answer {
  readonly worlds: number;
  readonly points: number;
  readonly faults: number;
  readonly acked: number;
  readonly heard: number;
  readonly broken: readonly {
    seed: number;
    point: string | null;
    fault: string | null;
    invariant: string;
    says: string;
  }[];
}

// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- crew.ts gives it
const { source } = workerData as { source: string };
// Started before the globals are replaced: what a module does when it is loaded is no part of any world.
const worker = await load(source);
install();
const setting: Setting = { worker, shelf: { kept: null }, listening: false };

async function seeds({ from, count, once }: Job & { do: "seeds" }): Promise<Answer> {
  const broken: Answer["broken"][number][] = [];
  let [points, worlds, faults, acked, heard] = [0, 0, 0, 0, 0];
  for (let seed = from; seed < from + count; seed += 1) {
    const plan = planOf(seed);
    const outcome = await live(plan, (scheduler) => rolling(plan, (what) => scheduler.roll(what)), setting);
    worlds += 1;
    points += outcome.points.length;
    faults += outcome.hits.length;
    acked += outcome.acked;
    heard += outcome.heard;
    note(outcome, seed, null, null, broken);
    if (once && broken.length > 0) break;
  }
  return { worlds, points, faults, acked, heard, broken };
}

async function scenario({ index, part, of }: Job & { do: "scenario" }): Promise<Answer> {
  const plan = SCENARIOS[index];
  if (plan === undefined) throw new Error(`there is no scenario ${index}`);
  const broken: Answer["broken"][number][] = [];
  const { calm, points, cases } = await casesOf(plan, setting);
  note(calm, index, null, null, broken);
  let worlds = 0;
  for (let at = part; at < cases.length; at += of) {
    const one = cases[at];
    if (one === undefined) break;
    note(await runCase(plan, one, setting), index, one.point, one.fault, broken);
    worlds += 1;
  }
  return { worlds, points, faults: worlds, acked: 0, heard: 0, broken };
}

function note(
  { violations }: Outcome,
  seed: number,
  point: string | null,
  fault: string | null,
  broken: Answer["broken"][number][],
): void {
  const [first] = violations;
  if (first === undefined) return;
  // A world that broke off may have left its databases in the middle of something.
  setting.shelf.kept = null;
  broken.push({ seed, point, fault, invariant: first.invariant, says: first.says });
}

parentPort?.on("message", (job: Job) => {
  (job.do === "seeds" ? seeds(job) : scenario(job)).then(
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
    (answer) => parentPort?.postMessage(answer),
    (error: unknown) => {
      throw error;
    },
  );
});
