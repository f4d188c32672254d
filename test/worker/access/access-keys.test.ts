// API keys: their secrets are shown once, they end when they should, and what is done about them is on record.
import { describe, expect, test } from "vitest";
import { openOperator } from "../../../src/operate/open.ts";
import { Operator } from "../kit/operator.ts";
import { bearer, newKey } from "../kit/people.ts";
import { rows } from "../kit/relay.ts";

const operator = new Operator();
const HOUR = 3_600_000;
const DAY = 24 * HOUR;

const opens = async (headers: Record<string, string>) => {
  const request = new Request("https://relay.example.com/api/events", { headers });
  return (await operator.app().request(request)).status === 200;
};

describe("an API key", () => {
  test("shows its secret once; what is kept of it opens nothing", async () => {
    const { id, secret } = await newKey(operator, "operator", "ci");
    expect(secret).toMatch(/^hlk_[0-9a-f]{12}_[0-9a-f]{64}$/);
    expect(await opens(bearer(secret))).toBe(true);
    const kept = JSON.stringify([
      await rows("SELECT * FROM api_keys"),
      await rows("SELECT * FROM audit"),
      await rows("SELECT * FROM marks"),
    ]);
    const told = JSON.stringify([await operator.get("/api/keys"), await operator.get("/api/audit"), operator.logged]);
    for (const text of [kept, told]) {
      expect(text).toContain(id);
      expect(text).not.toContain(secret.slice(-64));
    }
    const [{ hash } = { hash: "" }] = await rows<{ hash: string }>("SELECT hash FROM api_keys");
    expect(told).not.toContain(hash);
    for (const other of [
      hash,
      `hlk_${id}_${hash}`,
      `hlk_${id}_${"0".repeat(64)}`,
      secret.toUpperCase(),
      secret.slice(0, -1),
    ]) {
      expect(await opens(bearer(other))).toBe(false);
    }
  });

  test("ends when it expires, and says so in the list", async () => {
    const { secret } = await newKey(operator, "viewer", "week", 7);
    operator.clock += 7 * DAY - 1;
    expect(await opens(bearer(secret))).toBe(true);
    operator.clock += 1;
    expect(await opens(bearer(secret))).toBe(false);
    expect(await operator.get("/api/keys")).toMatchObject({ keys: [{ name: "week", state: "expired" }] });
  });

  test("ends when it is revoked, once, and nobody else gets its name: the audit knows it by that", async () => {
    const { id, secret } = await newKey(operator, "viewer", "phone");
    const revoke = async () => await operator.call(`/api/keys/${id}/revoke`, { method: "POST" });
    const first = await (await revoke()).json();
    expect(first).toMatchObject({ id, state: "revoked", revoked_at: "2026-03-01T12:00:00.000Z" });
    operator.clock += HOUR;
    expect(await (await revoke()).json()).toEqual(first);
    expect(await opens(bearer(secret))).toBe(false);
    expect(await rows("SELECT count(*) AS n FROM audit WHERE action = 'key.revoke'")).toEqual([{ n: 1 }]);
    await expect(newKey(operator, "viewer", "phone")).rejects.toThrow("no key: 409");
    expect((await operator.call("/api/keys/nobody/revoke", { method: "POST" })).status).toBe(404);
  });

  test("tells when it was last used, to the hour, and writes no more often", async () => {
    const { secret } = await newKey(operator, "viewer", "dashboards");
    for (const minutes of [0, 10, 40]) {
      operator.clock += minutes * 60_000;
      await opens(bearer(secret));
    }
    expect(operator.later).toHaveLength(1);
    operator.clock += 20 * 60_000;
    await opens(bearer(secret));
    await Promise.all(operator.later);
    expect(operator.later).toHaveLength(2);
    expect(await operator.get("/api/keys")).toMatchObject({ keys: [{ last_used_at: "2026-03-01T13:00:00.000Z" }] });
  });

  test("was never used before it was made, though uses are kept by the hour", async () => {
    operator.clock += 40 * 60_000;
    const { secret } = await newKey(operator, "viewer", "dashboards");
    await opens(bearer(secret));
    await Promise.all(operator.later);
    const made = "2026-03-01T12:40:00.000Z";
    expect(await operator.get("/api/keys")).toMatchObject({ keys: [{ created_at: made, last_used_at: made }] });
  });

  test.each(["", " ci", "c\u202ei", "c\ni", "\u212aey", "x".repeat(65)])(
    "is not called %j, by whatever way",
    async (name) => {
      await operator.get("/api/keys");
      const { acts } = openOperator(operator.deps);
      const caller = { actor: "admin", role: "admin", how: "session" } as const;
      expect(await acts["key.create"](null, { caller, key: null }, { name, role: "viewer", days: null })).toMatchObject(
        {
          ok: false,
          problem: { status: 400, detail: expect.stringContaining("name: must be 1 to 64") },
        },
      );
      expect(await rows("SELECT 1 FROM api_keys")).toEqual([]);
    },
  );

  test("has a name of its own", async () => {
    await newKey(operator, "viewer", "ci");
    const again = await operator.call("/api/keys", {
      method: "POST",
      body: JSON.stringify({ name: "ci", role: "admin", days: null }),
    });
    expect(again.status).toBe(409);
    expect(await rows("SELECT role FROM api_keys")).toEqual([{ role: "viewer" }]);
  });

  test("that is not asked for rightly is refused, and the field is named", async () => {
    const right = { name: "ci", role: "viewer", days: 30 };
    const complaints: [object, RegExp][] = [
      [{ ...right, name: "" }, /^name: must be 1 to 64 letters/],
      [{ ...right, name: "a\u202eb" }, /^name: /],
      [{ ...right, role: "root" }, /^role: must be one of viewer, operator, admin$/],
      [{ ...right, days: 0 }, /^days: /],
      [{ ...right, days: 1.5 }, /^days: /],
      [{ name: "ci", role: "viewer" }, /^days: /],
      [{ ...right, secret: "mine" }, /^secret: .* name, role, days$/],
      [[right], /^the body must be JSON: an object with name, role, days$/],
    ];
    for (const [body, detail] of complaints) {
      const response = await operator.call("/api/keys", { method: "POST", body: JSON.stringify(body) });
      expect([response.status, (await response.json<{ detail: string }>()).detail]).toEqual([
        400,
        expect.stringMatching(detail),
      ]);
    }
    for (const body of ["", "{", "name=ci&role=admin"]) {
      expect((await operator.call("/api/keys", { method: "POST", body })).status).toBe(400);
    }
    expect(
      (await operator.call("/api/keys", { method: "POST", body: `{"name":"${"x".repeat(70_000)}"}` })).status,
    ).toBe(413);
    expect(await operator.get("/api/keys")).toEqual({ keys: [] });
  });
});

