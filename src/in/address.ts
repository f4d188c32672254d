// Which source does a path lead to, or mean? The address as it is given,
// in the spellings that people and proxies make of it. Pure.
import { nearest } from "../config/findings.ts";

/** Longest path that is read or repeated, in characters. */
const LONGEST = 100;

/**
 * The name in `/in/NAME` or `/v1/in/NAME`, which are one: slashes at the end or doubled, capitals and spaces around it
 * change nothing, since no name has any of these. `null` where the path has another form.
 */
export function sourceAt(path: string): string | null {
  const written = /^\/+(?:v1\/+)?in\/+([^/]+)\/*$/i.exec(path)?.[1];
  return written === undefined ? null : decoded(written).trim().toLowerCase();
}

/** Whether a path is that of a source, known or not. */
export function isAddressed(path: string): boolean {
  return /^\/+(?:v1\/+)?in\//i.test(path);
}

/** The address of a source in the one of its two spellings that was called. */
export function spelled(url: string, name: string): string {
  return `${/^\/+v1\//i.test(URL.parse(url)?.pathname ?? "") ? "/v1" : ""}/in/${name}`;
}

/** What follows the first segment belongs to people and their programs. */
const OWN = /^\/+(?:api|assets|sources|destinations|events|deliveries|routes|replays|keys|audit)(?:\/|$)/i;

/**
 * The source whose address was missed by a path that leads nowhere:
 * its name stands in it, or one so like it that it is a slip.
 */
export function sourceMeant(path: string, names: readonly string[]): string | null {
  if (path.length > LONGEST || OWN.test(path)) return null;
  const written = path.split("/").flatMap((one) => (one === "" ? [] : [decoded(one).trim().toLowerCase()]));
  const segments = isAddressed(path) && written[0] === "v1" ? written.slice(1) : written;
  if (segments.length > 4) return null;
  const named = names.find((name) => segments.includes(name));
  if (named !== undefined) return named;
  const [first, second] = segments;
  // Of one or two letters, everything is a slip.
  return first === "in" && second !== undefined && second.length > 2 ? nearest(second, names) : null;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
