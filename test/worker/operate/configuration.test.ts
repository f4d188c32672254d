// What a real relay says of its own configuration: the vars as they were deployed, and of secrets their names alone.
import { env, exports } from "cloudflare:workers";
import { expect, test } from "vitest";
import { configuration as schema } from "../../../src/contract/configuration.ts";
import { setUp } from "../kit/relay.ts";

setUp();

const ask = async (headers: Record<string, string> = {}) =>
  await exports.default.fetch(new Request("https://relay.example.com/api/configuration", { headers }));

test("an admin reads the vars and the names of secrets, and no secret; a stranger reads nothing", async () => {
  const answer = await ask({ authorization: "Bearer test-admin-token-0123456789abcdef" });
  expect(answer.status).toBe(200);
  const text = await answer.text();
  const { vars, secrets } = schema.parse(JSON.parse(text));
  expect(vars["SOURCES"]).toMatchObject({ lone: {} });
  expect(secrets).toContain("ADMIN_TOKEN");
  const values = Object.entries(env).filter(([name]) => secrets.includes(name));
  expect(values.length).toBe(secrets.length);
  // A short one may stand in a number; the longest of them stand for all.
  const telling = values.map(([, value]) => String(value)).filter((value) => value.length >= 12);
  expect(telling.length).toBeGreaterThan(2);
  for (const value of telling) expect(text).not.toContain(value);
  expect((await ask()).status).toBe(401);
});
