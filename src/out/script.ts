// What an inspector answers: the grammar of its script, and which step an attempt gets. Pure.
import type { Script, Step } from "../types.ts";

/** Steps of a script, and attempts that one step may stand for; no schedule is longer. */
const MOST_STEPS = 50;
const MOST_TIMES = 1_000;

const WORDS = {
  ok: { kind: "status", status: 200, times: 1, retryAfter: null },
  hang: { kind: "hang", times: 1 },
  slow: { kind: "slow", times: 1 },
  reset: { kind: "reset", times: 1 },
} as const satisfies Record<string, Step>;

/** A status that ends an exchange, how many attempts it is for, and when to come again. */
const STATUS = /^([2-5]\d\d)(?:x([1-9]\d{0,3}))?(?:\s+retry-after=(\d{1,6}))?$/;

const FIX =
  'Write a status from 200 to 599, such as 503, with x and a number to give it to so many attempts ("503x3"), and with retry-after=SECONDS behind it; or ok, hang, slow or reset';

/** The script that an inspector has if it is given none. */
export const YES: Script = { text: "ok", steps: [WORDS.ok] };

/** A script, or what is wrong with it: a sentence that names the step and the fix. */
export function parseScript(text: string): { readonly script: Script } | { readonly wrong: string } {
  const written = text.split(",").map((step) => step.trim());
  if (written.length > MOST_STEPS) return { wrong: `has ${written.length} steps. Write ${MOST_STEPS} at most` };
  const steps: Step[] = [];
  for (const [index, one] of written.entries()) {
    const step = parseStep(one);
    if (step === null) return { wrong: `step ${index + 1}, ${JSON.stringify(one.slice(0, 80))}, is no answer. ${FIX}` };
    steps.push(step);
  }
  return { script: { text: written.join(", "), steps } };
}

function parseStep(text: string): Step | null {
  if (Object.hasOwn(WORDS, text)) return Object.entries(WORDS).find(([word]) => word === text)?.[1] ?? null;
  const [, status, times, retryAfter] = STATUS.exec(text) ?? [];
  if (status === undefined || Number(times ?? 1) > MOST_TIMES) return null;
  return {
    kind: "status",
    status: Number(status),
    times: Number(times ?? 1),
    retryAfter: retryAfter === undefined ? null : Number(retryAfter),
  };
}

/** What the `nth` attempt of a schedule gets, from 1 on. */
export function stepFor({ steps }: Script, nth: number): Step {
  let left = nth;
  for (const step of steps) {
    left -= step.times;
    if (left <= 0) return step;
  }
  return steps.at(-1) ?? WORDS.ok;
}

/** A step as people read it. */
export function wordsFor(step: Step): string {
  if (step.kind !== "status") return step.kind;
  return step.retryAfter === null ? String(step.status) : `${step.status} retry-after=${step.retryAfter}`;
}
