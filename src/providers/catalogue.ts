// Every sender that Hookline knows by name. Checked against its schema by the tests, never while a Worker starts.

import { asymmetric } from "./asymmetric.ts";
import { body } from "./body.ts";
import { composed } from "./composed.ts";
import type { Provider } from "../scheme/scheme.ts";
import { standard } from "./standard.ts";
import { timestamped } from "./timestamped.ts";
import { tokens } from "./tokens.ts";

const catalogue: Readonly<Record<string, Provider>> = {
  ...standard,
  ...timestamped,
  ...body,
  ...composed,
  ...asymmetric,
  ...tokens,
};

/** The provider of that name, or `null`. Names of object members (`constructor`) are nobody's. */
export function findProvider(id: string): Provider | null {
  return Object.hasOwn(catalogue, id) ? catalogue[id]! : null;
}

/** Every name, in alphabetical order. */
export function providerIds(): readonly string[] {
  return Object.keys(catalogue).toSorted();
}
