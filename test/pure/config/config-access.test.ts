// The table ACCESS: whom Cloudflare Access may vouch for. What is wrong with it lets nobody in.
import { expect, test } from "vitest";
import { readConfig } from "../../../src/config/config.ts";
import { working } from "../../kit/working-config.ts";

const right = { team: "acme", audience: "0123456789abcdef".repeat(4) };
const read = (ACCESS: unknown) => readConfig({ ...working, ACCESS });

test("without the table, Cloudflare Access vouches for nobody", () => {
  expect(readConfig(working).access).toBeNull();
  expect(readConfig(working).findings).toEqual([]);
});

test("a team and an audience are enough: everybody whom Access lets through may look", () => {
  expect(read(right).access).toEqual({ ...right, role: "viewer", operators: [], admins: [] });
  expect(read(JSON.stringify(right)).access).toEqual(read(right).access);
  const people = { role: "operator", operators: ["Ops@Example.com"], admins: ["me@example.com"] };
  expect(read({ ...right, ...people }).access).toEqual({ ...right, ...people, operators: ["ops@example.com"] });
});

test.each<[string, unknown, string]>([
  ["no table", "acme", "ACCESS"],
  ["no team", { audience: right.audience }, "ACCESS.team"],
  ["an address for a team", { ...right, team: "acme.cloudflareaccess.com" }, "ACCESS.team"],
  ["a team that leads elsewhere", { ...right, team: "evil.example/#" }, "ACCESS.team"],
  ["no audience", { team: "acme" }, "ACCESS.audience"],
  ["an empty audience", { ...right, audience: "" }, "ACCESS.audience"],
  ["no such role", { ...right, role: "root" }, "ACCESS.role"],
  ["one address for a list", { ...right, admins: "me@example.com" }, "ACCESS.admins"],
  ["an empty address", { ...right, admins: [""] }, "ACCESS.admins"],
  ["an unknown key", { ...right, admin: ["me@example.com"] }, "ACCESS.admin"],
])("%s is an error that names the key, and nobody gets in", (_, table, key) => {
  const { access, findings } = read(table);
  expect(access).toBeNull();
  expect(findings).toEqual([{ level: "error", key, says: expect.stringMatching(/\S/) }]);
});
