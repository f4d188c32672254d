// A JSON document without the values at some places: everything else of its text stays as it is, to the byte. Pure.
import { parseJson, PROVEN } from "../bytes/json.ts";
import { REDACTED_TEXT } from "../ids.ts";
import type { Redaction } from "../scheme/redaction.ts";

type Paths = Redaction["body"];

/** What JSON knows as space, and the mark that a document may begin with. */
const SPACE: ReadonlySet<string | undefined> = new Set([" ", "\n", "\t", "\r", "\uFEFF"]);
/** What a number or a word ends at. */
const END: ReadonlySet<string | undefined> = new Set([",", "]", "}", ...SPACE, undefined]);
/** Texts and numbers of a value, and where an object of it begins and ends. */
const LEAVES = /"[^"\\]*(?:\\.[^"\\]*)*"|-?\d[\d.eE+-]*|[{}]/g;

/** What is left of a document, and what was taken out of it: each value as it was written there. */
export interface Cut {
  readonly text: string;
  readonly cuts: readonly string[];
  /** Those of them that stand at the end of a path: not what went because nobody knows what is in it. */
  readonly hits: readonly string[];
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

/** The text or number that a value is, or those of a list. What is in an object has a name, and so another place. */
export function scalarsOf(raw: string): string[] {
  let depth = 0;
  return [...raw.matchAll(LEAVES)].flatMap(([found]) => {
    if (found === "{") depth += 1;
    if (found === "}") depth -= 1;
    if (depth > 0 || found === "}") return [];
    return [found.startsWith('"') ? String(JSON.parse(found)) : found];
  });
}

class Walk {
  readonly #text: string;
  readonly #cuts: string[] = [];
  readonly #hits: string[] = [];
  #kept = "";
  /** Up to where the text is kept, or was taken out. */
  #from = 0;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  end(): Cut {
    return { text: this.#kept + this.#text.slice(this.#from), cuts: this.#cuts, hits: this.#hits };
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
    if (!isHit) return;
    const raw = this.#text.slice(start, this.#at);
    this.#hits.push(raw);
    this.#replace(start, REDACTED_TEXT, [raw]);
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
    for (const hit of inside.hits) this.#hits.push(hit);
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
