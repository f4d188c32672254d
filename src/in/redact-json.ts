// A JSON document without the values at some places: everything else of its text stays as it is, to the byte. Pure.
import type { Redaction } from "../scheme/redaction.ts";

/** Stands in the place of what was taken out. */
export const REDACTED_TEXT = "[redacted]";

type Paths = Redaction["body"];

const SPACE = /[\s\uFEFF]*/y;
const TEXT = /"[^"\\]*(?:\\.[^"\\]*)*"/y;
const SCALAR = /[^\s,\]}]+/y;
/** Texts and numbers of a value, and whether a text is the name of a member. */
const LEAVES = /("[^"\\]*(?:\\.[^"\\]*)*")(\s*:)?|-?\d[\d.eE+-]*/g;

/**
 * By the text and not by the document that it stands for: numbers keep all of their digits, and of two members of one
 * name neither is left. A name leads through a list into each of its elements.
 *
 * @param text a JSON document, judged before
 */
export function jsonWithout(text: string, paths: Paths): { text: string; values: string[] } {
  const walk = new Walk(text);
  walk.value(paths);
  return walk.end();
}

class Walk {
  readonly #text: string;
  readonly #values: string[] = [];
  #kept = "";
  /** Up to where the text is kept, or was taken out. */
  #from = 0;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  end(): { text: string; values: string[] } {
    return { text: this.#kept + this.#text.slice(this.#from), values: this.#values };
  }

  value(paths: Paths): void {
    this.#take(SPACE);
    const start = this.#at;
    const isHit = paths.some(({ length }) => length === 0);
    const first = this.#text[start];
    if (isHit || paths.length === 0) this.#skip();
    else if (first === "{") this.#members(paths);
    else if (first === "[") this.#elements(paths);
    else this.#skip();
    if (!isHit) return;
    const raw = this.#text.slice(start, this.#at);
    this.#values.push(...leavesOf(raw));
    this.#kept += `${this.#text.slice(this.#from, start)}${JSON.stringify(REDACTED_TEXT)}`;
    this.#from = this.#at;
  }

  #members(paths: Paths): void {
    this.#at += 1;
    for (this.#take(SPACE); this.#text[this.#at] !== "}"; this.#next()) {
      const name = String(JSON.parse(this.#take(TEXT)));
      this.#take(SPACE);
      this.#at += 1;
      this.value(paths.flatMap(([head, ...rest]) => (head === name || head === "*" ? [rest] : [])));
    }
    this.#at += 1;
  }

  #elements(paths: Paths): void {
    this.#at += 1;
    this.#take(SPACE);
    for (let n = 0; this.#text[this.#at] !== "]"; n += 1, this.#next())
      this.value(
        paths.flatMap(([head = "", ...rest]) => {
          if (head === "*" || head === String(n)) return [rest];
          return /^\d+$/.test(head) ? [] : [[head, ...rest]];
        }),
      );
    this.#at += 1;
  }

  /** To the next member or element, or to the bracket that ends them. */
  #next(): void {
    this.#take(SPACE);
    if (this.#text[this.#at] === ",") this.#at += 1;
    this.#take(SPACE);
  }

  /** Past a value, whatever it is. */
  #skip(): void {
    let depth = 0;
    do {
      this.#take(SPACE);
      const first = this.#text[this.#at];
      if (first === '"') this.#take(TEXT);
      else if (first === "{" || first === "[") [depth, this.#at] = [depth + 1, this.#at + 1];
      else if (first === "}" || first === "]") [depth, this.#at] = [depth - 1, this.#at + 1];
      else if (first === "," || first === ":") this.#at += 1;
      else this.#take(SCALAR);
    } while (depth > 0 && this.#at < this.#text.length);
  }

  #take(form: RegExp): string {
    form.lastIndex = this.#at;
    const [found = ""] = form.exec(this.#text) ?? [];
    this.#at += found.length;
    return found;
  }
}

function leavesOf(raw: string): string[] {
  return [...raw.matchAll(LEAVES)].flatMap(([number, quoted, isName]) => {
    if (quoted === undefined) return [number];
    return isName === undefined ? [String(JSON.parse(quoted))] : [];
  });
}
