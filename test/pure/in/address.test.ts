// The address of a source in the spellings that people and proxies make of it, and what a path that misses it may have meant.
import { expect, test } from "vitest";
import { sourceAt, sourceMeant } from "../../../src/in/address.ts";

test.each([
  ["/in/github", "github"],
  ["/in/github/", "github"],
  ["/in/github//", "github"],
  ["//in//github", "github"],
  ["/IN/GitHub", "github"],
  ["/in/github%20", "github"],
  ["/in/%E0%A4", "%e0%a4"],
  ["/v1/in/github", "github"],
  ["//V1//IN//GitHub//", "github"],
  ["/v1/in/v1", "v1"],
  ["/in/v1", "v1"],
  ["/v1/in/", null],
  ["/v1/in", null],
  ["/v2/in/github", null],
  ["/v1/v1/in/github", null],
  ["/v1in/github", null],
  ["/v1/api/in/github", null],
  ["/in/", null],
  ["/in", null],
  ["/inn/github", null],
  ["/in/github/x", null],
  ["/api/in/github", null],
  ["/", null],
])("%s leads to %j", (path, name) => {
  expect(sourceAt(path)).toBe(name);
});

test.each([
  ["/in/githb", "github"],
  ["/in/github/x", "github"],
  ["/github", "github"],
  ["/webhooks/GitHub/", "github"],
  ["/in/acme_pay", "acme-pay"],
  ["/v1/in/githb", "github"],
  ["/v1/in/github/x", "github"],
  ["/v2/in/github", "github"],
  ["/v1/in/nobody", null],
  ["/in/nobody", null],
  ["/githb", null],
  ["/webhook", null],
  ["/", null],
  ["/sources/github", null],
  ["/api/sources/github/refusals", null],
  ["/a/b/c/d/github", null],
  [`/in/github/${"x".repeat(200)}`, null],
])("%s may have meant %j", (path, name) => {
  expect(sourceMeant(path, ["github", "acme-pay"])).toBe(name);
});

test("a name that is like none is nobody's, however short the names are", () => {
  for (const stranger of ["a", "zz", "wp-login.php", ".env", "admin", "0000"])
    expect(sourceMeant(`/in/${stranger}`, ["github", "s"])).toBeNull();
});
