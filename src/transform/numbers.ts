// The functions of JSONata over numbers and times, none of which takes a picture or asks the clock. Pure.
import { TransformFault } from "./meter.ts";
import { isList, isText, type Natives, of, ofAny } from "./native.ts";

function isNumeral(value: unknown): value is number {
  return typeof value === "number";
}

/** Of a list that has elements. */
function folded(fold: (numbers: readonly number[]) => number, empty?: number) {
  return of(isList, (list) => {
    const numbers = list.map(Number);
    return numbers.length === 0 ? empty : fold(numbers);
  });
}

const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0);

export const NUMBERS: Natives = {
  sum: ["a<n>", 1, folded(sum, 0)],
  max: ["a<n>", 1, folded((numbers) => numbers.reduce((a, b) => Math.max(a, b)))],
  min: ["a<n>", 1, folded((numbers) => numbers.reduce((a, b) => Math.min(a, b)))],
  average: ["a<n>", 1, folded((numbers) => sum(numbers) / numbers.length)],
  number: ["(nsb)-", 1, ofAny(toNumber)],
  floor: ["n-", 1, of(isNumeral, (value) => Math.floor(value))],
  ceil: ["n-", 1, of(isNumeral, (value) => Math.ceil(value))],
  round: ["n-n?", 2, of(isNumeral, (value, [, digits]) => round(value, typeof digits === "number" ? digits : 0))],
  abs: ["n-", 1, of(isNumeral, (value) => Math.abs(value))],
  sqrt: ["n-", 1, of(isNumeral, (value) => finite(Math.sqrt(value), "sqrt"))],
  power: ["n-n", 2, of(isNumeral, (value, [, by]) => finite(value ** Number(by), "power"))],
  formatBase: ["n-n?", 2, of(isNumeral, formatBase)],
  toMillis: ["s-", 2, of(isText, toMillis)],
  fromMillis: ["n-", 3, of(isNumeral, fromMillis)],
};

function finite(value: number, name: string): number {
  if (!Number.isFinite(value)) throw new TransformFault(`calls $${name}, of which no number comes`);
  return value;
}

const DECIMAL = /^-?[0-9]+(?:\.[0-9]+)?(?:[Ee][-+]?[0-9]+)?$/;
const OTHER_BASE = /^(?:0[xX][0-9A-Fa-f]+|0[oO][0-7]+|0[bB][01]+)$/;
/** No number is longer as text. */
const LONGEST_NUMERAL = 400;

function toNumber(value: unknown): number {
  if (typeof value === "number") return value;
  if (typeof value === "boolean") return value ? 1 : 0;
  const text = typeof value === "string" && value.length <= LONGEST_NUMERAL ? value : "";
  const number = DECIMAL.test(text) || OTHER_BASE.test(text) ? Number(text) : Number.NaN;
  return finite(number, "number");
}

/** Half to even; digits are moved as text, for a product with a power of ten would round as well. */
function round(value: number, digits: number): number {
  const moved = shifted(value, digits);
  let whole = Math.round(moved);
  if (Math.abs(whole - moved) === 0.5 && Math.abs(whole % 2) === 1) whole -= 1;
  const back = shifted(whole, -digits);
  return Object.is(back, -0) ? 0 : back;
}

function shifted(value: number, digits: number): number {
  if (digits === 0) return value;
  const [mantissa = "", exponent = "0"] = String(value).split("e");
  return Number(`${mantissa}e${Number(exponent) + digits}`);
}

function formatBase(value: number, [, base]: readonly unknown[]): string {
  const radix = base === undefined ? 10 : round(Number(base), 0);
  if (!(radix >= 2 && radix <= 36)) throw new TransformFault("calls $formatBase with a base below 2 or above 36");
  return round(value, 0).toString(radix);
}

const ISO = /^\d{4}(?:-[01]\d)?(?:-[0-3]\d)?(?:T[0-2]\d:[0-5]\d:[0-5]\d)?(?:\.\d{1,20})?(?:[+-][0-2]\d:?[0-5]\d|Z)?$/;

function toMillis(text: string): number {
  const time = ISO.test(text) ? Date.parse(text) : Number.NaN;
  return finite(time, "toMillis");
}

function fromMillis(time: number): string {
  // Beyond it there is no date (ECMA-262, 21.4.1.1).
  if (Math.abs(time) > 8.64e15) throw new TransformFault("calls $fromMillis, of which no date comes");
  return new Date(time).toISOString();
}
