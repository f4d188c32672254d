// Where what is redacted is what events are known by, the check says so: for every sender of the catalogue.
import { describe, expect, test } from "vitest";
import { readConfig } from "../../../src/config/config.ts";
import { findProvider, providerIds } from "../../../src/providers/catalogue.ts";
import { sealingOf } from "../../../src/config/encrypting.ts";
import { redactsNames } from "../../../src/config/redacting.ts";
import { parsePlace, type Place } from "../../../src/scheme/places.ts";
import { placesOf } from "../../../src/scheme/template.ts";
import { working } from "../../kit/working-config.ts";

const url = "https://billing.example.com/";
const says = (source: object) =>
  readConfig({
    ...working,
    ENCRYPTION_KEY: btoa("k".repeat(32)),
    SOURCES: { shop: source },
    SHOP_SECRET: "it's a secret",
    DESTINATIONS: { billing: { url } },
    ROUTES: { all: { from: "shop", to: "billing" } },
  }).findings.flatMap(({ key, level, says: text }) =>
    key === "SOURCES.shop.redact" ? [`${level}: ${text.slice(0, text.indexOf(":"))}`] : [],
  );

const hmac = (settings: object) => ({ provider: "hmac", settings: { header: "X-Signature", ...settings } });

/** As `redact` writes it; `null` for what stands in no header and no field of a body. */
const written = ({ source, name, path }: Place, each: string): string | null => {
  if (source === "header") return `headers.${name}`;
  if (source === "item") return `body.${parsePlace(each)[0]?.path.join(".")}.*.${path.join(".")}`;
  if (source === "form" || source === "form-only") return `body.${name}`;
  return source === "json" && path.every((part) => /^[^\s.]+$/.test(part)) ? `body.${path.join(".")}` : null;
};

describe("every sender of the catalogue", () => {
  const cases = providerIds().flatMap((id) => {
    const scheme = findProvider(id);
    if (scheme === null) return [];
    return [scheme.type, scheme.id].flatMap((template, n) =>
      placesOf(template ?? "").flatMap((place) => {
        const text = written(place, scheme.each ?? "");
        return text === null ? [] : [{ id, scheme, what: n === 0 ? "type" : "repeats", text }];
      }),
    );
  });

  test("is among them", () => {
    expect(new Set(cases.map(({ id }) => id)).size).toBeGreaterThan(180);
  });

  test.each(cases)("$id: its $what are known by $text", ({ scheme, what, text }) => {
    const found = (redact: string[]) => {
      const source = { name: "shop", scheme, ...sealingOf({ redact, encrypt: false }) };
      return redactsNames([source], (name) => name).map((one) => one.says);
    };
    expect(found([text])).toContainEqual(expect.stringContaining(what));
    expect(found(["body.hookline_has_no_such", "headers.x-hookline-has-none"])).toEqual([]);
  });
});

test("what leads there by a list or a part of the way is meant as well, and nothing beside it", () => {
  const source = hmac({ type: "{json:event.kind}", id: "{json:items.0.id}" });
  const of = (...redact: string[]) => says({ ...source, redact });
  expect(of("body.event")).toEqual(["warning: names body.event.kind, which is the type of these events"]);
  expect(of("body.*.kind")).toHaveLength(1);
  expect(of("body.items.*.id")).toEqual(["warning: names body.items.0.id, by which the sender's repeats are known"]);
  expect(of("body.event.kinds", "body.kind", "headers.kind")).toEqual([]);
  expect(of("body.event", "body.items.id")).toHaveLength(2);
});
