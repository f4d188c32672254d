// What does a route make of its events, and may the destinations that it leads to get that? Pure.
import { readTransform } from "../transform/read.ts";
import { type Transform, transformFor, type Transforms } from "../transform/transform.ts";
import type { Destination } from "../types.ts";
import type { Route } from "./configured.ts";
import { error, type Finding, show, suggest, warning } from "./findings.ts";
import { OTHERWISE, VERSION } from "./keys.ts";
import { meet } from "./meeting.ts";

/** One that cannot be read makes no body: what it would have left out is not sent. */
export function readTransforms(
  key: string,
  given: string | Readonly<Record<string, string>>,
  findings: Finding[],
): Transforms {
  const at = `${key}.transform`;
  const read = (text: string, where: string): Transform => {
    const one = readTransform(text);
    if (one.ok) return one.transform;
    findings.push(error(where, `${show(text)} ${one.fault}`));
    return unreadable(text);
  };
  if (typeof given === "string") return { otherwise: read(given, at), versions: {} };
  const { [OTHERWISE]: otherwise, ...texts } = given;
  if (Object.keys(given).length === 0)
    findings.push(error(at, `is empty. Write ${OTHERWISE} = "…", and others by their version, or leave it out`));
  const versions: Record<string, Transform> = {};
  for (const [name, text] of Object.entries(texts)) {
    if (VERSION.test(name)) versions[name] = read(text, `${at}.${name}`);
    else findings.push(error(`${at}.${name}`, "is no version. Write letters, digits, dots and hyphens"));
  }
  return { otherwise: otherwise === undefined ? null : read(otherwise, `${at}.${OTHERWISE}`), versions };
}

function unreadable(text: string): Transform {
  const why = "the transform in the configuration cannot be read: run config:check";
  return { text, reads: new Set(), apply: () => ({ ok: false, error: why }) };
}

/** Formats in which the sender's own proof goes along: it holds for the body as it came alone. */
const AS_IT_CAME = "passthrough";

/** What is wrong between routes that transform and the destinations that they lead to, once each. */
export function untransformable(routes: readonly Route[], destinations: ReadonlyMap<string, Destination>): Finding[] {
  return routes.flatMap((route) => {
    const { name, to, transform } = route;
    if (transform === undefined || isEmpty(transform)) return [];
    const key = `ROUTES.${name}.transform`;
    const faults = to.flatMap((one) => {
      const destination = destinations.get(one);
      if (destination === undefined) return [];
      if (destination.shape?.format === AS_IT_CAME)
        return [
          error(
            key,
            `is no choice for ${one}, whose format is "${AS_IT_CAME}": the sender has signed the body as it came. Leave the format out, or make a route of its own to ${one}`,
          ),
        ];
      if (transformFor(transform, destination) !== null) return [];
      const { version } = destination;
      const known = Object.keys(transform.versions);
      const hint = version === undefined ? "" : suggest(version, known);
      const says = `has nothing for ${one}, ${version === undefined ? "which has no version" : `whose version is ${show(version)}`}.${hint} Write ${OTHERWISE} = "…" beside the others`;
      return [error(key, says)];
    });
    return [...faults, ...unpinned(route, destinations), ...overlaps(route, routes)];
  });
}

/** Which was said where it was read. */
function isEmpty({ otherwise, versions }: Transforms): boolean {
  return otherwise === null && Object.keys(versions).length === 0;
}

/** A version that is written wrong serves nobody; one that is written early serves nobody yet. */
function unpinned({ name, to, transform }: Route, destinations: ReadonlyMap<string, Destination>): Finding[] {
  const pinned = to.flatMap((one) => destinations.get(one)?.version ?? []);
  const idle = Object.keys(transform?.versions ?? {}).filter((version) => !pinned.includes(version));
  return idle.map((version) => {
    const hint = pinned.length === 0 ? "" : suggest(version, [...pinned, OTHERWISE]);
    const says = `is for a version that no destination of this route has pinned.${hint} Write version = ${show(version)} in one of them, or leave it out`;
    return warning(`ROUTES.${name}.transform.${version}`, says);
  });
}

/** An event that two routes take to one destination is one delivery: the first route's transform makes its body. */
function overlaps(route: Route, routes: readonly Route[]): Finding[] {
  const meetAt = (other: Route) => meet(route, other) && route.to.some((one) => other.to.includes(one));
  const later = routes.slice(routes.indexOf(route) + 1);
  const earlier = routes.slice(0, routes.indexOf(route));
  const key = `ROUTES.${route.name}.transform`;
  const second = later.filter((other) => other.transform === undefined && meetAt(other));
  const first = earlier.filter(meetAt);
  return [...first, ...second].map((other) => {
    const [wins, loses] = first.includes(other) ? [other, route] : [route, other];
    const both = route.to.filter((one) => other.to.includes(one)).join(", ");
    return warning(
      key,
      `meets the route ${other.name} at ${both}: an event that both take is delivered once, in the shape that ${wins.name} gives it, because it stands before ${loses.name}. Give one of them other events, or a destination of its own`,
    );
  });
}
