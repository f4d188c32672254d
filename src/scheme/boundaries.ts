// Can signed content be split in two ways? Then bytes of one part can be sent as part of another under the same
// signature. Used by the check and the tests only.

import { stretchesOf } from "./parts.ts";
import type { Provider } from "./scheme.ts";

/** Characters that are told apart: ASCII, one that stands for all others, a constant of the source and the secret. */
const ALPHABET = [...Array.from({ length: 128 }, (_, code) => String.fromCharCode(code)), "é", "¤", "§"];
/** What `[^]` means: anything but the secret, which nobody who writes a request knows. */
const ANY = setOf((one) => one !== "§");

/** Repetitions beyond this number count as without end, which can only find more readings. */
const COUNTED = 64;

interface State {
  readonly moves: { readonly set: bigint; readonly part: number; readonly to: number }[];
  readonly free: number[];
}

/** The two parts whose boundary a request can move, or `null` where the signed content can be read in one way only. */
export function movableBoundary(provider: Provider): readonly [string, string] | null {
  const states: State[] = [];
  const machine = new Machine(states);
  const names: string[] = [];
  let end = machine.state();
  for (const { optional, parts } of stretchesOf(provider)) {
    const start = end;
    for (const part of parts) {
      end =
        typeof part === "string"
          ? machine.text(part, names.length, end)
          : machine.pattern(part.pattern, names.length, end);
      names.push(typeof part === "string" ? JSON.stringify(part) : part.written);
    }
    if (optional) end = machine.joined(start, end);
  }
  const found = divergence(states, end);
  return found === null ? null : [names[found[0]] ?? "", names[found[1]] ?? ""];
}

/**
 * Why the operator's own table lets bytes move from one part into another, and the fix. `null` where it does not, or
 * where the signed content is that of a form.
 */
export function boundaryFault(provider: Provider): string | null {
  const { algorithm, signs } = provider;
  if (signs === undefined || algorithm === "token" || algorithm === "basic" || /\{(?:form-|sign)/.test(signs))
    return null;
  const found = movableBoundary(provider);
  if (found === null) return null;
  const [one, other] = found;
  const part = [other, one].find((name) => name !== "body") ?? other;
  const form = part === "url" ? "url" : part === "timestamp" ? "digits" : "uuid";
  return `lets bytes move between ${one} and ${other} under one signature, each time as a new event. Say under forms what ${part} looks like, such as forms = { "${part}" = "${form}" }, or what the body is: forms = { body = "json" }`;
}

/** Builds states for text and for the small regular expressions of `parts.ts`. */
class Machine {
  readonly #states: State[];

  constructor(states: State[]) {
    this.#states = states;
  }

  state(): number {
    return this.#states.push({ moves: [], free: [] }) - 1;
  }

  /** Where both ways go on from. */
  joined(one: number, other: number): number {
    const to = this.state();
    this.#states[one]!.free.push(to);
    this.#states[other]!.free.push(to);
    return to;
  }

  text(text: string, part: number, from: number): number {
    let at = from;
    for (const character of text)
      at = this.#move(
        at,
        setOf((one) => one === character),
        part,
      );
    return at;
  }

  pattern(source: string, part: number, from: number): number {
    const cursor = { source, at: 0 };
    const to = this.#choice(cursor, part, from);
    if (cursor.at < source.length) throw new SyntaxError(`${source}: not understood at ${cursor.at}`);
    return to;
  }

  #move(from: number, set: bigint, part: number): number {
    const to = this.state();
    this.#states[from]!.moves.push({ set, part, to });
    return to;
  }

  #choice(cursor: Cursor, part: number, from: number): number {
    const end = this.state();
    for (;;) {
      const start = this.state();
      this.#states[from]!.free.push(start);
      this.#states[this.#sequence(cursor, part, start)]!.free.push(end);
      if (cursor.source[cursor.at] !== "|") return end;
      cursor.at++;
    }
  }

  #sequence(cursor: Cursor, part: number, from: number): number {
    let at = from;
    while (cursor.at < cursor.source.length && !"|)".includes(cursor.source[cursor.at]!))
      at = this.#repeated(cursor, part, at);
    return at;
  }

  #repeated(cursor: Cursor, part: number, from: number): number {
    const begin = cursor.at;
    const probe = this.#atom(cursor, part, this.state());
    void probe;
    const [least, most] = quantifier(cursor);
    const after = cursor.at;
    const again = (start: number): number => this.#atom({ source: cursor.source, at: begin }, part, start);
    let at = from;
    for (let n = 0; n < least; n++) at = again(at);
    if (most === null || most > COUNTED) {
      const loop = this.state();
      this.#states[at]!.free.push(loop);
      this.#states[again(loop)]!.free.push(loop);
      cursor.at = after;
      return loop;
    }
    const end = this.state();
    for (let n = least; n < most; n++) {
      this.#states[at]!.free.push(end);
      at = again(at);
    }
    this.#states[at]!.free.push(end);
    cursor.at = after;
    return end;
  }

  #atom(cursor: Cursor, part: number, from: number): number {
    if (cursor.source.startsWith("(?:", cursor.at)) {
      cursor.at += 3;
      const to = this.#choice(cursor, part, from);
      cursor.at++;
      return to;
    }
    return this.#move(from, cursor.source[cursor.at] === "[" ? bracket(cursor) : single(cursor), part);
  }
}

