// What the command line asks of a verb, and how a verb says no.
import { plain } from "./table.ts";

/** Where a verb writes: results to `out`, everything that is only for people to `err`. A line each. */
export interface Terminal {
  readonly out: (line: string) => void;
  readonly err: (line: string) => void;
  /** Puts a question to whoever sits there; left out where nobody does, as in a script. */
  readonly ask?: (question: string) => Promise<string>;
  /** Says that something takes longer than a second; left out where nobody sees it. */
  readonly progress?: (line: string) => void;
}

/** What was asked for. */
export interface Asked {
  readonly names: readonly string[];
  readonly options: Readonly<Record<string, unknown>>;
  /** One JSON document on `out` instead of text. */
  readonly json: boolean;
}

/** One option, as in `--since TIME`. */
export interface VerbOption {
  readonly type: "string" | "boolean";
  /** One letter. */
  readonly short?: string;
  readonly default?: string | boolean;
  /** What stands for its value in the help; the option's own name otherwise. */
  readonly value?: string;
  /** What it does, in a line. */
  readonly help: string;
  /** What a value must look like, and in words; whatever is sent as a number must say it. */
  readonly form?: readonly [pattern: RegExp, words: string];
}

/** One command. */
export interface Verb {
  /** After `hookline`, as in `check [--config FILE]`. */
  readonly usage: string;
  /** What it does; each option says the rest of itself. */
  readonly help: string;
  readonly options: Readonly<Record<string, VerbOption>>;
  /** Command lines that work, without `hookline`. A test has each of them understood. */
  readonly examples: readonly string[];
  /** What `--json` prints, where that is not one document. */
  readonly json?: string;
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

/** A command line that cannot be meant: a sentence that says how to write it. */
export class Misused extends Error {}

/** Says why nothing was done, as text for people or as JSON. The exit code of a refusal. */
export function refused(why: string, asked: Pick<Asked, "json">, terminal: Terminal): 1 {
  tell(why, asked, terminal);
  return 1;
}

/** Says what was not understood. The exit code of a command line that cannot be meant. */
export function misused(why: string, asked: Pick<Asked, "json">, terminal: Terminal): 2 {
  tell(why, asked, terminal);
  return 2;
}

/** Longer than any sentence of ours: what was typed stands in some of them. */
const MOST_TOLD = 2_000;

function tell(why: string, { json }: Pick<Asked, "json">, { out, err }: Terminal): void {
  const told = why.length > MOST_TOLD ? `${why.slice(0, MOST_TOLD)}\u2026` : why;
  // What others wrote may stand in it.
  if (json) out(JSON.stringify({ error: told }));
  else err(told.split("\n").map(plain).join("\n"));
}
