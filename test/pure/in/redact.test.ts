// What is taken out of an event: the values at the places that are named, and no other byte; all of a body that cannot be read.
import { expect, test } from "vitest";
import { assert, jsonValue, property, string } from "fast-check";
import { redact } from "../../../src/in/redact.ts";

const encoder = new TextEncoder();
const rule = (...places: string[]) => {
  const paths = places.map((place) => place.split("."));
  return {
    headers: paths.filter(([root]) => root === "headers").map(([, ...rest]) => rest.join(".")),
    body: paths.filter(([root]) => root === "body").map(([, ...rest]) => rest),
  };
};

function bodyOf(text: string | Uint8Array, places: string[], type = "application/json"): string | null {
  const made = redact(
    rule(...places),
    { "content-type": type },
    typeof text === "string" ? encoder.encode(text) : text,
  );
  return made === null ? null : new TextDecoder().decode(made.body);
}

test("a value at a place of a JSON body, and no other byte of it", () => {
  const text = ' {"id": 12345678901234567890, "card":{"number" : "4242 4242", "exp":"12/30"}, "n":1.10 }\n';
  expect(bodyOf(text, ["body.card.number"])).toBe(text.replace('"4242 4242"', '"[redacted]"'));
  expect(bodyOf(text, ["body.card"])).toBe(text.replace(/\{"number.*?\}/, '"[redacted]"'));
  expect(bodyOf(text, ["body.id", "body.n"])).toBe(
    text.replace("12345678901234567890", '"[redacted]"').replace("1.10", '"[redacted]"'),
  );
  expect(bodyOf(text, ["body.other", "body.card.number.more", "body.n.1"])).toBeNull();
});

test("lists by their elements, by number, by *, or by a name that leads through them", () => {
  const text = '{"items":[{"t":"aaa","k":1},{"t":"bbb"},["ccc"]]}';
  const all = '{"items":[{"t":"[redacted]","k":1},{"t":"[redacted]"},["ccc"]]}';
  expect(bodyOf(text, ["body.items.*.t"])).toBe(all);
  expect(bodyOf(text, ["body.items.t"])).toBe(all);
  expect(bodyOf(text, ["body.items.1.t"])).toBe('{"items":[{"t":"aaa","k":1},{"t":"[redacted]"},["ccc"]]}');
  expect(bodyOf(text, ["body.items.*"])).toBe('{"items":["[redacted]","[redacted]","[redacted]"]}');
  expect(bodyOf('[{"a":"xyz"}]', ["body.a"])).toBe('[{"a":"[redacted]"}]');
});

test("every member of a name, however its name is written, and text that looks like an end", () => {
  expect(bodyOf('{"a":"one","\\u0061":"two","b":"}\\",\\"a\\":"}', ["body.a"])).toBe(
    '{"a":"[redacted]","\\u0061":"[redacted]","b":"}\\",\\"a\\":"}',
  );
  expect(bodyOf('{"a":{"x":"]}\\\\"},"b":2}', ["body.a"])).toBe('{"a":"[redacted]","b":2}');
  expect(bodyOf('\uFEFF{"a":1}', ["body.a"])).toContain('{"a":"[redacted]"}');
});

test("fields of a form, also inside brackets, and JSON in a field", () => {
  const type = "application/x-www-form-urlencoded; charset=utf-8";
  const payload = encodeURIComponent('{"user":{"mail":"ada@example.com"},"n":1}');
  const text = `token=abc&card%5Bnumber%5D=4242&payload=${payload}&a+b=1`;
  expect(bodyOf(text, ["body.card.number", "body.payload.user.mail", "body.a b"], type)).toBe(
    `token=abc&card%5Bnumber%5D=%5Bredacted%5D&payload=${encodeURIComponent('{"user":{"mail":"[redacted]"},"n":1}')}&a+b=%5Bredacted%5D`,
  );
  expect(bodyOf(text, ["body.card"], type)).toContain("card%5Bnumber%5D=%5Bredacted%5D");
  expect(bodyOf(text, ["body.nothing"], type)).toBeNull();
});

test("all of a body that cannot be read: no JSON, no form, no text, compressed, or a form that is malformed", () => {
  const places = ["body.card"];
  for (const [text, type] of [
    ["<card>4242</card>", "application/xml"],
    ['{"card":"4242"', "application/json"],
    [new Uint8Array([0x1f, 0x8b, 8, 0, 255]), "application/json"],
    ["card=%zz", "application/x-www-form-urlencoded"],
  ] as const)
    expect(bodyOf(text, places, type)).toBe("[redacted]");
  expect(bodyOf("", places)).toBeNull();
  expect(bodyOf("<card/>", ["headers.x-token"])).toBeNull();
});

test("fields of a form that stand in a list, however the list is written", () => {
  const type = "application/x-www-form-urlencoded";
  const hidden = (text: string, ...places: string[]) => bodyOf(text, places, type);
  const gone = "%5Bredacted%5D";
  for (const name of [
    "items[0][note]",
    "items[][note]",
    "items.7.note",
    "items%5B%5D%5Bnote%5D",
    "items[0][0][note]",
  ]) {
    expect(hidden(`${name}=secret`, "body.items.note")).toBe(`${name}=${gone}`);
    expect(hidden(`${name}=secret`, "body.other.note")).toBeNull();
  }
  expect(hidden("items[][note]=secret", "body.items.1.note")).toBe(`items[][note]=${gone}`);
  expect(hidden("items[0][note]=a&items[1][note]=b", "body.items.1.note")).toBe(
    `items[0][note]=a&items[1][note]=${gone}`,
  );
  expect(hidden("items[0][note]=a", "body.items.*.note")).toBe(`items[0][note]=${gone}`);
  expect(hidden("[0][note]=a", "body.note")).toBe(`[0][note]=${gone}`);
});

test("a field of a form that a place leads into and that nobody can read, and text with JSON in it", () => {
  const type = "application/x-www-form-urlencoded";
  expect(bodyOf('payload={"card":"4242"&n=1', ["body.payload.card"], type)).toBe("payload=%5Bredacted%5D&n=1");
  expect(bodyOf(`payload=${btoa('{"card":"4242"}')}`, ["body.payload.card"], type)).toBe("payload=%5Bredacted%5D");
  expect(bodyOf("payload=&n=1", ["body.payload.card"], type)).toBeNull();
  const twice = JSON.stringify({ payload: JSON.stringify({ card: "4242", deeper: JSON.stringify({ card: 4242 }) }) });
  const kept = bodyOf(twice, ["body.payload.card", "body.payload.deeper.card"]) ?? "";
  expect(kept).not.toContain("4242");
  expect(Object.keys(JSON.parse(JSON.parse(kept).payload))).toEqual(["card", "deeper"]);
  expect(bodyOf('{"payload":"{\\"card\\":4242","n":1}', ["body.payload.card"])).toBe('{"payload":"[redacted]","n":1}');
  expect(bodyOf('{"payload":"words","n":1}', ["body.payload.card"])).toBeNull();
});

test("headers by their names", () => {
  const made = redact(rule("headers.x-token"), { "x-token": "tok en/1", other: "stays" }, encoder.encode("{}"));
  expect(made?.headers).toEqual({ "x-token": "[redacted]", other: "stays" });
});

test("of any JSON what is left is JSON, and nothing of a value that was taken out: not that it was true, nor its names", () => {
  assert(
    property(jsonValue(), jsonValue(), jsonValue(), (before, value, after) => {
      const kept = bodyOf(JSON.stringify({ before, card: { deep: value }, after }), ["body.card.deep"]);
      expect(kept).toBe(JSON.stringify({ before, card: { deep: "[redacted]" }, after }));
    }),
  );
  for (const value of ["true", "null", "{}", "[]", '""', '{"ada@example.com":true}', "[[],false]"])
    expect(bodyOf(`{"hiv":${value}}`, ["body.hiv"])).toBe('{"hiv":"[redacted]"}');
});

test("a form field of any value is taken out, and no other byte", () => {
  assert(
    property(string({ unit: "binary" }), string({ unit: "binary" }), (value, other) => {
      const type = "application/x-www-form-urlencoded";
      const text = `a=${encodeURIComponent(other.toWellFormed())}&b%5Bc%5D=`;
      expect(bodyOf(text + encodeURIComponent(value.toWellFormed()), ["body.b.c"], type)).toBe(`${text}%5Bredacted%5D`);
    }),
  );
});

test("a text with hundreds of thousands of escapes is read like any other", () => {
  const long = JSON.stringify({ a: '"\\'.repeat(500_000), b: "secret" });
  expect(bodyOf(long, ["body.b"])).toBe(long.replace("secret", "[redacted]"));
});
