// How a page shows a body: in order without a change to its tokens, never more of it than it shows, and never at a price without end.
import { assert, json as anyJson, property } from "fast-check";
import { expect, test } from "vitest";
import { encodeParts } from "../../../src/bytes/body.ts";
import { hexDump, indentJson, viewBody } from "../../../src/dashboard/words/body.ts";

async function* pieces(texts: readonly string[], read: string[] = []): AsyncGenerator<string> {
  for (const text of texts) {
    read.push(text);
    yield await Promise.resolve(text);
  }
}

function stored(text: string) {
  const bytes = new TextEncoder().encode(text);
  const { encoding, parts } = encodeParts(bytes);
  return { story: { encoding, size: bytes.length }, parts };
}

test("JSON in order is the same JSON, and is written as JSON.stringify writes it", () => {
  assert(
    property(anyJson({ maxDepth: 6 }), (json) => {
      expect(indentJson(json)).toBe(JSON.stringify(JSON.parse(json), null, 2));
    }),
  );
});

test("tokens stay as they were written: long numbers, escapes, names that come twice", () => {
  expect(indentJson(' {"n":12345678901234567890.10, "a":"\\u00e9\\"{", "a":[ ] }')).toBe(
    '{\n  "n": 12345678901234567890.10,\n  "a": "\\u00e9\\"{",\n  "a": []\n}',
  );
});

test("what is no JSON is not put in order, and neither is what would become too long", () => {
  expect(indentJson("{nope}")).toBeNull();
  expect(indentJson(`${"[".repeat(100_000)}${"]".repeat(100_000)}`)).toBeNull();
});

test("a body is shown in order unless it is asked for otherwise", async () => {
  const { story, parts } = stored('{"a":1}');
  expect(await viewBody(story, pieces(parts), undefined)).toMatchObject({
    style: "pretty",
    text: '{\n  "a": 1\n}',
    shown: 7,
  });
  expect(await viewBody(story, pieces(parts), "raw")).toMatchObject({ style: "raw", text: '{"a":1}', shown: 7 });
  expect(await viewBody(story, pieces(parts), "hex")).toMatchObject({ style: "hex", whole: null });
  expect(await viewBody(story, pieces(parts), "<script>")).toMatchObject({ style: "pretty" });
});

test("of a large body no more is read than its first piece", async () => {
  const { story, parts } = stored(`["${"é".repeat(2_000_000)}"]`);
  expect(parts.length).toBeGreaterThan(3);
  const read: string[] = [];
  const view = await viewBody(story, pieces(parts, read), "pretty");
  expect(read).toHaveLength(1);
  expect(view).toMatchObject({ style: "raw", shown: 64 * 1024, whole: null });
  // The last character was cut in two, and half a one is not shown.
  expect(view.text).toBe(`["${"é".repeat(32 * 1024 - 1)}`);
});

test("bytes are shown as bytes, whatever is asked for", async () => {
  const bytes = Uint8Array.from({ length: 100_000 }, (_, n) => n % 256);
  const { encoding, parts } = encodeParts(bytes);
  const view = await viewBody({ encoding, size: bytes.length }, pieces(parts), "pretty");
  expect(view).toMatchObject({ style: "hex", styles: ["hex"], shown: 4096 });
  expect(view.text).toBe(hexDump(bytes.subarray(0, 4096)));
});

test("bytes stand in rows of sixteen, with their place and what they are in ASCII", () => {
  expect(hexDump(new TextEncoder().encode("hello, world\u0000\u001b é"))).toBe(
    [
      "000000  68 65 6c 6c 6f 2c 20 77  6f 72 6c 64 00 1b 20 c3  hello, world·· ·",
      "000010  a9                                                ·",
    ].join("\n"),
  );
});
