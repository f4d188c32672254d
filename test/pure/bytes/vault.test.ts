// What is sealed opens in its own place, under either key, and nowhere else.
import { expect, test } from "vitest";
import { assert, asyncProperty, string, uint8Array } from "fast-check";
import { isSealed, Locked, NO_KEYS, openVault, PLACES } from "../../../src/bytes/vault.ts";

const bytes = (fill: number) => new Uint8Array(32).fill(fill);
const [one, two] = [bytes(1), bytes(2)];
const vault = openVault({ current: one, old: null, fault: null });

test("whatever was sealed opens in its own place, byte for byte", async () => {
  await assert(
    asyncProperty(uint8Array({ maxLength: 2_000 }), string(), async (plain, place) => {
      const sealed = await vault.seal(plain, place);
      expect(isSealed(sealed)).toBe(true);
      expect(await vault.open(sealed, place)).toEqual(plain);
    }),
    { numRuns: 100 },
  );
});

test("it opens in no other place: of another event, another column, another part or another attempt", async () => {
  const places = [
    PLACES.headers("evt_1"),
    PLACES.body("evt_1"),
    PLACES.body("evt_2"),
    PLACES.part("evt_1", 0),
    PLACES.part("evt_1", 1),
    PLACES.object("evt_1"),
    PLACES.undecided("evt_1", "all"),
    PLACES.answer("evt_1", "first"),
    PLACES.inspected("evt_1", "first", 1, "headers"),
    PLACES.inspected("evt_1", "first", 1, "body"),
    PLACES.inspected("evt_1", "first", 2, "body"),
  ];
  expect(new Set(places).size).toBe(places.length);
  for (const from of places) {
    const sealed = await vault.seal("content", from);
    for (const to of places.filter((place) => place !== from))
      await expect(vault.openText(sealed, to)).rejects.toThrow(Locked);
  }
});

test("one changed character, and it opens no more", async () => {
  // Of a length that leaves no bit of the base64 unused.
  const sealed = await vault.seal("contents", "here");
  for (let at = 0; at < sealed.length; at += 1) {
    const other = sealed[at] === "A" ? "B" : "A";
    const changed = sealed.slice(0, at) + other + sealed.slice(at + 1);
    await expect(vault.openText(changed, "here")).rejects.toThrow(Locked);
  }
});

test("after a rotation new values are under the new key, and old ones open until the old key is gone", async () => {
  const before = await vault.seal("content", "here");
  const rotated = openVault({ current: two, old: one, fault: null });
  expect(await rotated.openText(before, "here")).toBe("content");
  const after = await rotated.seal("content", "here");
  const { current, old } = await rotated.keyIds();
  expect([before.split(".")[1], after.split(".")[1]]).toEqual([old, current]);
  const alone = openVault({ current: two, old: null, fault: null });
  expect(await alone.openText(after, "here")).toBe("content");
  await expect(alone.openText(before, "here")).rejects.toThrow(
    `sealed under the key ${old}, which this relay does not have: put that key back as ENCRYPTION_KEY_OLD`,
  );
});

test("no nonce and no sealed value comes twice, and the value says nothing but the length", async () => {
  const sealed = await Promise.all(Array.from({ length: 500 }, async () => await vault.seal("the same", "here")));
  expect(new Set(sealed.map((text) => text.split(".")[2])).size).toBe(500);
  expect(new Set(sealed.map((text) => text.split(".")[3])).size).toBe(500);
  expect(sealed.join()).not.toContain(Buffer.from("the same").toString("base64").slice(0, 8));
});

test("without a key nothing is sealed and nothing opened", async () => {
  const sealed = await vault.seal("content", "here");
  await expect(NO_KEYS.seal("content", "here")).rejects.toThrow("ENCRYPTION_KEY is not set");
  await expect(NO_KEYS.open(sealed, "here")).rejects.toThrow(Locked);
  const old = openVault({ current: null, old: one, fault: "ENCRYPTION_KEY is not set" });
  expect(await old.openText(sealed, "here")).toBe("content");
  await expect(old.seal("content", "here")).rejects.toThrow("ENCRYPTION_KEY is not set");
});
