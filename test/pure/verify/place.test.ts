// Where a value is: names that hold what would separate them, and what is wrong with a place.

import * as fc from "fast-check";
import { expect, test } from "vitest";
import { identify } from "../../../src/in/identify.ts";
import { resolveProvider } from "../../../src/config/custom.ts";
import { parsePlace, placeFault } from "../../../src/scheme/places.ts";
import { templateFault } from "../../../src/scheme/template.ts";
import { sent } from "../../vectors/request.ts";

function typeOf(template: string, document: unknown): string {
  const table = { name: "x", algorithm: "hmac-sha256", signature: { at: "header:x" }, type: template };
  const resolved = resolveProvider(table);
  if (!resolved.ok) throw new Error(JSON.stringify(resolved.faults));
  return identify(sent(JSON.stringify(document), {}), resolved.provider, {}).type;
}

test("a dot, a bar, a brace and a backslash in a key are written behind a backslash", () => {
  const labels = { "app.kubernetes.io/name": "a", "x|y": "b", "{z}": "c", "back\\slash": "d", app: { name: "e" } };
  expect(typeOf("{json:labels.app\\.kubernetes\\.io/name}", { labels })).toBe("a");
  expect(typeOf("{json:labels.x\\|y}", { labels })).toBe("b");
  expect(typeOf("{json:labels.{z\\}}", { labels })).toBe("c");
  expect(typeOf("{json:labels.back\\\\slash}", { labels })).toBe("d");
  expect(typeOf("{json:labels.app.name}", { labels })).toBe("e");
  expect(typeOf("{json:gone\\.away|json:labels.app.name}/{json:labels.x\\|y}", { labels })).toBe("e/b");
});

test("a list under such a key is gone through as any other", () => {
  const events = [{ "event.type": "a" }, { "event.type": "b" }];
  expect(typeOf("{json:my\\.events.*.event\\.type}", { "my.events": events })).toBe("a,b");
});

test("any path can be written, and is read back", () => {
  const path = fc.array(
    fc.string({ unit: fc.constantFrom("a", "b", ".", "|", "}", "\\", "{", "*", ":"), minLength: 1 }),
    { minLength: 1 },
  );
  fc.assert(
    fc.property(path, (steps) => {
      const written = `json:${steps.map((step) => step.replaceAll(/[\\.|}]/g, "\\$&")).join(".")}`;
      expect(parsePlace(written)).toEqual([{ source: "json", name: steps.join("."), path: steps }]);
      expect(placeFault(written)).toBeNull();
      expect(templateFault(`{${written}}.{body}`)).toBeNull();
    }),
  );
});

test("a backslash before anything else is a mistake, and is named", () => {
  for (const place of ["json:a\\nb", "json:a\\", "header:X\\-Y"]) expect(placeFault(place)).toContain("backslash");
  expect(templateFault("{json:a\\}")).toContain("not closed");
});
