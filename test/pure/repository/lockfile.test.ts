// Is everything that `npm ci` installs bound to its bytes? Every lockfile of the repository, entry by entry.
import { globSync, readFileSync } from "node:fs";
import { basename, resolve } from "node:path";
import { describe, expect, test } from "vitest";
import * as z from "zod";

const root = resolve(import.meta.dirname, "../../..");
const lockfiles = globSync("**/{package-lock,npm-shrinkwrap}.json", {
  cwd: root,
  exclude: (path) => basename(path) === "node_modules",
}).toSorted();

const lockfile = z.object({
  packages: z.record(
    z.string(),
    z.object({
      integrity: z.string().optional(),
      resolved: z.string().optional(),
      hasInstallScript: z.boolean().optional(),
    }),
  ),
});

/** What a lockfile says of the packages that it installs; the entry without a name is the repository itself. */
function installed(path: string) {
  const { packages } = lockfile.parse(JSON.parse(readFileSync(resolve(root, path), "utf8")));
  return Object.entries(packages).filter(([place]) => place !== "");
}

test("both lockfiles are looked at", () => {
  expect(lockfiles).toEqual(["package-lock.json", "test/official/package-lock.json"]);
});

describe.each(lockfiles)("%s", (path) => {
  const packages = installed(path);

  test("names the SHA-512 of every package, so that npm refuses any other bytes", () => {
    expect(packages.length).toBeGreaterThan(100);
    const without = packages.filter(([, { integrity }]) => !/^sha512-[A-Za-z0-9+/]{86}==$/.test(integrity ?? ""));
    expect(without.map(([place]) => place)).toEqual([]);
  });

  test("names no registry: a package comes from the one that is configured", () => {
    expect(packages.filter(([, { resolved }]) => resolved !== undefined).map(([place]) => place)).toEqual([]);
  });
});

test("package.json says of every install script whether it may run", () => {
  const { allowScripts } = z
    .object({ allowScripts: z.record(z.string(), z.boolean()) })
    .parse(JSON.parse(readFileSync(resolve(root, "package.json"), "utf8")));
  const scripts = installed("package-lock.json")
    .filter(([, { hasInstallScript }]) => hasInstallScript === true)
    .map(([place]) => place.slice(place.lastIndexOf("node_modules/") + "node_modules/".length));
  expect(Object.keys(allowScripts).toSorted()).toEqual(scripts.toSorted());
});
