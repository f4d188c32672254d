// In which shape a destination asks for events: what each key comes to, what is refused, and that no secret gets out.
import { describe, expect, test } from "vitest";
import { readConfig } from "../../../src/config/config.ts";
import { withQuery } from "../../../src/net/query.ts";
import { destinationUrl } from "../../../src/net/egress.ts";
import { working } from "../../kit/working-config.ts";
import { ssrfUrls } from "../../vectors/ssrf.ts";

const URL_OF_ONE = "https://crm.example.com/api";
const read = (entry: object, vars: Record<string, unknown> = {}) =>
  readConfig({ ...working, DESTINATIONS: { billing: { url: URL_OF_ONE, ...entry } }, ...vars });
const shapeOf = (entry: object, vars: Record<string, unknown> = {}) =>
  read(entry, vars).destinations.get("billing")?.shape;
const faults = (entry: object, vars: Record<string, unknown> = {}) =>
  read(entry, vars)
    .findings.filter(({ level }) => level === "error")
    .map(({ key, says }) => `${key} ${says}`);

test("a destination that asks for nothing has no shape", () => {
  expect(shapeOf({})).toBeUndefined();
  expect(shapeOf({ retry: "quick" })).toBeUndefined();
});

test("every key comes to what an attempt needs, with the secrets in their places", () => {
  const entry = {
    headers: { Authorization: "Bearer $CRM_TOKEN", "X-Tenant": "7 $$ ${CRM_TOKEN}x" },
    query: { key: "$CRM_KEY", "a[b]": "1&2" },
    method: "PUT",
    content_type: "application/vnd.acme+json",
    gzip: "above 8KiB",
    timeout: "30s",
  };
  const shape = shapeOf(entry, { CRM_TOKEN: "tok en\n", CRM_KEY: "k/=&?#@" });
  expect(shape).toMatchObject({
    method: "PUT",
    url: `${URL_OF_ONE}?key=k%2F%3D%26%3F%23%40&a%5Bb%5D=1%262`,
    headers: {
      authorization: "Bearer tok en",
      "x-tenant": "7 $ tok enx",
      "content-type": "application/vnd.acme+json",
    },
    gzipAbove: 8192,
    timeoutMs: 30_000,
    sent: ["CRM_TOKEN", "CRM_KEY"],
    unset: [],
    written: { headers: { authorization: "Bearer $CRM_TOKEN" }, query: { key: "$CRM_KEY" } },
  });
  expect(JSON.stringify(shape?.written)).not.toContain("tok en");
});

test("a secret that is not set is asked for, and nothing is sent until it is there", () => {
  const config = read(
    { headers: { authorization: "Bearer $CRM_TOKEN" }, query: { key: "$CRM_KEY" } },
    { CRM_KEY: "k" },
  );
  expect(config.missing).toContain("CRM_TOKEN");
  expect(config.destinations.get("billing")?.shape).toMatchObject({ unset: ["CRM_TOKEN"], url: null });
});

test.each(["a\nb", "a\u0000b", "a\u007fb", "é", "x".repeat(5_000)])(
  "a secret that holds %j is not sent, and the finding does not say it",
  (value) => {
    const config = read({ headers: { authorization: "Bearer $CRM_TOKEN" } }, { CRM_TOKEN: value });
    expect(config.destinations.get("billing")?.shape?.unset).toEqual(["CRM_TOKEN"]);
    const [finding] = config.findings;
    expect(finding).toMatchObject({ level: "error", key: "DESTINATIONS.billing.headers.authorization" });
    expect(finding?.says).toMatch(/CRM_TOKEN.*Put it once more/);
    expect(finding?.says).not.toContain(value);
  },
);

