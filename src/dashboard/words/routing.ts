// Why a route takes an event or does not, in words for whoever looks for it. Pure.
import { parsed } from "../../bytes/json.ts";
import type { RouteVerdict, RoutesTried, TriedDry } from "../../contract/routing.ts";

/** One sentence without its full stop. */
export function verdictInWords(one: RouteVerdict, { source, type }: Pick<RoutesTried, "source" | "type">): string {
  switch (one.verdict) {
    case "taken":
      return takenInWords(one);
    case "disabled":
      return "it is turned off: enabled = false";
    case "source":
      return `it takes from ${one.from.join(", ")}, and this is of ${source}`;
    case "events":
      return `it takes ${one.events.join(", ")}, and this is ${type}`;
    case "when":
      return `${one.when ?? ""} is false: ${readInWords(one)}`;
    case "undecided":
      return `${one.when ?? ""} cannot be decided: ${one.error ?? ""} (${readInWords(one)})`;
  }
}

function takenInWords({ to, when, already_by: before }: RouteVerdict): string {
  const where = `to ${to.join(", ")}`;
  const why = when === null ? "" : `, since ${when}`;
  return before.length === 0
    ? `${where}${why}`
    : `${where}${why}; where ${before.join(", ")} leads too, the delivery is its`;
}

/** The values that the condition read. */
function readInWords({ reads }: Pick<RouteVerdict, "reads">): string {
  if (reads.length === 0) return "it reads no value of the event";
  return reads.map(({ path, value }) => (value === null ? `${path} is missing` : `${path} is ${value}`)).join(", ");
}

/** What a condition says to an event, with the values that it read. */
export function conditionInWords(one: TriedDry["tried"][number]): string {
  const { when, wanted, undecided } = one;
  const read = readInWords(one);
  if (wanted === null) return `${when ?? ""} cannot be decided: ${undecided ?? ""} (${read})`;
  return `${when ?? ""} is ${wanted ? "true" : "false"}: ${read}`;
}

/** A body with a line for each member, where it is JSON. */
export function spreadOut(body: string): string {
  const value = parsed(body);
  return value === undefined ? body : JSON.stringify(value, null, 2);
}
