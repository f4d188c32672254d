// What reading one entry of the configuration is given, and where it writes down what it finds. Types only.
import type { Secret } from "../types.ts";
import type { SecretEnd } from "./configured.ts";
import type { Finding } from "./findings.ts";

/** One table of a var. */
export interface Entry {
  /** `SOURCES.github`, or the var that it stands in: `SOURCES_EU.github`. */
  readonly key: string;
  readonly name: string;
  readonly value: unknown;
}

/** What reading an entry needs, and where it writes down what it finds. */
export interface Reading {
  /** `null` where the secret is not set, or empty. */
  readonly secret: (name: string) => Secret | null;
  readonly loopback: boolean;
  /** The host under which the relay names itself to receivers. */
  readonly origin: string;
  /** Names of the secrets that have to be set, filled as entries are read. */
  readonly asked: Set<string>;
  readonly findings: Finding[];
  /** Old secrets with an end, filled as entries are read. */
  readonly ends: SecretEnd[];
}
