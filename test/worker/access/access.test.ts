// Sessions and single sign-on: what opens the relay, for how long, and what ends it.
import { beforeAll, describe, expect, test } from "vitest";
import { Operator, TOKEN } from "../kit/operator.ts";
import { ACCESS, AUDIENCE, bearer, CERTS, ISSUER, newKey, own, signer, signIn } from "../kit/people.ts";
import { rows } from "../kit/relay.ts";

const operator = new Operator();
const HOUR = 3_600_000;
const DAY = 24 * HOUR;

const status = async (headers: Record<string, string>, path = "/api/events") =>
  (await operator.app().request(new Request(`https://relay.example.com${path}`, { headers }))).status;
const opens = async (headers: Record<string, string>) => (await status(headers)) === 200;

describe("a session", () => {
  test("is opened by the token and by keys, with their role; by nothing else", async () => {
    const { secret } = await newKey(operator, "viewer", "reader");
    const cookie = await signIn(operator, secret);
    expect(await status({ ...own, cookie })).toBe(200);
    expect(await status({ ...own, cookie }, "/api/keys")).toBe(403);
    expect(await status({ ...own, cookie: await signIn(operator) }, "/api/keys")).toBe(200);
    for (const wrong of ["", "wrong", `${TOKEN} `, secret.slice(1)]) {
      const request = new Request("https://relay.example.com/signin", { method: "POST" });
      expect(await operator.access().signIn(request, wrong)).toBeNull();
    }
    expect(JSON.stringify([await rows("SELECT * FROM sessions"), operator.logged])).not.toContain(cookie.split("=")[1]);
  });

  test("is new at every sign-in, and ends the one before it: nobody chooses it for somebody else", async () => {
    const planted = `__Host-hookline=${"ab".repeat(32)}`;
    const first = await signIn(operator, TOKEN, planted);
    expect(first).not.toBe(planted);
    expect(await opens({ cookie: planted })).toBe(false);
    const second = await signIn(operator, TOKEN, first);
    expect(second).not.toBe(first);
    expect(await opens({ cookie: first })).toBe(false);
    expect(await opens({ cookie: second })).toBe(true);
  });

  test("ends after twelve hours, whatever the browser keeps", async () => {
    const cookie = await signIn(operator);
    operator.clock += 12 * HOUR - 1;
    expect(await opens({ cookie })).toBe(true);
    operator.clock += 1;
    expect(await opens({ cookie })).toBe(false);
    await signIn(operator);
    expect(await rows("SELECT count(*) AS n FROM sessions")).toEqual([{ n: 1 }]);
  });

  test("is one of twenty of its opener at most: the oldest ends", async () => {
    const { secret } = await newKey(operator, "viewer", "reader");
    const other = await signIn(operator, secret);
    const cookies: string[] = [];
    for (let n = 0; n < 21; n += 1) {
      operator.clock += 1;
      cookies.push(await signIn(operator));
    }
    expect(await Promise.all([other, ...cookies].map((cookie) => opens({ cookie })))).toEqual([
      true,
      false,
      ...Array<boolean>(20).fill(true),
    ]);
  });

  test("ends when its owner signs out", async () => {
    const cookie = await signIn(operator);
    const request = new Request("https://relay.example.com/signout", { method: "POST", headers: { cookie } });
    expect(await operator.access().signOut(request)).toMatch(/^__Host-hookline=; .*Max-Age=0$/);
    expect(await opens({ cookie })).toBe(false);
    // Once over, it is not over a second time.
    await operator.access().signOut(request);
    expect(await rows("SELECT actor, action FROM audit ORDER BY seq")).toEqual([
      { actor: "admin", action: "sign-in" },
      { actor: "admin", action: "sign-out" },
    ]);
  });

  test("ends with the key that opened it: revoked, expired or changed", async () => {
    const [revoked, expired, changed] = [
      await newKey(operator, "viewer", "revoked"),
      await newKey(operator, "viewer", "expired", 1),
      await newKey(operator, "viewer", "changed"),
    ];
    operator.clock += DAY - HOUR;
    const cookies = await Promise.all([revoked, expired, changed].map(({ secret }) => signIn(operator, secret)));
    for (const cookie of cookies) expect(await opens({ cookie })).toBe(true);
    await operator.call(`/api/keys/${revoked.id}/revoke`, { method: "POST" });
    operator.clock += HOUR;
    await rows("UPDATE api_keys SET hash = 'another' WHERE id = ?1", changed.id);
    for (const cookie of cookies) expect(await opens({ cookie })).toBe(false);
  });

  test("ends when ADMIN_TOKEN is rotated or taken away", async () => {
    const cookie = await signIn(operator);
    operator.vars = { ADMIN_TOKEN: "another-admin-token-0123456789abcdef" };
    expect(await opens({ cookie })).toBe(false);
    operator.vars = { ADMIN_TOKEN: "" };
    expect(await opens({ cookie })).toBe(false);
    operator.vars = {};
    expect(await opens({ cookie })).toBe(true);
  });

  test("cannot be made of a row: whoever writes into D1 lacks what proves it", async () => {
    const cookie = await signIn(operator, (await newKey(operator, "viewer", "small")).secret);
    await rows("UPDATE sessions SET key = NULL");
    expect(await opens({ cookie })).toBe(false);
  });

  test("counts for nothing beside a credential that was written out", async () => {
    const cookie = await signIn(operator);
    expect(await opens({ ...own, cookie, ...bearer("wrong") })).toBe(false);
  });
});

