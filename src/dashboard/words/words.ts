// Numbers, times and strangers' texts as people read them. Pure.

import { withoutUnseen } from "../../bytes/unseen.ts";

const STEPS = [
  { ms: 86_400_000, unit: "d" },
  { ms: 3_600_000, unit: "h" },
  { ms: 60_000, unit: "min" },
  { ms: 1_000, unit: "s" },
] as const;

/** How long `ms` is, in its largest unit and, below two of them, in the next one too: `45 s`, `1 h 20 min`, `3 d`. */
export function span(ms: number): string {
  const length = Math.abs(ms);
  const at = STEPS.findIndex((step) => length >= step.ms);
  const step = STEPS[at];
  if (step === undefined) return length < 1 ? "0 s" : `${Math.round(length)} ms`;
  const whole = Math.floor(length / step.ms);
  const next = STEPS[at + 1];
  const rest = next === undefined ? 0 : Math.floor((length % step.ms) / next.ms);
  if (whole >= 2 || next === undefined || rest === 0) return `${whole} ${step.unit}`;
  return `${whole} ${step.unit} ${rest} ${next.unit}`;
}

/** A duration that is compared with others: `42 ms`, `1.9 s`, `15.0 s`. */
export function took(ms: number): string {
  return ms < 1_000 ? `${Math.round(ms)} ms` : `${(ms / 1_000).toFixed(1)} s`;
}

/** p50, p95 and p99, in this order: `42 ms · 1.9 s · 15.0 s`. */
export function percentilesInWords(latency: {
  readonly p50_ms: number;
  readonly p95_ms: number;
  readonly p99_ms: number;
}): string {
  return [latency.p50_ms, latency.p95_ms, latency.p99_ms].map(took).join(" · ");
}

/** Relative to now: `just now`, `4 min ago`, `in 20 s`. */
export function ago(ms: number): string {
  if (Math.abs(ms) < 1_000) return "just now";
  return ms < 0 ? `${span(ms)} ago` : `in ${span(ms)}`;
}

/** `812 B`, `1.4 KB`, `25.0 MB`, in powers of 1,024. */
export function bytes(size: number): string {
  if (size < 1024) return `${size} B`;
  return size < 1024 * 1024 ? `${(size / 1024).toFixed(1)} KB` : `${(size / 1024 / 1024).toFixed(1)} MB`;
}

/** `1,234,567`. */
export function number(n: number): string {
  return String(n).replaceAll(/\B(?=(\d{3})+$)/g, ",");
}

/** `one, two and three`. */
export function list(words: readonly string[]): string {
  return words.length < 2 ? (words[0] ?? "") : `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;
}

/**
 * A text with its invisible characters to be seen: controls as their symbols, marks of direction as their numbers. Line
 * breaks and tabs stay what they are.
 */
export function visible(text: string): string {
  return withoutUnseen(text, (one, code) => {
    if ("\n\r\t".includes(one)) return one;
    if (code < 0x20) return String.fromCharCode(0x2400 + code);
    if (code === 0x7f) return "\u2421";
    return `⟨U+${code.toString(16).toUpperCase().padStart(4, "0")}⟩`;
  });
}
