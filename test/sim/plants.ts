// Known bugs, each a patch: planted one at a time into a copy of src, and each to be caught by an invariant.
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const HERE = fileURLToPath(new URL(".", import.meta.url));
const ROOT = join(HERE, "..", "..");

export interface Plant {
  readonly name: string;
  /** From the lines before the first file: what the bug is. */
  readonly says: string;
  readonly hunks: readonly { readonly file: string; readonly before: string; readonly after: string }[];
}

export function plants(): Plant[] {
  return readdirSync(join(HERE, "plants"))
    .filter((name) => name.endsWith(".patch"))
    .toSorted()
    .map((name) => parse(name.replace(/\.patch$/, ""), readFileSync(join(HERE, "plants", name), "utf8")));
}

/** A unified diff. Line numbers are not looked at: a hunk belongs where its own lines stand, and they must stand there once. */
function parse(name: string, text: string): Plant {
  const hunks: { file: string; before: string; after: string }[] = [];
  const says: string[] = [];
  let file = "";
  for (const line of text.split("\n")) {
    const hunk = hunks.at(-1);
    if (line.startsWith("--- ")) continue;
    else if (line.startsWith("+++ ")) file = line.slice("+++ b/".length);
    else if (line.startsWith("@@")) hunks.push({ file, before: "", after: "" });
    else if (file === "") says.push(line);
    else if (hunk !== undefined && line !== "") {
      if (!line.startsWith("+")) hunk.before += `${line.slice(1)}\n`;
      if (!line.startsWith("-")) hunk.after += `${line.slice(1)}\n`;
    }
  }
  return { name, says: says.join(" ").trim(), hunks };
}

/** The text with the bug in it. @throws where a hunk's lines do not stand in the file exactly once */
export function plantedIn(text: string, { before, after, file }: Plant["hunks"][number], name: string): string {
  const found = text.split(before).length - 1;
  if (found !== 1) throw new Error(`${name}.patch: its lines stand ${found} times in ${file}:\n${before}`);
  return text.replace(before, () => after);
}

/** A copy of src with the bug in it, beside the same node_modules. `clear` removes it. */
export function plant(one: Plant): { source: string; clear: () => void } {
  const folder = mkdtempSync(join(tmpdir(), "hookline-plant-"));
  const clear = () => rmSync(folder, { recursive: true, force: true });
  try {
    cpSync(join(ROOT, "src"), join(folder, "src"), { recursive: true });
    cpSync(join(ROOT, "package.json"), join(folder, "package.json"));
    symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"), "dir");
    for (const hunk of one.hunks) {
      const path = join(folder, hunk.file);
      writeFileSync(path, plantedIn(readFileSync(path, "utf8"), hunk, one.name));
    }
  } catch (error) {
    clear();
    throw error;
  }
  return { source: join(folder, "src"), clear };
}
