// What templates can read: the request's readings, and what each step of the verification has found so far. Types only.

import type { Readings } from "./readings.ts";
import type { Provider } from "../scheme/scheme.ts";

/** Everything that a place can name. What a step does not know yet is left out, and its places are then missing. */
export interface Scope {
  readonly readings: Readings;
  readonly provider: Provider;
  readonly settings: Readonly<Record<string, string>>;
  readonly url?: string;
  readonly timestamp?: string | null;
  readonly secret?: string;
  /** Members of the signature header. */
  readonly pairs?: ReadonlyMap<string, string>;
  /** The current element of `each`. */
  readonly item?: unknown;
  readonly claims?: unknown;
  /** The name of the sender's key. */
  readonly kid?: string | null;
  readonly challenge?: string;
  readonly computed?: string;
  /** Which element of a list a `*` of a path stands for, by the path before it. */
  readonly indices?: ReadonlyMap<string, string>;
}
