// A run that somebody will read: who did what and when, which faults hit, and what broke.
import type { Fault } from "./faults.ts";
import type { Plan } from "./plan.ts";
import type { Outcome } from "./world.ts";
import { INVARIANTS } from "./invariants/table.ts";

/** Lines beyond which calls to bindings are left out. */
const MOST_DETAILS = 160;
const WIDTH = 190;

export function storyOf(plan: Plan, faults: ReadonlyMap<string, Fault>, outcome: Outcome): string {
  const [broken] = outcome.violations;
  const promise =
    INVARIANTS.find(({ id }) => id === broken?.invariant)?.says ??
    "with faults off the backlog drains, and nothing spins";
  const head = [
    `${plan.name}${broken === undefined ? " holds" : ` breaks ${broken.invariant}`}`,
    ...(broken === undefined ? [] : [`  promised  ${promise}`, `  found     ${broken.says}`]),
    `  schedule  ${plan.schedule}${plan.cold ? ", a new database" : ""}, INTAKE_SHARDS ${plan.shards}; nothing fails after ${clock(plan.quiet).trim()}`,
    `  faults    ${[...faults].map(([point, fault]) => `${point}: ${fault}`).join("; ") || "none"}`,
    "",
  ];
  const all = outcome.lines.length <= MOST_DETAILS;
  const lines = outcome.lines
    .filter(({ weight, text }) => all || weight !== "detail" || text.includes('"level":"error"'))
    .map(({ at, who, text, weight }) => `${clock(at)}  ${MARK[weight]} ${who.padEnd(9)} ${shorten(text)}`);
  return [...head, ...lines, "", `trace ${outcome.trace}`].join("\n");
}

const MARK = { detail: " ", event: "·", fault: "!", end: "✗" } as const;

/** Seconds since the world began, to the millisecond. */
function clock(ms: number): string {
  return `${(ms / 1000).toFixed(3)} s`.padStart(14);
}

/** Ids of 32 digits are for machines. */
function shorten(text: string): string {
  const short = text.replaceAll(/evt_([0-9a-f]{6})[0-9a-f]{26}/g, "evt_$1");
  return short.length > WIDTH ? `${short.slice(0, WIDTH)}…` : short;
}
