// `hookline verify`: captured requests in every form that people have them in, and what is said of those that fail.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { hookline } from "../../../src/cli/hookline.ts";
import { captured } from "../../../src/cli/sender/captured.ts";
import type { Draft } from "../../../src/cli/sender/draft.ts";
import { proven } from "../../../src/cli/sender/proof.ts";
import { findProvider } from "../../../src/providers/catalogue.ts";

const folder = mkdtempSync(join(tmpdir(), "hookline-verify-"));
afterAll(() => rmSync(folder, { recursive: true }));

const SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const AT = Date.parse("2026-03-01T09:30:00Z");
const BODY = { name: 'Zoë\'s ☃ "quoted" $HOME `tick`', data: { object: {} } };

function request(provider: string): Draft {
  const secret = { name: "S", value: SECRET };
  const made = proven(
    {
      provider: findProvider(provider)!,
      settings: {},
      url: "https://relay.example.com/in/a?x=1",
      event: "a.b",
      id: "one",
      body: BODY,
      at: AT,
    },
    secret,
  );
  if ("why" in made) throw new Error(made.why);
  return made;
}

const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;
const asCurl = ({ url, headers, body }: Draft) =>
  `curl ${quoted(url)} \\\n${Object.entries(headers)
    .map(([name, value]) => `  -H ${quoted(`${name}: ${value}`)} \\\n`)
    .join("")}  --data-raw ${quoted(body)} --compressed\n`;
const asChrome = ({ url, headers, body }: Draft) =>
  `curl --url "${url}" -X POST ${Object.entries(headers)
    .map(([name, value]) => `--header="${name}: ${value}"`)
    .join(" ")} --data-binary $'${body.replaceAll(/[\\']/g, (one) => `\\${one}`).replaceAll("☃", "\\u2603")}'`;
const asRaw = ({ url, headers, body }: Draft, line = "\r\n") => {
  const { host, pathname, search } = new URL(url);
  const lines = Object.entries({ host, ...headers }).map(([name, value]) => `${name}: ${value}`);
  return [`POST ${pathname}${search} HTTP/1.1`, ...lines, "", body].join(line);
};
const asHar = ({ method, url, headers, body }: Draft, encoding?: "base64") => {
  const pairs = Object.entries({ ":method": method, ...headers }).map(([name, value]) => ({ name, value }));
  const text = encoding === undefined ? body : Buffer.from(body).toString("base64");
  return JSON.stringify({
    log: { entries: [{ request: { method, url, headers: pairs, postData: { text, encoding } } }] },
  });
};

const FORMS: Readonly<Record<string, (draft: Draft) => string>> = {
  "a curl command": asCurl,
  "a curl command as Chrome copies it": asChrome,
  "raw HTTP": (draft) => asRaw(draft),
  "raw HTTP with bare line feeds": (draft) => asRaw(draft, "\n"),
  "a HAR file": (draft) => asHar(draft),
  "a HAR file in base64": (draft) => asHar(draft, "base64"),
};

let files = 0;
function file(text: string): string {
  const path = join(folder, `file-${(files += 1)}`);
  writeFileSync(path, text);
  return path;
}

async function judged(provider: string, text: string, ...options: string[]) {
  const out: string[] = [];
  const line = (one: string) => void out.push(one);
  const args = [
    "verify",
    provider,
    file(text),
    "--secret-file",
    file(SECRET),
    "--at",
    "2026-03-01T09:31:00Z",
    ...options,
  ];
  const code = await hookline(args, { out: line, err: line });
  return { code, said: out.join("\n") };
}

test.each(Object.entries(FORMS))("%s is judged as the relay would judge it", async (_, written) => {
  for (const provider of ["github", "stripe"]) {
    expect(await judged(provider, written(request(provider)))).toEqual({
      code: 0,
      said: expect.stringContaining(provider === "stripe" ? "type a.b" : "proven by the given secret"),
    });
    const draft = request(provider);
    const altered = await judged(provider, written({ ...draft, body: draft.body.replace("quoted", "altered") }));
    expect(altered.code).toBe(1);
    expect(altered.said).toContain("refused, ");
  }
});

test("what fixes a refusal is said, and neither the secret nor the body is", async () => {
  const stale = await judged("stripe", asRaw(request("stripe")), "--at", "2026-03-02T09:30:00Z");
  expect(stale).toEqual({ code: 1, said: expect.stringMatching(/refused, timestamp_stale: .*--at TIME/) });
  const { "x-hub-signature-256": _, ...bare } = request("github").headers;
  const missing = await judged("github", asRaw({ ...request("github"), headers: bare }), "--json");
  expect(JSON.parse(missing.said)).toMatchObject({ ok: false, code: "signature_missing", advice: expect.any(String) });
  for (const { said } of [stale, missing]) {
    expect(said).not.toContain(SECRET);
    expect(said).not.toContain("Zoë");
  }
});

test.each([
  ["curl 'https://a.example/", "not closed"],
  ["curl -H a:b", "no whole URL"],
  ["curl https://a.example/ -d @body.json", "another file"],
  ["{}", "no HAR file"],
  ['{"log":{"entries":[]}}', "0 requests"],
  ["hello", "request line"],
  ["POST / HTTP/1.1\nbad name\u0000: x\n\nbody", "cannot be sent"],
])("%j is no request, and it says why", async (text, why) => {
  expect(await judged("github", text)).toEqual({ code: 1, said: expect.stringContaining(why) });
});

test("bytes that are no text stay as they are", () => {
  const head = Buffer.from("POST /in/a HTTP/1.1\r\nHost: relay.example.com\r\nX-A: 1\r\n\r\n");
  const body = Buffer.from([0, 255, 13, 10, 13, 10, 128]);
  const found = captured(Buffer.concat([head, body]), 1, null);
  expect(found).toMatchObject({ method: "POST", url: "https://relay.example.com/in/a" });
  expect("why" in found ? null : Buffer.from(found.body)).toEqual(body);
});

test.each([
  [["verify"], 2, "verify takes"],
  [["verify", "nobody", "package.json"], 1, "no HAR file"],
])("%j is not judged", async (args, code, why) => {
  const said: string[] = [];
  const line = (one: string) => void said.push(one);
  expect(await hookline(args, { out: line, err: line })).toBe(code);
  expect(said.join("\n")).toContain(why);
});
