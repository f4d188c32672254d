// What the command line asks of a verb; imports nothing but types.
import type { ParseArgsConfig } from "node:util";

/** Where a verb writes: results to `out`, everything that is only for people to `err`. A line each. */
export interface Terminal {
  readonly out: (line: string) => void;
  readonly err: (line: string) => void;
  /** Puts a question to whoever sits there; left out where nobody does, as in a script. */
  readonly ask?: (question: string) => Promise<string>;
}

/** What was asked for. */
export interface Asked {
  readonly names: readonly string[];
  readonly options: Readonly<Record<string, unknown>>;
  /** One JSON document on `out` instead of text. */
  readonly json: boolean;
}

/** One command. */
export interface Verb {
  /** After `hookline`, as in `check [--config FILE]`. */
  readonly usage: string;
  readonly help: string;
  readonly options: NonNullable<ParseArgsConfig["options"]>;
  /** How many names it takes. */
  readonly names: number;
  /** How many more it may be given. */
  readonly optional?: number;
  /** Answers with the exit code: 0, or 1 for a refusal. */
  run(asked: Asked, terminal: Terminal): Promise<number>;
}

/** One that asks a relay, with its line in the overview of commands. */
export interface RemoteVerb extends Verb {
  readonly summary: string;
}
