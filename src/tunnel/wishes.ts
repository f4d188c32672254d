// Which events somebody wants who listens: the object asks it, and so does the command. Pure.
import { parseJson } from "../bytes/json.ts";
import type { Names } from "../filter/condition.ts";
import { namesOf, type Told } from "../filter/names.ts";
import { type ReadWhen, readWhen } from "../filter/when.ts";

/** All of them where a list is empty. */
export interface Wishes {
  readonly sources: readonly string[];
  readonly events: readonly string[];
  /** A condition as those of routes. What it cannot decide is not wanted. */
  readonly when?: string | undefined;
}

/** What of an event decides it. */
export interface Head {
  readonly source: string;
  readonly type: string;
}

/**
 * Whether somebody wants an event.
 *
 * @param names what a condition reads
 */
export function wants({ sources, events, when }: Wishes, { source, type }: Head, names: Names): boolean {
  if (sources.length > 0 && !sources.includes(source)) return false;
  if (events.length > 0 && !events.some((pattern) => fits(pattern, type))) return false;
  if (when === undefined) return true;
  const read = conditionOf(when);
  const decided = read.ok ? read.when.decide(names) : read;
  return decided.ok && decided.wanted;
}

const decoder = new TextDecoder();

/** What a condition reads of an event, whose body is read where it asks for it. */
export function namesOfBytes(told: Told, body: Uint8Array): Names {
  return namesOf(told, () => parseJson(decoder.decode(body)));
}

/** Conditions that were read; those that listen at once are few. */
const read = new Map<string, ReadWhen>();
const MOST = 100;

/** A condition, or what is wrong with it. */
export function conditionOf(when: string): ReadWhen {
  const known = read.get(when) ?? readWhen(when);
  if (read.size >= MOST) read.clear();
  read.set(when, known);
  return known;
}

/** `*` stands for anything, as in the `events` of a route. */
function fits(pattern: string, type: string): boolean {
  const [start = "", ...rest] = pattern.split("*");
  const end = rest.pop();
  if (end === undefined) return type === start;
  if (!type.startsWith(start)) return false;
  let at = start.length;
  for (const part of rest) {
    const found = type.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return type.length - end.length >= at && type.endsWith(end);
}
