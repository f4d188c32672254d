// What was found wrong, by the invariant that it breaks: a count and the first few stories of each.

/** Stories that are kept of each kind. */
const EXAMPLES = 5;

export interface Finding {
  /** The invariant of the design, and what is wrong in a few words. */
  readonly rule: string;
  count: number;
  readonly examples: string[];
}

export class Findings {
  readonly #byRule = new Map<string, Finding>();

  add(rule: string, example: string): void {
    const known = this.#byRule.get(rule) ?? { rule, count: 0, examples: [] };
    this.#byRule.set(rule, known);
    known.count += 1;
    if (known.examples.length < EXAMPLES) known.examples.push(example);
  }

  all(): readonly Finding[] {
    return [...this.#byRule.values()];
  }
}

/** Counts by name, the largest first. */
export class Counts {
  readonly #counts = new Map<string, number>();

  add(name: string): void {
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1);
  }

  get(name: string): number {
    return this.#counts.get(name) ?? 0;
  }

  total(): number {
    return [...this.#counts.values()].reduce((sum, n) => sum + n, 0);
  }

  all(): Record<string, number> {
    return Object.fromEntries([...this.#counts].toSorted(([, a], [, b]) => b - a));
  }
}
