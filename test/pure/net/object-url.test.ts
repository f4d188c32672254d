// Where an object may be fetched from: a host of the configuration's alone, whatever the event says.
import { assert, property, string } from "fast-check";
import { expect, test } from "vitest";
import { readConfig } from "../../../src/config/config.ts";
import { objectUrl } from "../../../src/net/object-url.ts";
import { working } from "../../kit/working-config.ts";
import { ssrfUrls } from "../../vectors/ssrf.ts";

const FROM = "https://api.stripe.com";
const judge = (path: unknown, from = FROM) => {
  const judged = objectUrl(from, path, { loopback: false });
  return judged.ok ? judged.url.href : null;
};

test.each([
  ["/v1/customers/cus_1", `${FROM}/v1/customers/cus_1`],
  ["/v2/core/events/evt_1?include=a&b=%C3%BC", `${FROM}/v2/core/events/evt_1?include=a&b=%C3%BC`],
  ["/a..b/c.d", `${FROM}/a..b/c.d`],
])("%s is a path", (path, url) => {
  expect(judge(path)).toBe(url);
});

const ODD = [
  undefined,
  null,
  7,
  {},
  [],
  "",
  "v1/customers",
  "https://evil.example/v1",
  "//evil.example/v1",
  "/\\evil.example",
  "\\\\evil.example",
  "/\t/evil.example",
  "/%2f/evil.example",
  "/v1//x",
  "/v1/../../admin",
  "/..",
  "/v1/.",
  "/v1/%2e%2e/admin",
  "/v1/%2E./admin",
  "/v1/..%2fadmin",
  "/v1/%5c..",
  "/v1/%252e%252e/admin",
  "/v1/a b",
  "/v1/a\r\nHost: evil",
  "/v1/%0d%0aHost:%20evil",
  "/v1/\u0000",
  "/v1/%00",
  "/v1/ü",
  "/v1/x#y",
  "/@evil.example",
  "@evil.example/",
  ":8443/",
  ".evil.example/",
  "?x",
  "/v1/%zz",
  `/${"x".repeat(2_001)}`,
];

test.each(ODD)("%j is no path", (path) => {
  expect(judge(path)).toBeNull();
});

test("no URL of the corpus is a path; with a slash before it, or in the place of a host, it leads nowhere else", () => {
  const urls = ssrfUrls();
  expect(urls.length).toBeGreaterThan(500);
  for (const { url } of urls) {
    const rest = url.replace(/^[a-z]+:/i, "");
    expect([url, judge(url)]).toEqual([url, null]);
    for (const path of [rest, `/${url}`, `/\\${rest}`, `@${rest.slice(2)}`]) {
      const judged = judge(path);
      if (judged !== null) expect(judged.startsWith(`${FROM}/`)).toBe(true);
    }
  }
});

test("no URL of the corpus that leads inward may be the origin, in the configuration or where it is used", () => {
  for (const { url, public: open } of ssrfUrls()) {
    if (open) continue;
    expect([url, judge("/v1/x", url)]).toEqual([url, null]);
    const { sources, findings } = readConfig({
      ...working,
      SOURCES: { github: { provider: "github", hydrate: { from: url } } },
    });
    expect([url, sources.get("github")?.hydrate]).toEqual([url, undefined]);
    expect(findings.some(({ key, level }) => level === "error" && key === "SOURCES.github.hydrate.from")).toBe(true);
  }
});

test("whatever the path, the host is the configuration's", () => {
  assert(
    property(string({ unit: "binary" }), (text) => {
      for (const path of [text, `/${text}`, `/v1/${text}`]) {
        const url = judge(path);
        if (url !== null) expect(new URL(url).origin).toBe(FROM);
      }
    }),
    { numRuns: 2_000 },
  );
});
