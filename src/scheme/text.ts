// The smallest parts of a sender's description: places, templates and patterns. Data only.

import * as z from "zod/mini";
import { placeFault } from "./places.ts";
import { templateFault } from "./template.ts";

/**
 * Where a value is: `header:Name`, `query:name`, `form:name`, `json:path.to.it` (an index is a path segment:
 * `json:events.0.type`), `pair:t` (within the signature header), `item:path` (within one element of `each`),
 * `claim:name` (of a JWT), `setting:name` (of the source), or one of `body`, `url`, `method`, `timestamp`, `secret`.
 * The rest of the kinds are in `canonical.ts`. Alternatives stand behind a bar, the first that is there counts:
 * `header:svix-id|header:webhook-id`.
 */
export const place = z.string().check((given) => {
  const fault = placeFault(given.value);
  if (fault !== null) given.issues.push({ code: "custom", message: fault, input: given.value });
});

/**
 * Text with places in braces, `{timestamp}.{body}`. A part in square brackets is left out where one of its places is
 * missing: `{header:X-GitHub-Event}[.{json:action}]`. Double a brace or bracket to write it.
 */
export const template = z.string().check((given) => {
  const fault = templateFault(given.value);
  if (fault !== null) given.issues.push({ code: "custom", message: fault, input: given.value });
});

/** A regular expression for the whole of a host name, of a path, or of a query (without the question mark). */
export const pattern = z
  .string()
  .check(z.refine(isPattern, 'is no regular expression. Write one for the whole of it, such as "api\\.example\\.com"'));

function isPattern(text: string): boolean {
  try {
    return new RegExp(text).source !== "";
  } catch {
    return false;
  }
}

/** How bytes are written. */
export const encoding = z.enum(["hex", "base64", "base64url"]);
