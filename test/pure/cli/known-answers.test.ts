// `npm run vectors` and `npm run handshakes`: a row is judged as the relay would judge the request, and a broken row fails alone.

import { createHmac } from "node:crypto";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execPath } from "node:process";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import { judgeHandshake, judgeVector } from "../../../src/cli/local/known-answers.ts";

const BODY = '{"events":[],"firstEventSequence":0,"lastEventSequence":0}';
const code = (encoding: "hex" | "base64", body = BODY, key = "k") =>
  createHmac("sha256", key).update(body).digest(encoding);

const xero = (headers: Record<string, string>, response: object) => ({
  provider: "xero",
  method: "POST",
  url: "https://hooks.example.com/in/a",
  headers,
  body: BODY,
  secret: "k",
  response,
});

describe("a handshake", () => {
  test("is answered by its signature: Xero hears 401 for a wrong one and for none, and 200 for a right one", async () => {
    const right = { "x-xero-signature": code("base64") };
    const wrong = { "x-xero-signature": code("base64", BODY, "another") };
    expect(await judgeHandshake(xero(right, { status: 200, body: "" }))).toBeNull();
    expect(await judgeHandshake(xero(wrong, { status: 401, body: "" }))).toBeNull();
    expect(await judgeHandshake(xero({}, { status: 401, body: "" }))).toBeNull();
    expect(await judgeHandshake(xero(wrong, { status: 200 }))).toBe("status 401 instead of 200");
    expect(await judgeHandshake(xero(right, { status: 401 }))).toBe("status 200 instead of 401");
  });

  test("that its sender's documents show without a signature is believed; one with a wrong signature is not", async () => {
    const row = {
      provider: "slack",
      method: "POST",
      url: "https://hooks.example.com/in/a",
      headers: {},
      body: '{"type":"url_verification","challenge":"abc"}',
      response: { status: 200, body: "abc" },
    };
    const headers = { "x-slack-request-timestamp": "1760000000", "x-slack-signature": `v0=${"0".repeat(64)}` };
    expect(await judgeHandshake(row)).toBeNull();
    expect(await judgeHandshake({ ...row, headers, secret: "k" })).toBe("status 401 instead of 200");
    expect(await judgeHandshake({ ...row, response: { status: 200, body: "abd" } })).toBe("body abc instead of abd");
  });

  test("by a method that its sender does not use is refused as the relay refuses it", async () => {
    const row = {
      provider: "github",
      method: "GET",
      url: "https://hooks.example.com/in/a?challenge=abc",
      headers: {},
      body: "",
    };
    expect(await judgeHandshake({ ...row, response: { status: 405 } })).toBeNull();
  });
});

const own = (table: unknown, extra: object = {}) => ({
  provider: "nobody-knows-it",
  description: "own",
  method: "POST",
  url: "https://hooks.example.com/in/a",
  headers: { "x-acme-signature": code("hex") },
  body: BODY,
  secret: "k",
  now: 1_760_000_000,
  expect: "accept",
  table,
  ...extra,
});

describe("a request", () => {
  const acme = { name: "Acme", algorithm: "hmac-sha256", signature: { at: "header:X-Acme-Signature" } };

  test("is judged by the table that its row brings, as a source may have one in wrangler.toml", async () => {
    expect(await judgeVector(own(acme))).toBeNull();
    expect(await judgeVector(own("hmac", { config: { header: "X-Acme-Signature" } }))).toBeNull();
    expect(await judgeVector(own("hmac", { settings: { header: "X-Acme-Signature" } }))).toBeNull();
    expect(await judgeVector(own({ like: "github", name: "Acme", signature: acme.signature }))).toBeNull();
    expect(await judgeVector(own(acme, { secret: "another" }))).toMatch(/^refused: .*signature_mismatch/);
    expect(await judgeVector(own({ ...acme, algorithm: "rot13" }))).toMatch(/^the row is broken: .*algorithm/);
  });

  test("at another address than the one that the sender was given is judged by the latter", async () => {
    const given = "https://hooks.example.com/hook";
    const row = {
      ...own({ ...acme, signs: "{url}{body}" }, { url: "https://internal.example.com/in/a", publicUrl: given }),
      headers: { "x-acme-signature": code("hex", `${given}${BODY}`) },
    };
    expect(await judgeVector(row)).toBeNull();
    expect(await judgeVector({ ...row, publicUrl: undefined })).toMatch(/signature_mismatch/);
  });

  test("with a row that is broken is neither accepted nor refused", async () => {
    const good = own(acme, { expect: "reject", secret: "another" });
    expect(await judgeVector(good)).toBeNull();
    for (const broken of [
      null,
      5,
      [],
      {},
      { ...good, expect: "refuse" },
      { ...good, expect: undefined },
      { ...good, now: "yesterday" },
      { ...good, body: "?", bodyEncoding: "base64" },
      { ...good, bodyEncoding: "utf16" },
      { ...good, headers: { "no header": "x" } },
      { ...good, headers: { x: 1 } },
      { ...good, url: "in/a" },
      { ...good, table: undefined },
      { ...good, table: "hmac" },
    ])
      expect(await judgeVector(broken), JSON.stringify(broken)).toMatch(/^the row is broken: /);
  });
});

describe("the commands", () => {
  const folder = mkdtempSync(join(tmpdir(), "hookline-"));
  afterAll(() => rmSync(folder, { recursive: true }));

  function run(command: "vectors" | "handshakes", content: string | null) {
    const file = join(folder, "rows.json");
    if (content !== null) writeFileSync(file, content);
    const script = fileURLToPath(new URL(`../../../src/cli/local/${command}.ts`, import.meta.url));
    const { status, stdout, stderr } = spawnSync(execPath, [script, content === null ? `${file}.none` : file], {
      encoding: "utf8",
    });
    return { status, stderr, lines: stdout.trim().split("\n") };
  }

  test("judge every row, name those that fail, and count them", () => {
    const right = xero({ "x-xero-signature": code("base64") }, { status: 200 });
    const { status, lines, stderr } = run("handshakes", JSON.stringify([right, { provider: "xero" }, null, right]));
    expect(stderr).toBe("");
    expect(lines).toHaveLength(3);
    expect(lines[0]).toMatch(/^row 2: xero: the row is broken: /);
    expect(lines[1]).toMatch(/^row 3: the row is broken: /);
    expect(lines[2]).toBe("2 passed, 2 failed");
    expect(status).toBe(1);
  });

  test.for([
    ["[]", "holds no rows"],
    ["{}", "is not a list of rows"],
    ["[", "cannot be read: "],
    [null, "cannot be read: "],
  ] as const)("do not pass where there is nothing to judge: %j", ([content, why]) => {
    const { status, lines } = run("vectors", content);
    expect(lines).toEqual([expect.stringContaining(why)]);
    expect(status).toBe(2);
  });
});