interface Cursor {
  readonly source: string;
  at: number;
}

function quantifier(cursor: Cursor): [number, number | null] {
  const [whole, sign, least, most] = /^(?:([*+?])|\{(\d+)(,\d+)?\})/.exec(cursor.source.slice(cursor.at)) ?? [];
  cursor.at += whole?.length ?? 0;
  if (sign !== undefined) return [sign === "+" ? 1 : 0, sign === "?" ? 1 : null];
  if (least === undefined) return [1, 1];
  return [Number(least), Number(most?.slice(1) ?? least)];
}

function single(cursor: Cursor): bigint {
  const character = cursor.source[cursor.at++]!;
  if (character !== "\\") return setOf((one) => one === character);
  const name = cursor.source[cursor.at++]!;
  if (name === "d") return setOf((one) => one >= "0" && one <= "9");
  if (name === "s") return setOf((one) => /^\s$/.test(one));
  const meant = { n: "\n", r: "\r" }[name] ?? name;
  return setOf((one) => one === meant);
}

function bracket(cursor: Cursor): bigint {
  cursor.at++;
  const inverted = cursor.source[cursor.at] === "^";
  if (inverted) cursor.at++;
  let set = 0n;
  while (cursor.source[cursor.at] !== "]") {
    const from = cursor.source[cursor.at]!;
    if (from !== "\\" && cursor.source[cursor.at + 1] === "-" && cursor.source[cursor.at + 2] !== "]") {
      const to = cursor.source[cursor.at + 2]!;
      set |= setOf((one) => one >= from && one <= to);
      cursor.at += 3;
    } else set |= single(cursor);
  }
  cursor.at++;
  return inverted ? ANY & ~set : set;
}

function setOf(fits: (character: string) => boolean): bigint {
  return ALPHABET.reduce((set, one, bit) => (fits(one) ? set | (1n << BigInt(bit)) : set), 0n);
}

/**
 * Two ways through the machine over the same text, in which one character belongs to two parts:
 * a search in the product of the machine with itself.
 */
function divergence(states: readonly State[], end: number): [number, number] | null {
  const closures = states.map((_, from) => reachable(states, from));
  const moves = closures.map((all) => [...all].flatMap((at) => states[at]!.moves));
  const accepts = closures.map((all) => all.has(end));
  const seen = new Set<string>();
  const open: { left: number; right: number; parted: [number, number] | null }[] = [
    { left: 0, right: 0, parted: null },
  ];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { left, right, parted } = next;
    if (parted !== null && accepts[left] === true && accepts[right] === true) return parted;
    for (const one of moves[left]!) {
      for (const other of moves[right]!) {
        if ((one.set & other.set) === 0n) continue;
        const apart: [number, number] | null = parted ?? (one.part === other.part ? null : [one.part, other.part]);
        const key = `${one.to} ${other.to} ${apart === null ? "" : "apart"}`;
        if (seen.has(key)) continue;
        seen.add(key);
        open.push({ left: one.to, right: other.to, parted: apart });
      }
    }
  }
  return null;
}

function reachable(states: readonly State[], from: number): ReadonlySet<number> {
  const all = new Set([from]);
  for (const at of all) for (const to of states[at]!.free) all.add(to);
  return all;
}
