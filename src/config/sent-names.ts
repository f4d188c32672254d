// Which headers and parameters may a destination ask for? None that is the relay's, or the connection's. Pure.
import { isHeaderName, OF_CONNECTION } from "../contract/header-names.ts";

/** What is wrong with the name of a header, in lower case, or `null`. */
export function headerFault(name: string): string | null {
  if (!isHeaderName(name)) return "is no name of a header. Write letters, digits and hyphens, as in x-tenant";
  if (/^(?:webhook|hookline)-/.test(name))
    return "is the relay's own: it proves and names what is sent. Choose another name, such as x-…";
  if (OF_CONNECTION.has(name)) return "belongs to the connection, which the relay makes. Leave it out";
  if (name === "content-type") return 'is a key of its own. Write content_type = "…" beside headers';
  if (name === "content-encoding")
    return 'says how the body is written. Write gzip = "above 8KiB" beside headers, or leave it out';
  // Cloudflare takes these away, or refuses the request (error 1000).
  if (name.startsWith("cf-") || name === "cdn-loop") return "is Cloudflare's own, and does not arrive. Leave it out";
  return null;
}

/** What is wrong with the name of a member of the body, or `null`. */
export function memberFault(name: string): string | null {
  return /^[\x21-\x7e]{1,128}$/.test(name) ? null : "is no name of a member. Write letters, digits and underscores";
}

/** What is wrong with the name of a parameter, or `null`. */
export function queryFault(name: string): string | null {
  return /^[\x21-\x7e]{1,128}$/.test(name) ? null : "is no name of a parameter. Write letters, digits and hyphens";
}
