// Where a destination is that has no address on the internet. Pure.
import type { DestinationAnswer } from "../../contract/operations.ts";

/** What such a destination is. */
export const KINDS = {
  inspect: "inspector",
  service: "Worker",
  queue: "queue",
  r2: "bucket",
  email: "e-mail",
  tunnel: "tunnel",
} as const;

/** Where it is reached by a binding; `null` where it is not. */
export function wayInWords({ kind, binding, key }: Pick<DestinationAnswer, "kind" | "binding" | "key">): string | null {
  if (kind === "http" || kind === "inspect") return null;
  if (kind === "tunnel") return "tunnel: hookline listen";
  return `${KINDS[kind]} ${binding ?? ""}${key === undefined ? "" : `, ${key}`}`;
}
