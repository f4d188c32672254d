// Where does a claim ask more than elsewhere: does what has failed stop what comes behind it, has somebody to listen?
// Touches nothing.
import type { Destination } from "../types.ts";

/** The destinations that want it so. */
export function stopping(destinations: ReadonlyMap<string, Pick<Destination, "order">>): string[] {
  return [...destinations].filter(([, { order }]) => order?.stops === true).map(([name]) => name);
}

/** The destinations whose deliveries go to whoever listens. */
export function tunnelsAmong(destinations: ReadonlyMap<string, Pick<Destination, "binding">>): string[] {
  return [...destinations].filter(([, { binding }]) => binding?.kind === "tunnel").map(([name]) => name);
}
