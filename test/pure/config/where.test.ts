// Where a destination's events may go beside a URL: each kind, what it takes, and what is refused with a fix.
import { parse } from "smol-toml";
import { describe, expect, test } from "vitest";
import { examine } from "../../../src/cli/local/examine.ts";
import { readConfig } from "../../../src/config/config.ts";
import { keyFault, objectKey } from "../../../src/out/object-key.ts";
import { working } from "../../kit/working-config.ts";
import { ssrfUrls } from "../../vectors/ssrf.ts";
import { readFileSync } from "node:fs";

const read = (entry: object) => readConfig({ ...working, DESTINATIONS: { billing: entry } });
const billing = (entry: object) => read(entry).destinations.get("billing");
const faults = (entry: object) =>
  read(entry)
    .findings.filter(({ level }) => level === "error")
    .map(({ key, says }) => `${key} ${says}`);

test("each kind comes to its binding, and a service to the URL that it is asked for", () => {
  expect(billing({ service: "CRM" })).toMatchObject({
    url: "https://billing.service/",
    binding: { kind: "service", name: "CRM" },
  });
  expect(billing({ tunnel: true })).toMatchObject({
    url: "https://billing.tunnel/",
    binding: { kind: "tunnel", name: "billing" },
  });
  expect(billing({ service: "CRM", url: "https://crm.example.com/hook" })?.url).toBe("https://crm.example.com/hook");
  expect(billing({ queue: "LINE" })).toMatchObject({ url: null, binding: { kind: "queue", name: "LINE" } });
  expect(billing({ email: "EMAIL" })).toMatchObject({ url: null, binding: { kind: "email", name: "EMAIL" } });
  expect(billing({ r2: "ARCHIVE" })?.binding).toEqual({ kind: "r2", name: "ARCHIVE", key: "{source}/{date}/{event}" });
  const shaped = {
    headers: { "x-a": "b" },
    content_type: "text/plain",
    gzip: "above 1KiB",
    timeout: "5s",
    format: "none",
  };
  expect(faults({ queue: "LINE", ...shaped })).toEqual([]);
  expect(faults({ r2: "ARCHIVE", ...shaped, key: "{event}" })).toEqual([]);
  expect(faults({ service: "CRM", ...shaped, method: "PUT", query: { a: "b" } })).toEqual([]);
});

test.each([
  [
    {},
    'url is needed, or url_secret, inspect, service, queue, r2, email or tunnel. Write one of them: url = "https://…"',
  ],
  [{ queue: "A", r2: "B" }, "url is needed"],
  [{ queue: "LINE", url: "https://a.example.com/" }, "url is needed"],
  [{ service: "CRM", url_secret: "CRM_URL" }, "url is needed"],
  [{ service: "CRM", key: "{event}" }, "key is for a bucket. Leave it out"],
  [{ url: "https://a.example.com/", key: "{event}" }, "key is for a bucket. Leave it out"],
  [{ queue: "LINE", method: "PUT" }, "method is of a request, and there is none. Leave it out"],
  [{ r2: "ARCHIVE", query: { a: "b" } }, "query is of a URL, and there is none. Leave it out"],
  [{ email: "EMAIL", headers: { "x-a": "b" } }, "headers is of a request. A message's headers go in the body"],
  [{ email: "EMAIL", gzip: "above 1KiB" }, "gzip is of a request, and there is none. Leave it out"],
  [{ email: "EMAIL", format: "none" }, "format is of a request: an e-mail carries no signature. Leave it out"],
  [{ email: "DB" }, `email "DB" is the relay's own`],
  [{ queue: "DELIVERIES" }, `queue "DELIVERIES" is the relay's own`],
  [{ r2: "DB" }, `r2 "DB" is the relay's own`],
  [
    { service: "my-worker" },
    'service "my-worker" is not the name of a binding. Write one as it stands in wrangler.toml, such as service = "ARCHIVE"',
  ],
  [{ service: "CRM", script: "ok" }, "script is for an inspector"],
  [{ r2: "ARCHIVE", key: "{source}.json" }, "key would be the same for several events"],
] as const)("%j is refused, with what to do", (entry, says) => {
  expect(faults(entry)).toEqual([expect.stringContaining(`DESTINATIONS.billing.${says}`)]);
});

test("no URL of the corpus is admitted beside a service", () => {
  const hostile = ssrfUrls().filter((one) => !one.public);
  expect(hostile.length).toBeGreaterThan(100);
  expect(hostile.filter(({ url }) => billing({ service: "CRM", url }) !== undefined)).toEqual([]);
});

