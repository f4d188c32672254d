// Where is the object that an event names? At a host of the configuration's, by a path of the sender's. Pure.
import { destinationUrl, type Judged, type Scope } from "./egress.ts";

const LONGEST = 2_000;

/**
 * The URL of an object. Of the event comes a path and no more: what could lead elsewhere, or what two parsers could
 * read in two ways, is refused, and not put right.
 *
 * @param from the origin that the configuration names
 * @param path what the event says
 */
export function objectUrl(from: string, path: unknown, scope: Scope): Judged {
  if (typeof path !== "string") return no("the event names no object at that place");
  if (path.length > LONGEST) return no(`the event names an object by more than ${LONGEST} characters`);
  const way = path.split("?", 1)[0] ?? "";
  const odd =
    !/^\/[\x21-\x7e]*$/.test(path) ||
    /\\|\/\/|#|@/.test(path) ||
    /%(?:2e|2f|5c|[01][0-9a-f]|7f|25)/i.test(path) ||
    /%(?![0-9a-f]{2})/i.test(path) ||
    way.split("/").some((part) => part === "." || part === "..");
  if (odd) return no("the event names an object by what is no plain path");
  const base = URL.parse(from);
  const url = URL.parse(path, from);
  if (base === null || url === null || url.origin !== base.origin || url.pathname !== way)
    return no("the event names an object elsewhere");
  return destinationUrl(url.href, scope);
}

function no(why: string): Judged {
  return { ok: false, why };
}
