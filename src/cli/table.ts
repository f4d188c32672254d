// Rows of a list on a terminal, as wide as they need to be;
// what strangers wrote is shown without its power over the terminal.
import { withoutUnseen } from "../bytes/unseen.ts";
import { type Cell, head, row } from "./columns.ts";

const WIDEST = 48;

/** One line, whatever is in it. */
export function plain(text: string): string {
  return withoutUnseen(text, () => "\ufffd");
}

/**
 * Lines of a table; a column that is empty all the way down is left out.
 *
 * @param none the one line of a table without rows, as in `no keys yet`:
 * nobody should have to wonder whether anything was printed
 */
export function table(
  titles: readonly string[],
  rows: readonly (readonly (string | number | null)[])[],
  none: string,
): string[] {
  if (rows.length === 0) return [none];
  const cells = rows.map((line) => line.map((cell) => plain(String(cell ?? ""))));
  const shown = titles.map((_, n) => n).filter((n) => cells.some((line) => line[n] !== ""));
  const columns = shown.map((n) => {
    const title = titles[n] ?? "";
    const numbers = rows.every((line) => typeof line[n] === "number" || line[n] === null);
    const width = Math.min(WIDEST, Math.max(title.length, ...cells.map((line) => line[n]?.length ?? 0)));
    return numbers ? { title, width, right: true as const } : { title, width };
  });
  const line = (values: readonly string[]) =>
    row(
      columns,
      shown.map((n): Cell => values[n] ?? ""),
    );
  return [head(columns), ...cells.map(line)];
}
