// A JSON document without the values at some places: everything else of its text stays as it is, to the byte. Pure.
import { parseJson, PROVEN } from "../bytes/json.ts";
import { REDACTED_TEXT } from "../ids.ts";
import type { Redaction } from "../scheme/redaction.ts";

type Paths = Redaction["body"];

/** What JSON knows as space, and the mark that a document may begin with. */
const SPACE: ReadonlySet<string | undefined> = new Set([" ", "\n", "\t", "\r", "\uFEFF"]);
/** What a number or a word ends at. */
const END: ReadonlySet<string | undefined> = new Set([",", "]", "}", ...SPACE, undefined]);
/** Texts and numbers of a value, and whether a text is the name of a member. */
const LEAVES = /("[^"\\]*(?:\\.[^"\\]*)*")(\s*:)?|-?\d[\d.eE+-]*/g;

/** What is left of a document, and what was taken out of it: each value as it was written there. */
export interface Cut {
  readonly text: string;
  readonly cuts: readonly string[];
}

/**
 * By the text and not by the document that it stands for: numbers keep all of their digits, and of two members of one
 * name neither is left. A name leads through a list into each of its elements, and into JSON that stands in a text.
 *
 * @param text a JSON document, judged before
 */
export function jsonWithout(text: string, paths: Paths): Cut {
  const walk = new Walk(text);
  walk.value(paths);
  return walk.end();
}

/** Texts and numbers in a value that was taken out. */
export function leavesOf(raw: string): string[] {
  return [...raw.matchAll(LEAVES)].flatMap(([number, quoted, isName]) => {
    if (quoted === undefined) return [number];
    return isName === undefined ? [String(JSON.parse(quoted))] : [];
  });
}

class Walk {
  readonly #text: string;
  readonly #cuts: string[] = [];
  #kept = "";
  /** Up to where the text is kept, or was taken out. */
  #from = 0;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  end(): Cut {
    return { text: this.#kept + this.#text.slice(this.#from), cuts: this.#cuts };
  }

  value(paths: Paths): void {
    this.#space();
    const start = this.#at;
    const isHit = paths.some(({ length }) => length === 0);
    const first = this.#text[start];
    if (isHit || paths.length === 0) this.#skip();
    else if (first === "{") this.#members(paths);
    else if (first === "[") this.#elements(paths);
    else if (first === '"') this.#inText(paths);
    else this.#skip();
    if (isHit) this.#replace(start, REDACTED_TEXT, [this.#text.slice(start, this.#at)]);
  }

  #replace(start: number, by: string, cuts: readonly string[]): void {
    for (const cut of cuts) this.#cuts.push(cut);
    this.#kept += `${this.#text.slice(this.#from, start)}${JSON.stringify(by)}`;
    this.#from = this.#at;
  }

  /** JSON that stands in a text. What begins as such and cannot be read goes as a whole. */
  #inText(paths: Paths): void {
    const start = this.#at;
    const raw = this.#takeText();
    if (!/^"\s*(?:[[{]|\\[u"nrt])/.test(raw)) return;
    const text = String(JSON.parse(raw));
    if (!/^[\s\uFEFF]*[[{"]/.test(text)) return;
    if (parseJson(text, PROVEN.elements) === undefined) {
      if (/^[\s\uFEFF]*[[{]/.test(text)) this.#replace(start, REDACTED_TEXT, [raw]);
      return;
    }
    const inside = jsonWithout(text, paths);
    if (inside.cuts.length > 0) this.#replace(start, inside.text, inside.cuts);
  }

  #members(paths: Paths): void {
    this.#at += 1;
    for (this.#space(); this.#text[this.#at] !== "}"; this.#next()) {
      const written = this.#takeText();
      const name = written.includes("\\") ? String(JSON.parse(written)) : written.slice(1, -1);
      this.#space();
      this.#at += 1;
      this.value(paths.filter(([head]) => head === name || head === "*").map((path) => path.slice(1)));
    }
    this.#at += 1;
  }

  #elements(paths: Paths): void {
    this.#at += 1;
    this.#space();
    const inEach = paths
      .filter(([head = ""]) => !/^\d+$/.test(head))
      .map((path) => (path[0] === "*" ? path.slice(1) : path));
    const isEach = inEach.length === paths.length;
    for (let n = 0; this.#text[this.#at] !== "]"; n += 1, this.#next()) {
      const own = isEach ? [] : paths.filter(([head]) => head === String(n)).map((path) => path.slice(1));
      this.value(own.length === 0 ? inEach : [...own, ...inEach]);
    }
    this.#at += 1;
  }

  #space(): void {
    while (SPACE.has(this.#text[this.#at])) this.#at += 1;
  }

  /** To the next member or element, or to the bracket that ends them. */
  #next(): void {
    this.#space();
    if (this.#text[this.#at] === ",") this.#at += 1;
    this.#space();
  }

  /** Past a value, whatever it is. */
  #skip(): void {
    let depth = 0;
    do {
      this.#space();
      const first = this.#text[this.#at];
      if (first === '"') this.#takeText();
      else if (first === "{" || first === "[") [depth, this.#at] = [depth + 1, this.#at + 1];
      else if (first === "}" || first === "]") [depth, this.#at] = [depth - 1, this.#at + 1];
      else if (first === "," || first === ":") this.#at += 1;
      else while (!END.has(this.#text[this.#at])) this.#at += 1;
    } while (depth > 0 && this.#at < this.#text.length);
  }

  /** A text, as it is written. By a form of its own, a long one would fill the stack of the matcher. */
  #takeText(): string {
    const start = this.#at;
    let end = this.#text.indexOf('"', start + 1);
    while (end !== -1 && this.#isEscaped(end)) end = this.#text.indexOf('"', end + 1);
    this.#at = end === -1 ? this.#text.length : end + 1;
    return this.#text.slice(start, this.#at);
  }

  #isEscaped(at: number): boolean {
    let before = at;
    while (this.#text[before - 1] === "\\") before -= 1;
    return (at - before) % 2 === 1;
  }
}
