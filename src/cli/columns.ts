// How a table looks on a terminal: columns in line, numbers to the right,
// colour where somebody sees it; touches nothing.
import { styleText } from "node:util";

export type Style = Parameters<typeof styleText>[0];

export interface Column {
  readonly title: string;
  readonly width: number;
  /** Numbers stand to the right. */
  readonly right?: true;
}

/** A cell is text, or text and its style. */
export type Cell = string | readonly [text: string, style: Style];

/** One line of a table. Colour goes to terminals only, and not where NO_COLOR is set. */
export function row(columns: readonly Column[], cells: readonly Cell[]): string {
  const line = columns.map(({ width, right }, n) => {
    const cell = cells[n] ?? "";
    const [text, style] = typeof cell === "string" ? [cell, null] : cell;
    const fitted = text.length > width && width > 0 ? `${text.slice(0, width - 1)}…` : text;
    const padded = right === true ? fitted.padStart(width) : fitted.padEnd(width);
    return style === null ? padded : paint(style, padded);
  });
  return `  ${line.join("  ")}`.trimEnd();
}

/** The titles over a table. */
export function head(columns: readonly Column[]): string {
  return row(
    columns,
    columns.map(({ title }) => [title, "dim"]),
  );
}

/** Text in a style, where the output is a terminal that shows it. */
export function paint(style: Style, text: string): string {
  return styleText(style, text);
}

/** `203,112`: the same on every machine. */
export function grouped(value: number): string {
  return value.toLocaleString("en-GB");
}

/** `4.20 s` */
export function seconds(ms: number, digits = 2): string {
  return `${(ms / 1000).toFixed(digits)} s`;
}
