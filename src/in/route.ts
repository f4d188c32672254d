// Where does this event go? Patterns over event types, decided once at acceptance; touches nothing.
import type { Match, Route } from "../types.ts";

/**
 * The destinations of an event, in file order. A destination that several routes name gets one delivery, and the
 * first route in the file is the one on record.
 *
 * @param types all that the request holds: a batch goes where any of its events would go
 */
export function match(routes: Iterable<Route>, source: string, types: readonly string[]): Match[] {
  const matched = new Map<string, Match>();
  for (const { name, from, events, to } of routes) {
    if (!from.includes(source)) continue;
    if (events.length > 0 && !events.some((pattern) => types.some((type) => fits(pattern, type)))) continue;
    for (const destination of to) {
      if (!matched.has(destination)) matched.set(destination, { destination, route: name });
    }
  }
  return [...matched.values()];
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
