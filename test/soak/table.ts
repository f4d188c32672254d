// The report for a terminal. Pure.
import { grouped, paint } from "../../src/cli/columns.ts";
import type { Report } from "./report.ts";
import { type Line, verdict, sections } from "./words.ts";

export function table(report: Report): string {
  const all = sections(report);
  const width = Math.max(...all.flatMap(({ lines }) => lines.map(([name]) => name.length)));
  const text = (line: Line) => `  ${line[0].padEnd(width)}  ${value(line[1])}`;
  const blocks = all.map(({ title, lines }) => ["", paint("bold", title), ...lines.map(text)].join("\n"));
  const found = report.account.findings.flatMap(({ rule, count, examples }) => [
    `  ${paint("red", `${grouped(count)} × ${rule}`)}`,
    ...examples.map((example) => `      ${example}`),
  ]);
  const wrong = found.length === 0 ? [] : ["", paint("bold", "Wrong"), ...found];
  return [...blocks, ...wrong, "", paint(report.ok ? "green" : "red", `  ${verdict(report)}`)].join("\n");
}

function value(cell: string | number): string {
  return typeof cell === "number" ? grouped(cell).padStart(9) : cell.padStart(9);
}
