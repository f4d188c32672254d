// Does a text match a pattern? RE2's syntax as CEL has it, in time linear in the text: all ways go on at once, and none
// is ever taken back. Pure.

import { type CharSet, type Node, PatternFault, readPattern, type Where, WORD } from "./pattern-text.ts";

/** Steps that a pattern may come to: `(a{100}){100}` is short to write and long to walk. */
const MOST_STEPS = 1_000;

type Step =
  | { readonly kind: "take"; readonly set: CharSet }
  | { readonly kind: "where"; readonly where: Where }
  | { readonly kind: "either"; readonly ways: number[] }
  | { readonly kind: "found" };

/** A pattern that was understood. */
export type Pattern = (text: string, spend: (ways: number) => void) => boolean;

/**
 * Reads a pattern.
 *
 * @returns a search for it anywhere in a text, which tells `spend` how many ways it has looked at
 * @throws PatternFault
 */
export function compilePattern(source: string): Pattern {
  const steps: Step[] = [];
  const emit = (step: Step): number => {
    if (steps.length >= MOST_STEPS) throw new PatternFault("comes to more steps than a filter may take");
    return steps.push(step) - 1;
  };
  lay(readPattern(source), emit, steps);
  emit({ kind: "found" });
  return (text, spend) => search(steps, text, spend);
}

/** Lays a node so that whoever has walked it stands at the step behind it. */
function lay(node: Node, emit: (step: Step) => number, steps: readonly Step[]): void {
  switch (node.kind) {
    case "set":
      emit({ kind: "take", set: node.set });
      return;
    case "where":
      emit({ kind: "where", where: node.where });
      return;
    case "all":
      for (const one of node.of) lay(one, emit, steps);
      return;
    case "any": {
      const fork: number[] = [];
      const ends: number[][] = [];
      emit({ kind: "either", ways: fork });
      for (const one of node.of) {
        fork.push(steps.length);
        lay(one, emit, steps);
        const end: number[] = [];
        emit({ kind: "either", ways: end });
        ends.push(end);
      }
      for (const end of ends) end.push(steps.length);
      return;
    }
    case "repeat":
      layRepeat(node, emit, steps);
  }
}

function layRepeat(
  { of, least, most }: Extract<Node, { kind: "repeat" }>,
  emit: (step: Step) => number,
  steps: readonly Step[],
): void {
  for (let n = 0; n < least; n += 1) lay(of, emit, steps);
  if (most === Infinity) {
    const fork: number[] = [];
    const at = emit({ kind: "either", ways: fork });
    lay(of, emit, steps);
    emit({ kind: "either", ways: [at] });
    fork.push(at + 1, steps.length);
    return;
  }
  const forks: number[][] = [];
  for (let n = least; n < most; n += 1) {
    const fork: number[] = [];
    const at = emit({ kind: "either", ways: fork });
    fork.push(at + 1);
    forks.push(fork);
    lay(of, emit, steps);
  }
  for (const fork of forks) fork.push(steps.length);
}

/** How often `spend` is told, in characters. */
const OFTEN = 256;

function search(steps: readonly Step[], text: string, spend: (ways: number) => void): boolean {
  const seen = new Int32Array(steps.length).fill(-1);
  let here: number[] = [];
  let looked = 0;
  let before = -1;
  for (let at = 0; ;) {
    const after = text.codePointAt(at) ?? -1;
    // The search may begin anywhere.
    here.push(0);
    const takers = spread(steps, here, seen, at, before, after);
    if (takers === null) return true;
    if (after === -1) return false;
    looked += takers.length + 1;
    if (at % OFTEN === 0) {
      spend(looked);
      looked = 0;
    }
    here = [];
    for (const taker of takers) {
      const step = steps[taker];
      if (step?.kind === "take" && holds(step.set, after)) here.push(taker + 1);
    }
    before = after;
    at += after > 0xffff ? 2 : 1;
  }
}

/** The steps that take a character, from all that are reached at this place; `null` where the end is reached. */
function spread(
  steps: readonly Step[],
  from: readonly number[],
  seen: Int32Array,
  at: number,
  before: number,
  after: number,
): number[] | null {
  const takers: number[] = [];
  const left = [...from];
  for (let n = left.pop(); n !== undefined; n = left.pop()) {
    if (seen[n] === at) continue;
    seen[n] = at;
    const step = steps[n];
    if (step === undefined || step.kind === "found") return null;
    if (step.kind === "take") takers.push(n);
    else if (step.kind === "either") left.push(...step.ways);
    else if (stands(step.where, before, after)) left.push(n + 1);
  }
  return takers;
}

function stands(where: Where, before: number, after: number): boolean {
  if (where === "begin") return before === -1;
  if (where === "end") return after === -1;
  return (isWord(before) !== isWord(after)) === (where === "word");
}

function isWord(point: number): boolean {
  return WORD.some(([from, to]) => point >= from && point <= to);
}

function holds({ ranges, not }: CharSet, point: number): boolean {
  for (const [from, to] of ranges) if (point >= from && point <= to) return !not;
  return not;
}