describe("Cloudflare Access", () => {
  let team: Awaited<ReturnType<typeof signer>>;
  let stranger: Awaited<ReturnType<typeof signer>>;
  beforeAll(async () => {
    team = await signer("first");
    stranger = await signer("first");
  });

  /** What a relay makes of an assertion. */
  const asked: string[] = [];
  const known = (certs: () => string | null) =>
    operator.access(async ({ url }) => {
      asked.push(url);
      return await Promise.resolve(url === CERTS ? certs() : null);
    });
  const who = async (assertion: string, access = known(() => team.certs)) =>
    await access.identify(
      new Request("https://relay.example.com/", { headers: { "cf-access-jwt-assertion": assertion } }),
    );

  test("vouches for people, and the configuration says what each may do", async () => {
    operator.vars = { ACCESS };
    const roles = await Promise.all(
      ["Admin@Example.com", "operator@example.com", "somebody@example.com"].map(
        async (email) => await who(await team.assert(email)),
      ),
    );
    expect(roles).toEqual([
      { actor: "access:Admin@Example.com", role: "admin", how: "access" },
      { actor: "access:operator@example.com", role: "operator", how: "access" },
      { actor: "access:somebody@example.com", role: "viewer", how: "access" },
    ]);
    expect(await who(await team.assert("", { email: undefined, common_name: "robot.access" }))).toEqual({
      actor: "access:robot.access",
      role: "viewer",
      how: "access",
    });
    expect(await who(await team.assert(""))).toBeNull();
  });

  test("vouches for nobody where it is not configured, whatever is asserted", async () => {
    expect(await who(await team.assert("admin@example.com"))).toBeNull();
  });

  test("must have meant this relay, now, and signed it", async () => {
    operator.vars = { ACCESS };
    const now = operator.clock / 1000;
    const right = await team.assert("admin@example.com");
    const [head = "", claims = "", signature = ""] = right.split(".");
    const none = btoa('{"alg":"none","kid":"first"}').replaceAll("=", "");
    const wrong = [
      await team.assert("admin@example.com", { aud: ["d".repeat(64)] }),
      await team.assert("admin@example.com", { iss: "https://evil.cloudflareaccess.com" }),
      await team.assert("admin@example.com", { iss: `${ISSUER}/` }),
      await team.assert("admin@example.com", { exp: now - 1 }),
      await team.assert("admin@example.com", { exp: undefined }),
      await team.assert("admin@example.com", { nbf: now + 60 }),
      await stranger.assert("admin@example.com"),
      `${none}.${claims}.`,
      `${none}.${claims}.${signature}`,
      `${head}.${claims}.`,
      `${head}.${btoa(JSON.stringify({ email: "admin@example.com", aud: AUDIENCE, iss: ISSUER, exp: now + 60 }))}.${signature}`,
      "",
      "a.b.c",
    ];
    for (const assertion of wrong) expect([assertion, await who(assertion)]).toEqual([assertion, null]);
    expect(await who(right)).not.toBeNull();
  });

  test("lets nobody in while its keys are unavailable, and asks for them once a minute at most", async () => {
    operator.vars = { ACCESS };
    const assertion = await team.assert("admin@example.com", { exp: operator.clock / 1000 + 600 });
    for (const broken of [null, "", "{}", '{"keys":[]}', "<html>"]) {
      const access = known(() => broken);
      asked.length = 0;
      for (let n = 0; n < 3; n += 1) expect(await who(assertion, access)).toBeNull();
      expect(asked).toEqual([CERTS]);
    }
    const together = known(() => team.certs);
    expect(await Promise.all([who(assertion, together), who(assertion, together)])).not.toContain(null);
    let certs: string | null = null;
    const access = known(() => certs);
    expect(await who(assertion, access)).toBeNull();
    certs = team.certs;
    operator.clock += 60_000;
    expect(await who(assertion, access)).not.toBeNull();
  });

  test("is asked once, whatever many strangers assert together", async () => {
    operator.vars = { ACCESS };
    const access = known(() => team.certs);
    asked.length = 0;
    const wrong = await stranger.assert("admin@example.com");
    const right = await team.assert("admin@example.com");
    const all = await Promise.all(
      Array.from({ length: 200 }, async (_, n) => await who(n === 199 ? right : wrong, access)),
    );
    expect(asked).toEqual([CERTS]);
    expect(all.filter((caller) => caller !== null)).toHaveLength(1);
  });

  test("has no other algorithm than its own, and no letters but those of ASCII are alike", async () => {
    operator.vars = { ACCESS: { ...ACCESS, admins: ["kim@example.com"] } };
    const other = await signer("first", "ES256");
    expect(
      await who(
        await other.assert("kim@example.com"),
        known(() => other.certs),
      ),
    ).toBeNull();
    expect(await who(await team.assert("Kim@example.com"))).toMatchObject({ role: "admin" });
    expect(await who(await team.assert("\u212aim@example.com"))).toMatchObject({ role: "viewer" });
  });

  test("may change its keys: an unknown one is looked for, the old one forgotten", async () => {
    operator.vars = { ACCESS };
    const next = await signer("second");
    let certs: string = team.certs;
    const access = known(() => certs);
    const later = { exp: operator.clock / 1000 + 2 * 3600 };
    expect(await who(await team.assert("admin@example.com", later), access)).not.toBeNull();
    certs = next.certs;
    expect(await who(await next.assert("admin@example.com", later), access)).toBeNull();
    operator.clock += 60_000;
    expect(await who(await next.assert("admin@example.com", later), access)).not.toBeNull();
    expect(await who(await team.assert("admin@example.com", later), access)).toBeNull();
    asked.length = 0;
    expect(await who(await next.assert("admin@example.com", later), access)).not.toBeNull();
    expect(asked).toEqual([]);
    // After an hour they are asked for again, and those that were known count no longer.
    certs = "";
    operator.clock += HOUR;
    for (let n = 0; n < 2; n += 1) expect(await who(await next.assert("admin@example.com", later), access)).toBeNull();
    expect(asked).toEqual([CERTS]);
  });
});
