// Every tool, in the order in which they are listed, and whose they are.
import { allows } from "../access/access.ts";
import type { Caller } from "../contract/access.ts";
import { DELETIONS } from "./deletions.ts";
import { LOOKS } from "./looks.ts";
import { ORDERS } from "./orders.ts";
import type { Tool } from "./tool.ts";
import { TRIES } from "./tries.ts";

export const TOOLS: readonly Tool[] = [...LOOKS, ...TRIES, ...ORDERS, ...DELETIONS];

/** The tools that a caller's role has. */
export function toolsFor(caller: Pick<Caller, "role">): readonly Tool[] {
  return TOOLS.filter(({ role }) => allows(caller, role));
}
