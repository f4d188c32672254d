// Who gets into the API.
import { describe, expect, test } from "vitest";
import { authorised } from "../../src/auth.ts";

const token = { name: "ADMIN_TOKEN", value: "s3cret-token" };

describe("a bearer token", () => {
  test.each(["Bearer s3cret-token", "bearer s3cret-token", "BEARER   s3cret-token"])("%j gets in", async (header) => {
    expect(await authorised(header, token)).toBe(true);
  });

  test.each([
    "",
    "Bearer",
    "Bearer ",
    "s3cret-token",
    "Basic s3cret-token",
    "Bearer s3cret-toke",
    "Bearer s3cret-token2",
    "Bearer S3CRET-TOKEN",
    "Bearer s3cret-token s3cret-token",
    "Bearer\ts3cret-token",
    "xBearer s3cret-token",
    "Bearer  ",
  ])("%j does not", async (header) => {
    expect(await authorised(header, token)).toBe(false);
  });

  test.each([null, undefined])("no header (%j) does not", async (header) => {
    expect(await authorised(header, token)).toBe(false);
  });

  test("nobody gets in while the token is unset or empty", async () => {
    for (const header of ["Bearer", "Bearer ", "Bearer undefined", "Bearer null", "Bearer s3cret-token"]) {
      expect(await authorised(header, null)).toBe(false);
      expect(await authorised(header, { name: "ADMIN_TOKEN", value: "" })).toBe(false);
    }
  });
});