describe("keys of objects", () => {
  test.each([
    "/{event}",
    "{event}/",
    "a//{event}",
    "../{event}",
    "a/../{event}",
    "a/./{event}",
    "a\\{event}",
    "a b/{event}",
    "\u00e4/{event}",
    "{event}?",
    "{event}%2e",
    "{event}{event}",
    "{event}/{attempt}",
    "{event",
    "event}",
    `${"a".repeat(200)}{event}`,
    "",
  ])("%j is refused", (template) => {
    expect(keyFault(template)).toMatch(/^(?:has|would|is|holds) .*\. \S/);
  });

  test.each([
    "../../x",
    "/etc/passwd",
    "a\\b",
    "\u0000",
    "..",
    ".",
    "a?b#c",
    "%2e%2e",
    "\ud800",
    "\u{1F600}".repeat(300),
  ])("a type of %j stays one piece of its key", (type) => {
    const event = { id: `evt_${"a".repeat(32)}`, source: "acme", type, receivedAt: Date.UTC(2026, 2, 1, 9) };
    const key = objectKey("in/{type}/{date}/{hour}/{source}-{event}.json", event);
    expect(key.split("/")).toHaveLength(5);
    expect(key).toMatch(/^in\/[\w%!'()*~-][\w%!'()*~.-]*\/2026-03-01\/09\/acme-evt_a{32}\.json$/);
    expect(new TextEncoder().encode(key).length).toBeLessThan(1024);
    expect(() => decodeURIComponent(key)).not.toThrow();
  });
});

const shipped = readFileSync(new URL("../../../wrangler.toml", import.meta.url), "utf8");
const checked = (destination: string, more: string) => {
  const relay = `
[vars.SOURCES.github]
provider = "github"
[vars.DESTINATIONS.there]
${destination}
[vars.ROUTES.all]
from = "github"
to = "there"
${more}`;
  const { frame, vars } = examine(parse(`${shipped}\n${relay}`));
  return [...frame, ...vars].map(({ level, key, says }) => `${level} ${key}: ${says}`);
};
const SERVICE = '[[services]]\nbinding = "CRM"\nservice = "crm"';
const QUEUE = '[[queues.producers]]\nbinding = "LINE"\nqueue = "line"';
const BUCKET = '[[r2_buckets]]\nbinding = "ARCHIVE"\nbucket_name = "archive"';
const CERTIFICATE = '[[mtls_certificates]]\nbinding = "CERT"\ncertificate_id = "00000000-0000-0000-0000-000000000000"';
const NETWORK = '[[vpc_services]]\nbinding = "INSIDE"\nservice_id = "00000000-0000-0000-0000-000000000000"';

test.each([
  ['service = "CRM"', SERVICE],
  ['service = "CERT"\nurl = "https://bank.example.com/"', CERTIFICATE],
  ['service = "INSIDE"', NETWORK],
  ['queue = "LINE"', QUEUE],
  ['r2 = "ARCHIVE"', BUCKET],
  ['email = "EMAIL"', '[[send_email]]\nname = "EMAIL"'],
])("%s is in order where the file has the binding", (destination, binding) => {
  expect(checked(destination, binding)).toEqual([]);
});

test.each([
  [
    'service = "CRM"',
    "",
    'service: "CRM" is no binding of this file. Add [[services]] with binding = "CRM" and service = "the-worker"',
  ],
  [
    'queue = "LIME"',
    QUEUE,
    'queue: "LIME" is no binding of this file. Did you mean LINE? Add [[queues.producers]] with',
  ],
  ['queue = "ARCHIVE"', BUCKET, 'queue: "ARCHIVE" is of another kind. Write r2 = "ARCHIVE", or name another binding'],
  ['r2 = "CRM"', SERVICE, 'r2: "CRM" is of another kind. Write service = "CRM", or name another binding'],
])("%s with another file is an error that says what to write", (destination, binding, says) => {
  expect(checked(destination, binding)).toEqual([expect.stringContaining(`error DESTINATIONS.there.${says}`)]);
});

test("the lines of docs/tunnel.md are a tunnel and a route to it", () => {
  const page = readFileSync(new URL("../../../docs/tunnel.md", import.meta.url), "utf8");
  const blocks = [...page.matchAll(/^```toml\n([^]*?)^```$/gm)].map(([, text = ""]) => parse(text));
  expect(blocks.length).toBeGreaterThan(0);
  for (const { vars } of blocks) {
    const config = readConfig({ ...working, ...Object(vars) });
    expect(config.findings.filter(({ level }) => level === "error")).toEqual([]);
    expect(config.destinations.get("desk")?.binding).toEqual({ kind: "tunnel", name: "desk" });
  }
});
