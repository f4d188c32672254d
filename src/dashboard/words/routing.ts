// Why a route takes an event or does not, in words for whoever looks for it. Pure.
import type { RouteVerdict, RoutesTried } from "../../contract/routing.ts";

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
function readInWords({ reads }: RouteVerdict): string {
  if (reads.length === 0) return "it reads nothing of the event";
  return reads.map(({ path, value }) => (value === null ? `${path} is not there` : `${path} is ${value}`)).join(", ");
}
