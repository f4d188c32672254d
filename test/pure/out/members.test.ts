// A credential that a receiver asks for inside the body: added, signed over, and kept of nothing.
import { describe, expect, test } from "vitest";
import { readConfig } from "../../../src/config/config.ts";
import { withMembers } from "../../../src/out/members.ts";
import { shape } from "../../../src/out/shape.ts";
import { signatures } from "../../../src/out/sign.ts";
import { working } from "../../kit/working-config.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const text = (body: Uint8Array) => new TextDecoder().decode(body);
const read = (entry: object, PAGER_KEY = 'pa"ger\\key') =>
  readConfig({
    ...working,
    PAGER_KEY,
    DESTINATIONS: { billing: { url: "https://pager.example.com/", members: { key: "$PAGER_KEY" }, ...entry } },
  });

test.each([
  ['{"a":12345678901234567890}', '{"a":12345678901234567890,"key":"v"}'],
  [' {\n "a" : [1] }\n', ' {\n "a" : [1] ,"key":"v"}'],
  ["{}", '{"key":"v"}'],
  ["{ }", '{ "key":"v"}'],
])("%j becomes %j: what it has stays as it is", (given, expected) => {
  expect(text(withMembers(bytes(given), { key: "v" }))).toBe(expected);
});

test.each(["[1]", "text", "", "null", '{"a":', '{"key":"theirs"}'])("%j is not sent", (given) => {
  expect(() => withMembers(bytes(given), { key: "v" })).toThrow(/^the body (?:is no JSON object|has a member key)/);
});

test("a body that is no text is not sent", () => {
  expect(() => withMembers(Uint8Array.of(0x7b, 0xff, 0x7d), { key: "v" })).toThrow(/no JSON object/);
});

describe("a destination with members", () => {
  test("gets them with the secret in its place, under a signature over all of it", async () => {
    const [destination] = read({}).destinations.values();
    if (destination === undefined) throw new Error("not configured");
    const event = { id: "evt_1", source: "hookline", type: "alert.opened", headers: {} };
    const { body, headers } = await shape(event, destination, 1, bytes('{"a":1}'), 1_700_000_000_000);
    expect(JSON.parse(text(body))).toEqual({ a: 1, key: 'pa"ger\\key' });
    expect(headers["webhook-signature"]).toBe(await signatures(destination, "evt_1", 1_700_000_000, body));
  });

  test("shows the secret by its name, asks for it, and hides every spelling of it", () => {
    const config = read({});
    expect(config.findings).toEqual([]);
    const asked = config.destinations.get("billing")?.shape;
    expect(asked).toMatchObject({ sent: ["PAGER_KEY"], written: { members: { key: "$PAGER_KEY" } } });
    expect(asked?.hidden).toEqual(expect.arrayContaining(['pa"ger\\key', 'pa\\"ger\\\\key']));
    expect(JSON.stringify(asked?.written)).not.toContain("ger");
    const { PAGER_KEY: _, ...rest } = { ...working, PAGER_KEY: "" };
    const unset = readConfig({
      ...rest,
      DESTINATIONS: { billing: { url: "https://pager.example.com/", members: { key: "$PAGER_KEY" } } },
    });
    expect(unset.missing).toContain("PAGER_KEY");
    expect(unset.destinations.get("billing")?.shape?.unset).toEqual(["PAGER_KEY"]);
  });

  test.each([
    [{ format: "passthrough" }, /^change the body/],
    [{ members: { "two words": "x" } }, /is no name of a member/],
    [{ members: { key: "$SIGNING_KEY" } }, /the relay's own/],
    [{ members: { key: "$GITHUB_SECRET" } }, /could forge events/],
    [{ url: undefined, queue: "LINE" }, /a receiver that asks for a credential/],
  ])("is refused with %j", (entry, says) => {
    const errors = read(entry).findings.filter(({ level }) => level === "error");
    expect(errors).toContainEqual(expect.objectContaining({ says: expect.stringMatching(says) }));
  });
});
