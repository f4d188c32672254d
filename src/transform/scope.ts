// What is known of the place where a part of an expression stands, and what is wrong with it. Pure.
import type { Node } from "./ast.ts";

/** One thing that is wrong with a transform, in words that go on from its text, and where. */
export class ReadingFault extends Error {
  readonly at: number | null;

  constructor(message: string, at: number | undefined) {
    super(message);
    this.at = at ?? null;
  }
}

/** The names that a transform may read. */
export const KNOWN: ReadonlySet<string> = new Set(["event", "source", "headers", "body", "object"]);

/** Parts of an expression in each other. */
const MOST_NESTED = 60;

export interface Scope {
  /** Whether `$` is still the event: a name that stands here is one of the five. */
  readonly top: boolean;
  readonly depth: number;
  /** Variables that the expression binds anywhere, by `:=` or as a parameter. */
  readonly bound: ReadonlySet<string>;
  /** Told of each name of the five that may be read. */
  readonly reads: Set<string>;
}

/** One level further in; `top` says whether `$` stays what it is. */
export function inside(scope: Scope, top: boolean, at: number | undefined): Scope {
  if (scope.depth >= MOST_NESTED) throw new ReadingFault(`has parts more than ${MOST_NESTED} deep in each other`, at);
  return { ...scope, top: scope.top && top, depth: scope.depth + 1 };
}

/** Where the event as a whole is read, all names are. */
export function readsAll({ top, reads }: Scope): void {
  if (top) for (const name of KNOWN) reads.add(name);
}

export function need(node: Node | undefined, { position }: Node): Node {
  if (node === undefined) throw new ReadingFault("stops making sense", position);
  return node;
}

export function nodeOf(one: Node["lhs"], { position }: Node): Node {
  if (one === undefined || !("type" in one)) throw new ReadingFault("stops making sense", position);
  return one;
}