test("the record of who did what is walked from the newest to the oldest, and nobody can change it", async () => {
  for (let n = 0; n < 3; n += 1) await newKey(operator, "viewer", `key ${n}`);
  await rows(
    "INSERT INTO audit (at, actor, action, target) SELECT 0, 'old', 'replay', value FROM json_each(?1)",
    JSON.stringify(Array.from({ length: 250 }, (_, n) => n)),
  );
  const seen: string[] = [];
  let path: string | null = "/api/audit";
  while (path !== null) {
    const page: { entries: { actor: string; target: string }[]; next: string | null } = await operator.get(path);
    seen.push(...page.entries.map(({ actor, target }) => `${actor} ${target}`));
    path = page.next === null ? null : `/api/audit?cursor=${page.next}`;
  }
  expect(seen).toHaveLength(253);
  expect([seen[0], seen[249], seen[252]]).toEqual(["old 249", "old 0", "admin key 0"]);
  expect((await operator.call("/api/audit?cursor=nonsense")).status).toBe(400);
  for (const method of ["POST", "PUT", "PATCH", "DELETE"])
    expect((await operator.call("/api/audit", { method })).status).toBe(405);
  for (const change of ["UPDATE audit SET actor = 'nobody'", "DELETE FROM audit WHERE seq = 1"]) {
    await expect(rows(change)).rejects.toThrow("append-only");
  }
});
