// Do the routes mean what they say? Warnings about overlaps and about what no route reaches; touches nothing.
import type { Config, ConfiguredSource, Route } from "../../config/configured.ts";
import { NOTICE_TYPES, OWN_NAME } from "../../contract/alerts.ts";
import { parseTemplate, type Piece } from "../../scheme/template.ts";
import { type Finding, warning } from "../../config/findings.ts";
import { asType } from "../../in/identify.ts";
import { fits } from "../../in/route.ts";

/** Warnings only: each of these can be meant. */
export function examineRoutes({
  sources,
  destinations,
  routes: all,
}: Pick<Config, "sources" | "destinations" | "routes">): Finding[] {
  const routes = all.filter(({ disabled }) => disabled !== true);
  const from = new Set(routes.flatMap((route) => route.from));
  // What fails elsewhere reaches a destination without a route.
  const dead = [...destinations.values()].flatMap(({ onFailed }) => onFailed ?? []);
  const to = new Set([...routes.flatMap((route) => route.to), ...dead]);
  return [
    ...idle("SOURCES", "is in no route: its events are kept and go nowhere", sources.keys(), from),
    ...idle("DESTINATIONS", "is in no route: it gets nothing", destinations.keys(), to),
    ...routes.flatMap((route) => route.from.flatMap((name) => unmet(route, sources.get(name)))),
    ...routes.filter(({ from: names }) => names.includes(OWN_NAME)).flatMap(unsaid),
    ...routes.flatMap((later, index) => routes.slice(0, index).flatMap((earlier) => overlap(earlier, later))),
  ];
}

function idle(kind: string, says: string, names: Iterable<string>, used: ReadonlySet<string>): Finding[] {
  return [...names].filter((name) => !used.has(name)).map((name) => warning(`${kind}.${name}`, says));
}

/** A pattern for a sender whose events have one type, or none that could be read, and another than that. */
function unmet({ name, events }: Route, source: ConfiguredSource | undefined): Finding[] {
  const only = source === undefined ? null : onlyType(source.scheme.type);
  if (source === undefined || only === null || events.length === 0) return [];
  if (events.some((pattern) => fits(pattern, only))) return [];
  const says = `fits nothing of ${source.name}: every event of it has the type "${only}". Write that, or leave events out`;
  return [warning(`ROUTES.${name}.events`, says)];
}

/** A pattern for the relay's own events that none of them has. */
function unsaid({ name, events }: Route): Finding[] {
  if (events.length === 0 || events.some((pattern) => NOTICE_TYPES.some((type) => fits(pattern, type)))) return [];
  const says = `fits nothing of ${OWN_NAME}, whose events have the types ${NOTICE_TYPES.join(" and ")}. Write "alert.*", or leave events out`;
  return [warning(`ROUTES.${name}.events`, says)];
}

/** The type of every event of a sender, or `null` where it depends on the request. */
function onlyType(template: string | undefined): string | null {
  const pieces = template === undefined ? [] : parseTemplate(template);
  return pieces.every(({ kind }) => kind === "text") ? asType(pieces.map(textOf).join("")) : null;
}

function textOf(piece: Piece): string {
  return piece.kind === "text" ? piece.text : "";
}

/** Two of which one has a condition are written so because they overlap. */
function overlap(earlier: Route, later: Route): Finding[] {
  if (earlier.when !== undefined || later.when !== undefined) return [];
  const sources = later.from.filter((name) => earlier.from.includes(name));
  const destinations = later.to.filter((name) => earlier.to.includes(name));
  if (sources.length === 0 || destinations.length === 0) return [];
  const pairs = patterns(earlier).flatMap((a) => patterns(later).map((b) => [a, b] as const));
  if (!pairs.some(([a, b]) => meet(a, b))) return [];
  const says = `can name ${destinations.join(", ")} for the same event of ${sources.join(", ")} as ROUTES.${earlier.name}. It gets one delivery, by ${earlier.name}, which stands first`;
  return [warning(`ROUTES.${later.name}`, says)];
}

function patterns({ events }: Route): readonly string[] {
  return events.length === 0 ? ["*"] : events;
}

/**
 * Whether some text fits both patterns. `reached` holds the places in `b` that can be stood at after the part of `a`
 * that was read; a star may be left at once or stayed in.
 */
export function meet(a: string, b: string): boolean {
  let reached = spread(b, new Set([0]));
  for (const character of a.split("")) {
    const next = new Set<number>();
    for (const place of reached) {
      if (character === "*") {
        for (let further = place; further <= b.length; further += 1) next.add(further);
      } else if (b[place] === "*") {
        next.add(place);
      } else if (b[place] === character) {
        next.add(place + 1);
      }
    }
    reached = spread(b, next);
  }
  return reached.has(b.length);
}

/** Also the places behind the stars that it stands before. */
function spread(pattern: string, places: ReadonlySet<number>): Set<number> {
  const all = new Set(places);
  for (const place of all) {
    if (pattern[place] === "*") all.add(place + 1);
  }
  return all;
}
