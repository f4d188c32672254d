// Every function of the language: those that a transform may call, and why not the others. Pure.
import { LISTS } from "./lists.ts";
import { Native } from "./native.ts";
import { NUMBERS } from "./numbers.ts";
import { TEXTS } from "./texts.ts";

export const FUNCTIONS: ReadonlyMap<string, Native> = new Map(
  Object.entries({ ...TEXTS, ...NUMBERS, ...LISTS }).map(
    ([name, [form, arity, run]]) => [name, new Native(name, form, arity, run)] as const,
  ),
);

const CLOCK = "which is another at every attempt, and all attempts have one body. Use event.receivedAt";
const PICTURE = "whose picture is a small language of its own. Send the number, or write it with $string and &";

/** In words that go on from the call and end in the fix. */
export const REFUSED: ReadonlyMap<string, string> = new Map([
  ["eval", "by which a sender could write expressions. Write the expression here"],
  ["match", "which takes a pattern, whose time has no bound. Use $contains, $split or $substringBefore with text"],
  ["formatNumber", PICTURE],
  ["formatInteger", PICTURE],
  ["parseInteger", PICTURE],
  ["now", CLOCK],
  ["millis", CLOCK],
  ["random", "which is another at every attempt, and all attempts have one body. Use event.id"],
  ["shuffle", "which is another at every attempt, and all attempts have one body. Use $sort"],
]);
