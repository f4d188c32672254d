// From a run that breaks an invariant to the least that still breaks it: fewer steps, fewer faults, plainer letters.
import { exactly, type Fault } from "./faults.ts";
import type { Plan, Step } from "./plan.ts";
import { live, type Outcome, type Setting } from "./world.ts";

/** Runs that shrinking may take. */
const PATIENCE = 500;

export interface Broken {
  readonly plan: Plan;
  readonly faults: ReadonlyMap<string, Fault>;
}

/** @param outcome of the run as it was found, whose first violation is what must go on breaking */
export async function shrink(plan: Plan, outcome: Outcome, setting: Setting): Promise<Broken> {
  const wanted = outcome.violations[0]?.invariant;
  let runs = 0;
  const breaks = async ({ plan: tried, faults }: Broken): Promise<boolean> => {
    runs += 1;
    if (runs > PATIENCE) return false;
    const { violations } = await live(tried, () => exactly(faults), setting);
    // A world that broke off may have left its databases in the middle of something.
    if (violations.length > 0) setting.shelf.kept = null;
    return violations[0]?.invariant === wanted;
  };

  let best: Broken = { plan, faults: new Map(outcome.hits.map(({ point, fault }) => [point.name, fault])) };
  if (!(await breaks(best))) return best;
  for (;;) {
    const before = sizeOf(best);
    best = await smaller(best, breaks);
    if (sizeOf(best) === before) return best;
  }
}

/** One round: fewer faults, then fewer steps, then plainer ones. */
async function smaller(broken: Broken, breaks: (tried: Broken) => Promise<boolean>): Promise<Broken> {
  const { plan } = broken;
  const kept = await fewest([...broken.faults], async (some) => await breaks({ plan, faults: new Map(some) }));
  const faults = new Map(kept);
  const steps = await fewest([...plan.steps], async (some) => await breaks(having({ plan, faults }, some)));
  let best = having({ plan, faults }, steps);
  for (const simpler of simplerThan(best)) if (await breaks(simpler)) best = simpler;
  return best;
}

function having({ plan, faults }: Broken, steps: readonly Step[]): Broken {
  return { faults, plan: { ...plan, steps } };
}

function sizeOf({ plan, faults }: Broken): number {
  return plan.steps.length * 100 + faults.size + JSON.stringify(plan).length;
}

/** Leaves out halves, then quarters, then one at a time (delta debugging). */
async function fewest<T>(all: T[], breaks: (some: T[]) => Promise<boolean>): Promise<T[]> {
  let kept = all;
  for (
    let size = Math.ceil(kept.length / 2);
    size >= 1 && kept.length > 0;
    size = size === 1 ? 0 : Math.ceil(size / 2)
  ) {
    for (let at = kept.length - size; at > -size; at -= size) {
      const from = Math.max(0, at);
      const less = [...kept.slice(0, from), ...kept.slice(from + size)];
      if (less.length < kept.length && (await breaks(less))) kept = less;
    }
  }
  return kept;
}

function* simplerThan({ plan, faults }: Broken): Generator<Broken> {
  if (plan.retention) yield { faults, plan: { ...plan, retention: false } };
  if (plan.shards > 1) yield { faults, plan: { ...plan, shards: 1 } };
  if (plan.cold) yield { faults, plan: { ...plan, cold: false } };
  if (plan.schedule !== "once") yield { faults, plan: { ...plan, schedule: "once" } };
  for (const [at, step] of plan.steps.entries()) {
    if (step.do !== "post" || step.letter.stuff === "json") continue;
    const simple: Step = { ...step, letter: { ...step.letter, stuff: "json" } };
    yield having({ plan, faults }, plan.steps.with(at, simple));
  }
}
