// Where goes what has failed? Each chain of `on_failed` must end, and lead to destinations that there are.
import { error, type Finding, suggest } from "./findings.ts";
import type { Destination } from "../types.ts";

/** @param named every destination that stands in the file, also one that is wrong */
export function checkDeadLetters(
  destinations: ReadonlyMap<string, Destination>,
  named: ReadonlyMap<string, { readonly key: string }>,
  findings: Finding[],
): void {
  for (const { name, onFailed } of destinations.values()) {
    if (onFailed === undefined) continue;
    const key = `${named.get(name)?.key ?? name}.on_failed`;
    if (!named.has(onFailed)) {
      findings.push(error(key, `"${onFailed}" is not a destination.${suggest(onFailed, [...named.keys()])}`));
      continue;
    }
    const way = [name];
    for (let next: string | undefined = onFailed; next !== undefined; next = destinations.get(next)?.onFailed) {
      if (way.includes(next)) {
        // A circle is said where it is entered by one of its own.
        if (next === name)
          findings.push(
            error(key, `leads back to ${name} (${[...way, next].join(", ")}). Leave on_failed out at the last of them`),
          );
        break;
      }
      way.push(next);
    }
  }
}
