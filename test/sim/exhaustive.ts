// Every scenario × every yield point × every fault: lists the cases, and runs one.
import { exactly, type Fault, NONE, type Point, VARIANTS } from "./faults.ts";
import type { Plan } from "./plan.ts";
import { live, type Outcome, type Setting } from "./world.ts";

export interface Case {
  readonly point: string;
  readonly fault: Fault;
}

/** The yield points of a scenario in which nothing fails, each with every fault of its kind. */
export async function casesOf(plan: Plan, setting: Setting): Promise<{ calm: Outcome; points: number; cases: Case[] }> {
  const reached: Point[] = [];
  const calm = await live(
    plan,
    () => (point) => {
      // Called before quiet only: later nothing may fail.
      reached.push(point);
      return NONE(point, 0);
    },
    setting,
  );
  const cases = reached.flatMap(({ kind, name }) => VARIANTS[kind].map((fault) => ({ point: name, fault })));
  return { calm, points: reached.length, cases };
}

export async function runCase(plan: Plan, { point, fault }: Case, setting: Setting): Promise<Outcome> {
  return await live(plan, () => exactly(new Map([[point, fault]])), setting);
}
