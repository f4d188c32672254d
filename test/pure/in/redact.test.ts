// What is taken out of an event: the values at the places that are named, and no other byte; all of a body that cannot be read.
import { expect, test } from "vitest";
import { assert, jsonValue, property } from "fast-check";
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
  expect(redact(rule(...places), {}, encoder.encode("<card/>"))?.hidden).toEqual({ texts: [], all: true });
  expect(bodyOf("", places)).toBeNull();
  expect(bodyOf("<card/>", ["headers.x-token"])).toBeNull();
});

test("headers by their names; what was taken out is hidden in answers, in the ways in which they may say it", () => {
  const made = redact(
    rule("headers.x-token", "body.card"),
    { "x-token": "tok en/1", other: "stays" },
    encoder.encode('{"card":{"number":4242424242424242,"cvc":"12","name":"Ada \\"A\\" L"}}'),
  );
  expect(made?.headers).toEqual({ "x-token": "[redacted]", other: "stays" });
  for (const text of ["tok en/1", "tok%20en%2F1", "4242424242424242", 'Ada "A" L', 'Ada \\"A\\" L'])
    expect(made?.hidden.texts).toContain(text);
  expect(made?.hidden.texts).not.toContain("12");
});

test("of any JSON what is left is JSON, and a value that was taken out is in none of it", () => {
  assert(
    property(jsonValue(), jsonValue(), (before, after) => {
      const canary = "CANARY-4417";
      const text = JSON.stringify({ before, card: { deep: [canary, { canary }] }, after });
      const kept = bodyOf(text, ["body.card.deep"]) ?? "";
      expect(JSON.parse(kept)).toEqual(JSON.parse(JSON.stringify({ before, card: { deep: "[redacted]" }, after })));
      expect(kept).not.toContain(canary);
    }),
  );
});
