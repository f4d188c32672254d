// Which words open the relay, which cookies are read, and which requests a page of the relay has sent.
import { describe, expect, test } from "vitest";
import { type Access, allows, openAccess } from "../../../src/access/access.ts";
import { readCookie, writeCookie } from "../../../src/access/cookie.ts";
import type { Secret } from "../../../src/types.ts";

const token = { name: "ADMIN_TOKEN", value: "s3cret-token" };

const nobody = async () => await Promise.resolve(null);
const nothing = async () => await Promise.resolve();

/** A relay that has no keys and no sessions. */
function access(adminToken: Secret | null = token): Access {
  return openAccess({
    config: { adminToken, access: null },
    keys: { find: nobody, used: nothing },
    sessions: { open: nothing, find: nobody, end: nothing },
    audit: { refused: nothing },
    fetchText: nobody,
    later: () => {},
    networkOf: (address) => address,
    now: () => 0,
    newId: () => "0".repeat(32),
    log: { info: () => {}, warn: () => {}, error: () => {} },
  });
}

const asking = (headers: Record<string, string>, method = "GET") =>
  new Request("https://relay.example.com/api/events", { method, headers });

describe("a bearer token", () => {
  test.each(["Bearer s3cret-token", "bearer s3cret-token", "BEARER   s3cret-token"])("%j gets in", async (given) => {
    expect(await access().identify(asking({ authorization: given }))).toEqual({
      actor: "admin",
      role: "admin",
      how: "token",
    });
  });

  test.each([
    "",
    "Bearer",
    "s3cret-token",
    "Basic s3cret-token",
    "Bearer s3cret-toke",
    "Bearer s3cret-token2",
    "Bearer S3CRET-TOKEN",
    "Bearer s3cret-token s3cret-token",
    "Bearer\ts3cret-token",
    "xBearer s3cret-token",
    `Bearer hlk_${"0".repeat(12)}_${"0".repeat(64)}`,
  ])("%j does not", async (given) => {
    expect(await access().identify(asking({ authorization: given }))).toBeNull();
  });

  test("no header does not", async () => {
    expect(await access().identify(asking({}))).toBeNull();
  });

  test("nobody gets in while the token is unset or empty", async () => {
    for (const given of ["Bearer", "Bearer undefined", "Bearer null", "Bearer s3cret-token"]) {
      expect(await access(null).identify(asking({ authorization: given }))).toBeNull();
      expect(await access({ ...token, value: "" }).identify(asking({ authorization: given }))).toBeNull();
    }
    for (const given of ["", "null", "undefined"]) {
      expect(await access(null).signIn(asking({}), given)).toBeNull();
      expect(await access({ ...token, value: "" }).signIn(asking({}), given)).toBeNull();
    }
  });
});

test("each role may do what those before it may, and no more", () => {
  const roles = ["viewer", "operator", "admin"] as const;
  expect(roles.map((role) => roles.map((needed) => allows({ role }, needed)))).toEqual([
    [true, false, false],
    [true, true, false],
    [true, true, true],
  ]);
});

const at = (url: string, cookie: string) => new Request(url, { headers: { cookie } });

describe("the cookie", () => {
  const session = "ab".repeat(32);

  test("belongs to this host alone, is sent over https only, and no script reads it", () => {
    expect(writeCookie(new Request("https://relay.example.com/"), session, 43_200_000)).toBe(
      `__Host-hookline=${session}; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=43200`,
    );
  });

  test("needs no https on this machine, and only there", () => {
    for (const host of ["127.0.0.1:8787", "localhost:8787", "[::1]:8787"]) {
      expect(writeCookie(new Request(`http://${host}/`), session, 1_000)).toBe(
        `hookline=${session}; Path=/; HttpOnly; SameSite=Strict; Max-Age=1`,
      );
    }
    for (const host of ["relay.example.com", "localhost.example.com", "127.0.0.1.example.com"]) {
      expect(writeCookie(new Request(`http://${host}/`), session, 1_000)).toContain("; Secure; ");
    }
  });

  test("is found among others, and never under the name that a neighbour could set", () => {
    expect(readCookie(at("https://relay.example.com/", `a=b; __Host-hookline=${session}; c=d`))).toBe(session);
    expect(readCookie(at("https://relay.example.com/", `hookline=${session}`))).toBeNull();
    expect(readCookie(at("http://localhost/", `hookline=${session}`))).toBe(session);
    for (const wrong of [
      "",
      "x",
      session.toUpperCase(),
      `${session}0`,
      session.slice(1),
      `"${session}"`,
      session.replace("a", "%61"),
    ]) {
      expect(readCookie(at("https://relay.example.com/", `__Host-hookline=${wrong}`))).toBeNull();
      const both = `__Host-hookline=${wrong}; __Host-hookline=${session}`;
      expect(readCookie(at("https://relay.example.com/", both)), wrong).toBe(session);
    }
  });
});

describe("a request is the relay's own page's", () => {
  test.each<[Record<string, string>, boolean]>([
    [{ "sec-fetch-site": "same-origin" }, true],
    [{ "sec-fetch-site": "same-origin", origin: "null" }, true],
    [{ "sec-fetch-site": "same-site", origin: "https://relay.example.com" }, false],
    [{ "sec-fetch-site": "cross-site", origin: "https://relay.example.com" }, false],
    [{ "sec-fetch-site": "none", origin: "https://relay.example.com" }, false],
    [{ "sec-fetch-site": "" }, false],
    [{ origin: "https://relay.example.com" }, true],
    [{ origin: "https://relay.example.com:8443" }, false],
    [{ origin: "http://relay.example.com" }, false],
    [{ origin: "https://relay.example.com.evil.example" }, false],
    [{ origin: "null" }, false],
    [{ referer: "https://relay.example.com/events" }, false],
    [{}, false],
    [{ upgrade: "websocket", "sec-fetch-site": "same-origin", origin: "https://evil.example" }, false],
    [{ upgrade: "websocket", origin: "https://relay.example.com" }, true],
    [{ upgrade: "websocket" }, false],
  ])("%j: %s", (headers, expected) => {
    // Node's Request leaves out what only a browser may set; the relay's does not.
    const request = { url: "https://relay.example.com/api/x", headers: new Headers(headers) };
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- all that is looked at
    expect(access().sameOrigin(request as Request)).toBe(expected);
  });
});
