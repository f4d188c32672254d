// What is redacted and stays readable all the same: the place of a type, which is kept as it is, or of an id, of which
// a hash is kept. Pure.
import { parsePlace, type Place } from "../scheme/places.ts";
import { isRedacted } from "../scheme/redacted.ts";
import type { Provider } from "../scheme/scheme.ts";
import { placesOf } from "../scheme/template.ts";
import type { ConfiguredSource } from "./configured.ts";
import { type Finding, warning } from "./findings.ts";

/** A finding for each source whose `redact` names what its events are known by: one of the type, and one of the id. */
export function redactsNames(
  sources: Iterable<Pick<ConfiguredSource, "name" | "redact" | "scheme">>,
  keyOf: (source: string) => string,
): Finding[] {
  const findings: Finding[] = [];
  for (const source of sources) {
    if (source.redact === undefined) continue;
    const [type, id] = [namedIn(source.scheme.type, source), namedIn(source.scheme.id, source)];
    const key = `${keyOf(source.name)}.redact`;
    if (type !== null) findings.push(warning(key, `names ${type}, which is the type of these events: ${TYPE}`));
    if (id !== null) findings.push(warning(key, `names ${id}, by which the sender's repeats are known: ${ID}`));
  }
  return findings;
}

const TYPE =
  "a type is kept and sent as it is, and so is this value. Leave that place out, or let the source take its type from another one";
const ID =
  "the id of an event is a hash of it, and whoever can guess the value can tell that it was this one. Leave that place out, or let the source take its id from another one";

/** The first place of a template that is redacted, as `redact` would name it. */
function namedIn(template: string | undefined, source: Pick<ConfiguredSource, "redact" | "scheme">): string | null {
  const places = template === undefined ? [] : placesOf(template).flatMap((place) => leading(place, source.scheme));
  return places.map((place) => place.join(".")).find((place) => isRedacted(source, place)) ?? null;
}

/** The names that lead to a place of a request in the words of `redact`; none where it stands elsewhere. */
function leading({ source, name, path }: Place, { payload, each }: Provider): string[][] {
  switch (source) {
    case "header":
      return [["headers", name.toLowerCase()]];
    case "form":
    case "form-only":
      return [["body", name]];
    case "item":
      return parsePlace(each ?? "").map((list) => ["body"].concat(list.path, "*", path));
    case "json": {
      // A document may stand in a field of a form.
      const fields = payload === undefined ? [] : parsePlace(payload).filter((one) => one.source.startsWith("form"));
      return [["body", ...path], ...fields.map((field) => ["body", field.name].concat(path))];
    }
    default:
      return [];
  }
}
