// What a collector was told: every count once, from beginning to end, and nothing that is forgotten afterwards.
import { countedIn, type Told } from "../measured.ts";
import { first, type Invariant } from "./invariant.ts";

/** What is refused for so long, in ms, may be told anew though it may have arrived: docs/metrics.md says so. */
const INSISTING_MS = 3_600_000;
const DELTA = 1;

export const pushedOnce: Invariant = {
  id: "pushed once",
  says: "what a collector was told adds up to what was counted: no interval is missing, told in part twice, or forgotten afterwards",
  ended({ platform, plan }) {
    if (!plan.traits.includes("measured")) return null;
    const { took, begun } = platform.collector;
    if (took.length === 0) return "the collector was told nothing";
    const deltas = took.filter(({ temporality }) => temporality === DELTA);
    if (plan.traits.includes("by deltas") !== (deltas.length === took.length)) return "it was told in another way";
    if (deltas.length === 0) return growing(took);
    const chain = [...new Map(deltas.map((one) => [`${one.from} ${one.until}`, one])).values()].toSorted(
      (a, b) => a.from - b.from || a.until - b.until,
    );
    return changed(deltas) ?? broken(chain) ?? summed(chain, begun ?? new Map(), countedIn(platform, "all"));
  },
};

/** Cumulative: what comes later is no less. */
function growing(took: readonly Told[]): string | null {
  const highest = new Map<string, number>();
  const starts = new Set(took.map(({ from }) => from));
  if (starts.size > 1) return `counting began at ${[...starts].join(" and at ")} ms`;
  return first(
    took.toSorted((a, b) => a.until - b.until),
    ({ sums, until }) =>
      first(sums, ([name, n]) => {
        const before = highest.get(name) ?? 0;
        highest.set(name, n);
        return n >= before ? null : `${name} fell from ${before} to ${n} at ${until} ms`;
      }),
  );
}

/** An interval that is told again is told as it was. */
function changed(deltas: readonly Told[]): string | null {
  const seen = new Map<string, string>();
  return first(deltas, ({ from, until, sums }) => {
    const key = `${from} to ${until} ms`;
    const text = JSON.stringify([...sums]);
    const before = seen.get(key) ?? text;
    seen.set(key, text);
    return before === text ? null : `what happened from ${key} was told as ${before}, and then as ${text}`;
  });
}

/** Each interval begins where the one before has ended. */
function broken(chain: readonly Told[]): string | null {
  return first(chain.slice(1).entries(), ([n, one]) => {
    const before = chain[n];
    if (before === undefined || one.from === before.until) return null;
    if (one.from === before.from && one.until - before.until > INSISTING_MS) return null;
    return `an interval ends at ${before.until} ms, and the next one begins at ${one.from} ms`;
  });
}

function summed(
  chain: readonly Told[],
  begun: ReadonlyMap<string, number>,
  counted: ReadonlyMap<string, number>,
): string | null {
  // Where one was told anew it may be counted twice.
  if (chain.some((one, n) => chain[n + 1]?.from === one.from)) return null;
  const sums = new Map(begun);
  for (const { sums: told } of chain) for (const [name, n] of told) sums.set(name, (sums.get(name) ?? 0) + n);
  return first(counted, ([name, n]) =>
    sums.get(name) === n
      ? null
      : `${name} is ${n}, and the collector was told ${(sums.get(name) ?? 0) - (begun.get(name) ?? 0)}`,
  );
}
