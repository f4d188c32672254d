// What a destination says back of a secret URL is not kept, however it says it; and what is kept can be stored.
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { readConfig } from "../../../src/config/config.ts";
import { excerpt, secretParts } from "../../../src/net/excerpt.ts";
import { working } from "../../kit/working-config.ts";

const HOOK = "https://hooks.chat.example/services/T00000000/B11111111/s3cretT0kenOfTheUrl?key=qu%65ryS3cret%21#";
const hidden = secretParts(HOOK.slice(0, -1));
const keep = (text: string) => excerpt(text, 1000, hidden);

test.each([
  "Cannot POST /services/T00000000/B11111111/s3cretT0kenOfTheUrl",
  "Cannot POST /services/T00000000/B11111111/s3cretT0kenOfTheUrl?key=qu%65ryS3cret%21",
  '{"path":"\\/services\\/T00000000\\/B11111111\\/s3cretT0kenOfTheUrl"}',
  "no such hook: B11111111/s3cretT0kenOfTheUrl",
  "key queryS3cret! is revoked",
  "key=qu%65ryS3cret%21 is revoked",
  "https:&#x2F;&#x2F;hooks.chat.example&#x2F;services&#x2F;T00000000&#x2F;s3cretT0kenOfTheUrl",
])("%j loses the secret", (text) => {
  expect(keep(text)).not.toMatch(/s3cret|S3cret|T0000|B1111/);
  expect(keep(text)).toContain("[secret]");
});

test("wherever it stands, no part of it is left: not at the cap, not behind others that were taken out", () => {
  fc.assert(
    fc.property(fc.nat(1100), fc.integer({ min: 1, max: 60 }), (before, times) => {
      const kept = keep(".".repeat(before) + "/services/T00000000/B11111111/s3cretT0kenOfTheUrl ".repeat(times));
      expect(kept).not.toMatch(/s3cret|T0000|B1111/);
      expect(kept.length).toBeLessThanOrEqual(1000);
    }),
  );
});

test("where the URL is no secret, the answer is kept as it is", () => {
  expect(excerpt("Cannot POST /services/T00000000", 1000, [])).toBe("Cannot POST /services/T00000000");
});

const secrets = (entry: object) =>
  readConfig({
    ...working,
    DESTINATIONS: { billing: entry },
    CHAT_URL: "https://chat.example.com/x",
  }).destinations.get("billing")?.secretUrl ?? false;

test("only a URL that stands in a secret is one", () => {
  expect(secrets({ url_secret: "CHAT_URL" })).toBe(true);
  expect(secrets({ url: "https://chat.example.com/x" })).toBe(false);
});

test("whatever is answered, what is kept can be stored: no NUL, no half of a pair, no more than the cap", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 1500 }), (text) => {
      const kept = excerpt(text, 1000, hidden);
      expect(kept.length).toBeLessThanOrEqual(1000);
      expect(kept.isWellFormed()).toBe(true);
      expect(kept).not.toContain("\u0000");
    }),
  );
});