describe("refused", () => {
  test.each([
    "webhook-id",
    "Webhook-Signature",
    "webhook-anything",
    "hookline-hop",
    "Hookline-X",
    "host",
    "Host",
    "content-length",
    "connection",
    "keep-alive",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "proxy-authorization",
    "expect",
    "cf-ray",
    "content-type",
    "content-encoding",
    "a b",
    "a:b",
    "",
    "é",
    "a\r\nx",
  ])("the header %j", (name) => {
    expect(faults({ headers: { [name]: "x" } })).toEqual([expect.stringMatching(/Choose|Leave it out|Write/)]);
  });

  test.each(["a\r\nx: y", "a\u0000", "\u007f", "ü", "☃", "", "x".repeat(4_097)])("the value %j", (text) => {
    const [one = "", ...others] = faults({ headers: { "x-a": text } });
    expect(others).toEqual([]);
    expect(one).toMatch(/^DESTINATIONS\.billing\.headers\.x-a .*(?:Write)/);
    expect(faults({ query: { a: text } })).toHaveLength(1);
  });

  test.each(["$", "a $ b", "$5", "$crm", "${", "${crm}", "${}", "$CRM_TOKENabc", "$_A"])("the secret in %j", (text) => {
    expect(faults({ headers: { "x-a": text } })).toEqual([expect.stringContaining("names no secret. Write $NAME")]);
  });

  test.each(["ADMIN_TOKEN", "SIGNING_KEY", "SIGNING_KEY_OLD"])("the relay's own %s", (name) => {
    for (const text of [`$${name}`, `Bearer \${${name}}`])
      expect(faults({ headers: { authorization: text } })).toEqual([
        expect.stringContaining(`names ${name}, which is the relay's own`),
      ]);
  });

  test.each([
    [{ headers: { a: "$GITHUB_SECRET" } }, {}, "proves what comes from github"],
    [{ query: { a: "$GITHUB_SECRET_OLD" } }, {}, "proves what comes from github"],
    [
      { headers: { a: "$OTHER" } },
      { SOURCES: { github: { provider: "github", secrets: ["OTHER"] } } },
      "proves what comes from github",
    ],
    [
      { headers: { a: "$OTHER" } },
      { SOURCES: { github: { provider: "nobody", secrets: ["OTHER"] } } },
      "proves what comes from github",
    ],
    [{ headers: { a: "$MINE" }, secret: "MINE" }, {}, "signs what goes to billing"],
    [{ headers: { a: "$COPY" } }, { COPY: working["GITHUB_SECRET"] }, "proves what comes from github"],
    [{ headers: { a: "$COPY" } }, { COPY: ` ${working["SIGNING_KEY"]} ` }, "destination's key is derived from"],
    [{ headers: { a: "$COPY" } }, { COPY: working["ADMIN_TOKEN"] }, "opens the API"],
  ])("a secret that proves, signs or opens: %j", (entry, vars, whose) => {
    expect(read(entry, vars).destinations.has("billing")).toBe(false);
    expect(read(entry, vars).unreadable.has("billing")).toBe(true);
    expect(faults(entry, vars).join("\n")).toContain(whose);
  });

  test("two names that differ in their case", () => {
    expect(faults({ headers: { "X-A": "1", "x-a": "2" } })).toEqual([expect.stringContaining("is named twice")]);
  });

  test.each([
    ["method", "GET"],
    ["method", "post"],
    ["method", "BREW"],
    ["method", 1],
    ["content_type", "json"],
    ["content_type", "a/b\r\nx: y"],
    ["content_type", "text/plain; charset=ü"],
    ["gzip", true],
    ["gzip", "8KiB"],
    ["gzip", "above 8KB"],
    ["gzip", "above  8KiB"],
    ["timeout", "0s"],
    ["timeout", "31s"],
    ["timeout", "1m"],
    ["timeout", 10],
    ["timeout", "500ms"],
    ["headers", "x"],
    ["headers", ["x"]],
    ["query", 1],
    ["headers", { a: 1 }],
    ["query", { a: true }],
  ])("%s = %j", (name, value) => {
    expect(faults({ [name]: value })).toEqual([
      expect.stringMatching(new RegExp(`^DESTINATIONS\\.billing\\.${name}.*Write`)),
    ]);
  });
});

test("a credential in the file itself is a warning, and is not shown", () => {
  const config = read({
    headers: { Authorization: "Bearer hunter2hunter2" },
    query: { api_key: "hunter2hunter2", tenant: "7" },
  });
  const warnings = config.findings.filter(({ level }) => level === "warning");
  expect(warnings.map(({ key }) => key)).toEqual([
    "DESTINATIONS.billing.headers.Authorization",
    "DESTINATIONS.billing.query.api_key",
  ]);
  expect(JSON.stringify(config.findings)).not.toContain("hunter2");
  expect(config.destinations.get("billing")?.shape?.written).toEqual({
    headers: { authorization: "…" },
    query: { api_key: "…", tenant: "7" },
  });
});

test("whatever a parameter holds, it leads nowhere else: over the SSRF corpus the verdict stays, and so do scheme and host", () => {
  const hostile = [
    "",
    "@evil.example",
    "//evil.example",
    "\\evil",
    "?#",
    "a&b=c",
    "..",
    "%00",
    ":99",
    "\u2028",
    "\ud800",
  ];
  for (const { url, public: open } of ssrfUrls()) {
    for (const [n, value] of hostile.entries()) {
      if (n % 4 !== url.length % 4) continue;
      const full = withQuery(url, { [`p${value}`]: value });
      const judged = destinationUrl(full, { loopback: false });
      expect([full, judged.ok]).toEqual([full, open]);
      if (judged.ok) expect(judged.url.origin).toBe(new URL(url).origin);
    }
  }
});

test("a URL that is a secret stays one with its parameters", () => {
  const shape = readConfig({
    ...working,
    DESTINATIONS: { billing: { url_secret: "CHAT_URL", query: { thread: "7" } } },
    CHAT_URL: "https://chat.example.com/hooks/T0PSECRET?a=1",
  }).destinations.get("billing")?.shape;
  expect(shape?.url).toBe("https://chat.example.com/hooks/T0PSECRET?a=1&thread=7");
  expect(shape?.hidden).toContain("T0PSECRET");
  expect(shape?.hidden).toContain("https://chat.example.com/hooks/T0PSECRET?a=1&thread=7");
});

test("an answer gives the secret away in no spelling", () => {
  const token = 'p"<a&b>/ +x';
  const hidden = shapeOf({ headers: { authorization: "Bearer $CRM_TOKEN" } }, { CRM_TOKEN: token })?.hidden ?? [];
  const basic = Buffer.from("user:opensesame").toString("base64");
  const inside = shapeOf({ headers: { authorization: "Basic $CRM_TOKEN" } }, { CRM_TOKEN: basic })?.hidden ?? [];
  expect(hidden).toEqual(
    expect.arrayContaining([
      token,
      encodeURIComponent(token),
      JSON.stringify(token).slice(1, -1),
      Buffer.from(token).toString("base64"),
    ]),
  );
  expect(inside).toEqual(expect.arrayContaining([basic, "user:opensesame", "opensesame"]));
});
