// A file of known answers, row by row, as `N passed, N failed`. Reads the file, writes the terminal.

import { readFileSync } from "node:fs";
import { argv, exit, stdout } from "node:process";
import { endWithReader } from "../reader.ts";

type Row = Readonly<Record<string, unknown>>;

/** What is wrong with a row, or `null`. */
type Judge = (row: unknown) => Promise<string | null>;

const write = (line: string) => void stdout.write(`${line}\n`);

/**
 * Judges the rows of the file that the command was given, prints what is wrong with any, and ends the process: 0 where
 * nothing is wrong, 1 where a row fails, 2 where there are no rows to judge.
 *
 * @param judge what is wrong with a row, or `null`; a row that is broken must not throw
 */
export async function judgeFile(command: string, judge: Judge): Promise<never> {
  endWithReader();
  const file = argv[2];
  if (file !== undefined) return exit(await judgeRows(file, judge, write));
  write(`Usage: npm run ${command} -- FILE`);
  return exit(2);
}

/** The same, with the exit code as its answer. */
export async function judgeRows(file: string, judge: Judge, tell: (line: string) => void): Promise<number> {
  const rows = readRows(file);
  if (typeof rows === "string") {
    tell(`${file} ${rows}`);
    return 2;
  }
  let failed = 0;
  for (const [index, row] of rows.entries()) {
    const fault = await judge(row);
    if (fault === null) continue;
    failed++;
    tell(`${titleOf(row, index)}: ${fault}`);
  }
  tell(`${rows.length - failed} passed, ${failed} failed`);
  return failed === 0 ? 0 : 1;
}

/** The rows, or why there are none. */
function readRows(file: string): readonly unknown[] | string {
  let rows: unknown;
  try {
    rows = JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    return `cannot be read: ${error instanceof Error ? error.message : String(error)}`;
  }
  if (!Array.isArray(rows)) return "is not a list of rows";
  return rows.length === 0 ? "holds no rows" : rows;
}

/** What tells a row apart: its place in the file, its sender and what it says of itself. */
function titleOf(row: unknown, index: number): string {
  const { provider, description, method, url } = isRow(row) ? row : {};
  const about = description === undefined ? [method, url] : [description];
  const named = [provider, about.filter(isText).join(" ")].filter((part) => isText(part) && part !== "");
  return [`row ${index + 1}`, ...named].join(": ");
}

function isRow(value: unknown): value is Row {
  return typeof value === "object" && value !== null;
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}
