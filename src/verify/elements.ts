// A template that goes through lists (`{json:events.*.type}`) has a text for each element:
// a batch is typed by all that is in it. Pure.

import { member } from "../bytes/json.ts";
import { chosen, document, keysOf, render, STEP } from "./render.ts";
import { parseTemplate, placesIn, type Piece } from "../scheme/template.ts";
import type { Scope } from "./scope.ts";

/**
 * The texts of a template whose paths go through lists (`json:events.*.type`): one for each element, in order, and
 * `null` for one that lacks a place. A template that goes through none, or finds none, is rendered once.
 */
export function renderEach(text: string, scope: Scope): readonly (string | null)[] {
  const lists = listsOf(parseTemplate(text));
  const texts: (string | null)[] = [];
  const indices = new Map<string, string>();
  const within: Scope = { ...scope, indices };
  const walk = (depth: number): void => {
    const list = lists[depth];
    if (list === undefined) {
      texts.push(render(text, within));
      return;
    }
    const elements = elementsOf(list, within);
    if (elements.length === 0) return walk(depth + 1);
    for (const element of elements) {
      indices.set(list, element);
      walk(depth + 1);
    }
    indices.delete(list);
  };
  walk(0);
  return texts;
}

/**
 * The paths before each `*` of a template, a list before those inside of it;
 * `first-key:…` is a list of its own, the document's members.
 */
function listsOf(pieces: readonly Piece[]): readonly string[] {
  const paths = placesIn(pieces).flatMap(({ source, name, path }) => {
    if (source === "first-key") return [`first-key:${name}`];
    return source === "json" ? path.flatMap((step, at) => (step === "*" ? [path.slice(0, at).join(STEP)] : [])) : [];
  });
  return [...new Set(paths)].toSorted((a, b) => a.length - b.length);
}

function elementsOf(list: string, scope: Scope): readonly string[] {
  if (list.startsWith("first-key:")) return keysOf(document(scope), list.slice("first-key:".length));
  const found = member(document(scope), list === "" ? [] : chosen(list.split(STEP), scope.indices));
  return Array.isArray(found) ? Object.keys(found) : [];
}
