// The lint rule `rooms/imports`: which room of the house may import what. The table is in `.oxlintrc.json`; docs/architecture.md draws it.

import { dirname, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const src = resolve(dirname(fileURLToPath(import.meta.url)), "../src");

/** A line of the table that has this name lists what every room may import. */
const EVERYWHERE = "everywhere";

/** The longest key of the table that a file stands under: `in/route.ts` before `in`. A file beside the rooms has a line of its own, or none. */
function lineOf(table, file) {
  const keys = Object.keys(table).filter((key) => file === key || file.startsWith(`${key}/`));
  return keys.toSorted((a, b) => b.length - a.length)[0];
}

function roomOf(file) {
  return file.includes("/") ? file.slice(0, file.indexOf("/")) : file;
}

/** Where in src an import leads, or `null` to a package. */
function pathOf(file, specifier) {
  return specifier.startsWith(".") ? relative(src, resolve(src, dirname(file), specifier)) : null;
}

/** `x` admits x, `type:x` its types only, `x/y` what stands in that folder of x, and `node:*` whatever begins like that. */
function admits(line, what, path, onlyTypes) {
  return line.some((one) => {
    if (one.startsWith("type:")) return onlyTypes && one === `type:${what}`;
    if (path !== null && one.includes("/")) return path.startsWith(`${one}/`);
    return one.endsWith("*") ? what.startsWith(one.slice(0, -1)) : one === what;
  });
}

function isOnlyTypes({ importKind, exportKind, specifiers = [] }) {
  if (importKind === "type" || exportKind === "type") return true;
  return specifiers.length > 0 && specifiers.every((one) => (one.importKind ?? one.exportKind) === "type");
}

const imports = {
  meta: { type: "problem", schema: [{ type: "object" }] },
  create(context) {
    const file = relative(src, context.filename);
    if (file.startsWith("..")) return {};
    const [table] = context.options;
    const key = lineOf(table, file);
    const line = [...(table[key] ?? []), ...table[EVERYWHERE]];
    const judge = (node, specifier, onlyTypes) => {
      if (typeof specifier !== "string") return;
      const path = pathOf(file, specifier);
      // As the table names it: a room, a file beside the rooms, or a package with its path.
      const what = path === null ? specifier : roomOf(path);
      if ((what === roomOf(file) && key === what) || admits(line, what, path, onlyTypes)) return;
      const may = table[key]?.join(", ") || "nothing";
      const message =
        key === undefined
          ? `The table of rooms in .oxlintrc.json has no line for src/${roomOf(file)}.`
          : line.includes(`type:${what}`)
            ? `${key} may not import ${what}, but for its types: index.ts hands the values on as arguments. See docs/architecture.md.`
            : `${key} may not import ${what}. It may import ${may}: see docs/architecture.md.`;
      context.report({ node, message });
    };
    return {
      ImportDeclaration: (node) => judge(node, node.source.value, isOnlyTypes(node)),
      ExportNamedDeclaration: (node) => judge(node, node.source?.value, isOnlyTypes(node)),
      ExportAllDeclaration: (node) => judge(node, node.source.value, isOnlyTypes(node)),
      ImportExpression: (node) => judge(node, node.source.value, false),
      TSImportType: (node) => judge(node, node.source?.value ?? node.argument?.literal?.value, true),
    };
  },
};

export default { meta: { name: "rooms" }, rules: { imports } };
