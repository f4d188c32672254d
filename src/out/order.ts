// Where does what has failed stop what comes behind it? Touches nothing.
import type { Destination } from "../types.ts";

/** The destinations that want it so. */
export function stopping(destinations: ReadonlyMap<string, Pick<Destination, "order">>): string[] {
  return [...destinations].filter(([, { order }]) => order?.stops === true).map(([name]) => name);
}
