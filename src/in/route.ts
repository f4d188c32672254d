// Where does this event go? Patterns over event types and conditions over what it says, decided once at acceptance;
// touches nothing.
import type { Route } from "../config/configured.ts";
import type { Names } from "../filter/condition.ts";
import type { Match, Undecided } from "../types.ts";

/** What one route says to an event, and the first reason where it does not take it. */
export type Verdict =
  | { readonly kind: "taken" | "disabled" | "source" | "events" | "when" }
  | { readonly kind: "undecided"; readonly error: string };

/** Where an event goes. */
export interface Destined {
  readonly matched: readonly Match[];
  /** Routes whose condition could not be decided, in file order. */
  readonly undecided: readonly Undecided[];
  /** The answer that the sender gets, by the first route that says so. */
  readonly reply?: NonNullable<Route["reply"]>;
}

/** @param types all that the request holds: a batch goes where any of its events would go */
export function judge(
  { from, events, when, disabled }: Route,
  source: string,
  types: readonly string[],
  names: Names,
): Verdict {
  if (disabled === true) return { kind: "disabled" };
  if (!from.includes(source)) return { kind: "source" };
  if (events.length > 0 && !events.some((pattern) => types.some((type) => fits(pattern, type))))
    return { kind: "events" };
  if (when === undefined) return { kind: "taken" };
  const decided = when.decide(names);
  if (!decided.ok) return { kind: "undecided", error: decided.error };
  return { kind: decided.wanted ? "taken" : "when" };
}

/**
 * The destinations of an event, in file order. A destination that several routes name gets one delivery, and the
 * first route in the file is the one on record.
 */
export function match(routes: Iterable<Route>, source: string, types: readonly string[], names: Names): Destined {
  const matched = new Map<string, Match>();
  const undecided: Undecided[] = [];
  let reply: Route["reply"];
  for (const route of routes) {
    const verdict = judge(route, source, types, names);
    if (verdict.kind === "undecided") undecided.push({ route: route.name, error: verdict.error });
    if (verdict.kind !== "taken") continue;
    reply ??= route.reply;
    for (const destination of route.to) {
      if (!matched.has(destination)) matched.set(destination, matchOf(destination, route));
    }
  }
  const all = [...matched.values()];
  if (reply === undefined) return { matched: all, undecided };
  const { destination } = reply;
  const awaited = (one: Match): Match => (one.destination === destination ? Object.assign(one, { reply: 1 }) : one);
  return { matched: all.map(awaited), undecided, reply };
}

function matchOf(destination: string, { name, transform }: Route): Match {
  return transform === undefined ? { destination, route: name } : { destination, route: name, transform: 1 };
}

/**
 * Whether an event type fits a pattern, in which `*` stands for any characters or none; upper and lower case differ.
 * Each piece between stars is taken at its first place and never taken back, which is enough for `*` alone and
 * leaves nothing to backtrack into: `*a*a*a*a*b` costs no more than it is long.
 */
export function fits(pattern: string, type: string): boolean {
  const pieces = pattern.split("*");
  const first = pieces.shift() ?? "";
  const last = pieces.pop();
  if (last === undefined) return pattern === type;
  if (!type.startsWith(first) || !type.endsWith(last)) return false;

  const end = type.length - last.length;
  let at = first.length;
  for (const piece of pieces) {
    const found = type.indexOf(piece, at);
    if (found === -1) return false;
    at = found + piece.length;
  }
  return at <= end;
}
