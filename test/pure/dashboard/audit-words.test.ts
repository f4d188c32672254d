// The audit in words: no JSON reaches a page, and what is not known stays as it is.
import { expect, test } from "vitest";
import { actionInWords, detailInWords } from "../../../src/dashboard/words/audit.ts";

test.for([
  ['{"why":"wrong_secret","at":"form"}', "why neither ADMIN_TOKEN nor a key, at the sign-in page"],
  [
    '{"filter":{"source":null,"state":"failed","since":1795000000000},"rate":60,"expected":3}',
    "state failed, since 2026-11-18 11:06 UTC, rate 60, expected 3",
  ],
  ['{"filter":{"source":"github","state":null},"rate":60}', "source github, state failed and delivered, rate 60"],
  ['["billing","crm"]', "billing, crm"],
  ["503x2,ok", "503x2,ok"],
  ["{broken", "{broken"],
  ["7", "7"],
] as const)("%s", ([detail, words]) => {
  expect(detailInWords(detail)).toBe(words);
});

test("an action has words, or stands for itself", () => {
  expect([actionInWords("sign-in.refused"), actionInWords("of.tomorrow")]).toEqual(["sign-in refused", "of.tomorrow"]);
});
