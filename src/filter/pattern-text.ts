// How a pattern is written: RE2's syntax as CEL has it, without what only backtracking could answer. Pure.

const MOST_REPEATS = 100;
const MOST_DEPTH = 30;

/** What is wrong with a pattern, in words that go on from it: "… is not closed". */
export class PatternFault extends Error {}

/** Inclusive ranges of code points. */
export interface CharSet {
  readonly ranges: readonly (readonly [from: number, to: number])[];
  readonly not: boolean;
}

export type Node =
  | { readonly kind: "set"; readonly set: CharSet }
  | { readonly kind: "all" | "any"; readonly of: readonly Node[] }
  | { readonly kind: "repeat"; readonly of: Node; readonly least: number; readonly most: number }
  | { readonly kind: "where"; readonly where: Where };

export type Where = "begin" | "end" | "word" | "inside";

const LAST = 0x10ffff;
const NEWLINE = 10;
const DIGIT: CharSet["ranges"] = [[48, 57]];
const SPACE: CharSet["ranges"] = [
  [9, 10],
  [12, 13],
  [32, 32],
];
export const WORD: CharSet["ranges"] = [
  [48, 57],
  [65, 90],
  [95, 95],
  [97, 122],
];
const CLASSES = new Map<string, CharSet["ranges"]>([
  ["d", DIGIT],
  ["s", SPACE],
  ["w", WORD],
]);
const CONTROLS = new Map([
  ["n", 10],
  ["r", 13],
  ["t", 9],
  ["f", 12],
  ["v", 11],
]);

/**
 * Takes a pattern apart.
 *
 * @throws PatternFault
 */
export function readPattern(text: string): Node {
  return new Reader(text).read();
}

class Reader {
  readonly #text: string;
  #at = 0;
  #depth = 0;
  #anyCase = false;
  #dotAll = false;

  constructor(text: string) {
    this.#text = text;
  }

