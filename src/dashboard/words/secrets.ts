// Until when a secret is taken, in words: for the pages and the command line. Pure.
import type { SecretState } from "../../contract/overview.ts";
import { inUtc } from "../../time.ts";

/** The end of it, if it has one. */
export function untilInWords({ set, until, ended }: Omit<SecretState, "name">): string {
  if (until === undefined) return set ? "without an end" : "not set";
  const at = inUtc(Date.parse(until));
  if (ended === true) return set ? `ended on ${at}: delete it` : `ended on ${at}`;
  return set ? `until ${at}` : `until ${at}, but not set`;
}
