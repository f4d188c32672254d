// Is the value at a place of an event one that nobody is to see? Pure.
import type { Redaction } from "./redaction.ts";

/** @param place `body.card.number` or `headers.x-token` */
export function isRedacted({ redact }: { readonly redact?: Redaction }, place: string): boolean {
  const [root = "", ...path] = place.split(".");
  if (redact === undefined) return false;
  return root === "headers"
    ? redact.headers.includes(path.join(".").toLowerCase())
    : redact.body.some((one) => covers(one, path));
}

/**
 * Whether a redacted path takes all that a place leads to. A name of either leads through lists, so that `items.email`
 * is `items.*.email`, and `items.0.email` is in both. A body itself is hardly ever a list.
 */
function covers(path: readonly string[], place: readonly string[], isRoot = true): boolean {
  const [head, ...further] = path;
  const [first, ...rest] = place;
  if (head === undefined) return true;
  if (first === undefined) return false;
  if ((head === first || head === "*") && covers(further, rest, false)) return true;
  if (/^(?:\d+|\*)$/.test(first) && covers(path, rest, isRoot)) return true;
  return head === "*" && !isRoot && covers(further, place, isRoot);
}