  read(): Node {
    const [whole, flags] = /^\(\?([is]+)\)/.exec(this.#text) ?? [];
    this.#at = whole?.length ?? 0;
    this.#anyCase = flags?.includes("i") ?? false;
    this.#dotAll = flags?.includes("s") ?? false;
    const node = this.#ways();
    if (this.#at < this.#text.length) throw new PatternFault("has a ) without its (");
    return node;
  }

  #ways(): Node {
    if (++this.#depth > MOST_DEPTH) throw new PatternFault("has too many brackets in each other");
    const ways: Node[] = [this.#row()];
    while (this.#eat("|")) ways.push(this.#row());
    this.#depth -= 1;
    return ways.length === 1 ? ways[0]! : { kind: "any", of: ways };
  }

  #row(): Node {
    const row: Node[] = [];
    while (this.#at < this.#text.length && !"|)".includes(this.#text[this.#at]!)) row.push(this.#repeated(this.#one()));
    return { kind: "all", of: row };
  }

  #repeated(of: Node): Node {
    const sign = /^(?:[*+?]|\{(\d{1,4})(,(\d{0,4}))?\})/.exec(this.#text.slice(this.#at, this.#at + 12));
    if (sign === null) return of;
    const [whole, least = "", open, most = ""] = sign;
    this.#at += whole.length;
    // Shortest first or longest first: whether there is a match is the same.
    this.#eat("?");
    if (/^[*+?{]/.test(this.#text.slice(this.#at)) && this.#text[this.#at] !== "{")
      throw new PatternFault("repeats a repetition: put it into brackets");
    if (whole === "*") return { kind: "repeat", of, least: 0, most: Infinity };
    if (whole === "+") return { kind: "repeat", of, least: 1, most: Infinity };
    if (whole === "?") return { kind: "repeat", of, least: 0, most: 1 };
    const from = Number(least);
    const to = open === undefined ? from : most === "" ? Infinity : Number(most);
    if (from > MOST_REPEATS || (to !== Infinity && to > MOST_REPEATS) || to < from)
      throw new PatternFault(`has the repetition ${whole}: write up to ${MOST_REPEATS}, the smaller number first`);
    return { kind: "repeat", of, least: from, most: to };
  }

  #one(): Node {
    if (this.#eat("(")) return this.#group();
    if (this.#eat("[")) return { kind: "set", set: this.#set() };
    if (this.#eat(".")) return { kind: "set", set: { ranges: this.#dotAll ? [] : [[NEWLINE, NEWLINE]], not: true } };
    if (this.#eat("^")) return { kind: "where", where: "begin" };
    if (this.#eat("$")) return { kind: "where", where: "end" };
    if (this.#eat("\\")) return this.#escaped();
    const point = this.#point();
    if ("*+?".includes(String.fromCodePoint(point)))
      throw new PatternFault("repeats nothing: write \\ before the sign");
    return { kind: "set", set: this.#cased([[point, point]], false) };
  }

  #group(): Node {
    if (this.#eat("?") && !this.#eat(":")) {
      const name = /^P?<[A-Za-z_]\w{0,30}>/.exec(this.#text.slice(this.#at, this.#at + 40));
      if (name === null)
        throw new PatternFault(
          "has a ( with ? that is not understood: (?:…) is, and (?i) or (?s) at the very beginning",
        );
      this.#at += name[0].length;
    }
    const node = this.#ways();
    if (!this.#eat(")")) throw new PatternFault("has a ( that is not closed");
    return node;
  }

  #escaped(): Node {
    const sign = this.#text[this.#at];
    if (sign === "b" || sign === "B") {
      this.#at += 1;
      return { kind: "where", where: sign === "b" ? "word" : "inside" };
    }
    if (sign === "A" || sign === "z") {
      this.#at += 1;
      return { kind: "where", where: sign === "A" ? "begin" : "end" };
    }
    const known = this.#class();
    if (known !== null) return { kind: "set", set: known };
    const point = this.#literal();
    return { kind: "set", set: this.#cased([[point, point]], false) };
  }

  /** `\d` and the like, `null` where it is none. */
  #class(): CharSet | null {
    const sign = this.#text[this.#at] ?? "";
    const ranges = CLASSES.get(sign.toLowerCase());
    if (ranges === undefined) return null;
    this.#at += 1;
    return { ranges, not: sign !== sign.toLowerCase() };
  }

  /** What stands behind a `\` and means itself, or a character that is hard to write. */
  #literal(): number {
    const [hex, two, wide] = /^x(?:([0-9A-Fa-f]{2})|\{([0-9A-Fa-f]{1,6})\})/.exec(this.#text.slice(this.#at)) ?? [];
    if (hex !== undefined) {
      this.#at += hex.length;
      return Number.parseInt(two ?? wide ?? "", 16);
    }
    const point = this.#point();
    const sign = String.fromCodePoint(point);
    const control = CONTROLS.get(sign);
    if (control !== undefined) return control;
    if (/[A-Za-z0-9]/.test(sign)) throw new PatternFault(`has \\${sign}, which a filter does not know`);
    return point;
  }

  #set(): CharSet {
    const not = this.#eat("^");
    const ranges: (readonly [number, number])[] = [];
    for (let first = true; first || this.#text[this.#at] !== "]"; first = false) {
      if (this.#at >= this.#text.length) throw new PatternFault("has a [ that is not closed");
      const known = this.#text[this.#at] === "\\" ? this.#classInSet() : null;
      if (known !== null) {
        ranges.push(...known);
        continue;
      }
      const from = this.#member();
      if (this.#text[this.#at] !== "-" || this.#text[this.#at + 1] === "]") {
        ranges.push([from, from]);
        continue;
      }
      this.#at += 1;
      const to = this.#member();
      if (to < from) throw new PatternFault("has a range whose end stands before its beginning");
      ranges.push([from, to]);
    }
    this.#at += 1;
    return this.#cased(ranges, not);
  }

  #classInSet(): CharSet["ranges"] | null {
    this.#at += 1;
    const known = this.#class();
    if (known === null) this.#at -= 1;
    return known === null ? null : known.not ? outside(known.ranges) : known.ranges;
  }

  #member(): number {
    if (this.#at >= this.#text.length) throw new PatternFault("has a [ that is not closed");
    return this.#eat("\\") ? this.#literal() : this.#point();
  }

  #point(): number {
    const point = this.#text.codePointAt(this.#at);
    if (point === undefined) throw new PatternFault("ends in the middle");
    this.#at += point > 0xffff ? 2 : 1;
    return point;
  }

  #eat(sign: string): boolean {
    if (this.#text[this.#at] !== sign) return false;
    this.#at += 1;
    return true;
  }

  /** With the letters of ASCII in the other case, where that does not matter. */
  #cased(ranges: CharSet["ranges"], not: boolean): CharSet {
    if (!this.#anyCase) return { ranges, not };
    return { ranges: ranges.flatMap((one) => [one, ...shifted(one, 65, 90, 32), ...shifted(one, 97, 122, -32)]), not };
  }
}

function shifted([from, to]: readonly [number, number], first: number, last: number, by: number) {
  const [low, high] = [Math.max(from, first), Math.min(to, last)];
  return low > high ? [] : [[low + by, high + by] as const];
}

function outside(ranges: CharSet["ranges"]): CharSet["ranges"] {
  let next = 0;
  const gaps: (readonly [number, number])[] = [];
  for (const [from, to] of ranges) {
    if (from > next) gaps.push([next, from - 1]);
    next = to + 1;
  }
  return [...gaps, [next, LAST]];
}
