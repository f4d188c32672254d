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
      /** Only on such a system is it installed. */
      os: z.array(z.string()).optional(),
      // Some old packages write a list, which npm does not read either.
      engines: z.object({ node: z.string().optional() }).catch({}).optional(),
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

/** Whether a version fits a range, as far as the lockfile writes ranges: `^1.2.3`, `>=1.2`, `20`, `*`, and `||` between them. */
function fits(version: readonly number[], range: string): boolean {
  return range.split("||").some((part) => {
    if (part.trim() === "*") return true;
    const [, sign = "", numbers = ""] = /^\s*(\^|>=\s*|)(\d+(?:\.\d+){0,2})\s*$/.exec(part) ?? [];
    if (numbers === "") throw new Error(`a range that this test cannot read: ${range}`);
    const from = numbers.split(".").map(Number);
    const differs = [0, 1, 2].find((n) => version[n] !== (from[n] ?? 0));
    const reached = differs === undefined || (version[differs] ?? 0) > (from[differs] ?? 0);
    return reached && (sign.startsWith(">=") || version[0] === from[0]);
  });
}

test("npm ci warns of no package on a Node that package.json asks for, from the oldest to the newest of each line", () => {
  const { engines } = z
    .object({ engines: z.object({ node: z.string() }) })
    .parse(JSON.parse(readFileSync(resolve(root, "package.json"), "utf8")));
  const lines = Array.from({ length: 20 }, (_, n) => n + 18);
  const asked = lines
    .flatMap((major) => Array.from({ length: 40 }, (_, minor) => [major, minor, 0]))
    .filter((version) => fits(version, engines.node));
  expect(asked.length).toBeGreaterThan(100);
  // The official SDK of CloudEvents names the newest Node that it knows, 24; npm warns of it on 26, and only there.
  const everywhere = installed("package-lock.json").filter(
    ([place, { os }]) => os === undefined && place !== "node_modules/cloudevents",
  );
  const refused = everywhere.filter(([, one]) => asked.some((version) => !fits(version, one.engines?.node ?? ">=0")));
  expect(refused.map(([place]) => place)).toEqual([]);
});
