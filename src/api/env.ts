// What every route of the API is given, and how it says no.
import type { Caller } from "../contract/access.ts";
import type { Problem } from "../errors.ts";
import type { Operator } from "../operate/open.ts";
import type { By, Done } from "../operate/operator.ts";

/** What the guard has found out. */
export interface ApiEnv {
  readonly Variables: { readonly caller: Caller; readonly by: By };
}

export interface RoomDeps {
  readonly operator: Operator;
}

/** Thrown by a route that says no, so that what it returns is of one type, which the typed client then has too. */
export class Refusal extends Error {
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.title);
    this.problem = problem;
  }
}

/** What was asked for, or a refusal. */
export function granted<T>(done: Done<T>): T {
  if (!done.ok) throw new Refusal(done.problem);
  return done.value;
}
