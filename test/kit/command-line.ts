// The command line as a test runs it: what it prints, and its exit code.
import { hookline } from "../../src/cli/hookline.ts";

/** @param line words with one space between them */
export async function run(line: string): Promise<{ code: number; out: string; err: string }> {
  const out: string[] = [];
  const err: string[] = [];
  const terminal = { out: (text: string) => void out.push(text), err: (text: string) => void err.push(text) };
  const code = await hookline(line.split(" "), terminal);
  return { code, out: out.join("\n"), err: err.join("\n") };
}
