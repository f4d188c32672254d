// Where metrics are pushed to: the vars of OpenTelemetry, and what is wrong with them in words that give no key away.
import { expect, test } from "vitest";
import { examine } from "../../../src/cli/local/examine.ts";
import { readConfig } from "../../../src/config/config.ts";
import { working } from "../../kit/working-config.ts";

const ENDPOINT = "https://otlp.example.com";
const read = (vars: object) => readConfig({ ...working, ...vars });

test("nothing is pushed unless somebody asks for it", () => {
  expect(readConfig(working).otlp).toBeNull();
  expect(read({ OTEL_EXPORTER_OTLP_HEADERS: "api-key=1234567890" })).toMatchObject({ otlp: null, findings: [] });
});

test("the endpoint gets the path of metrics, unless it is one for metrics alone", () => {
  for (const [vars, url] of [
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: ENDPOINT }, `${ENDPOINT}/v1/metrics`],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: `${ENDPOINT}/otlp/` }, `${ENDPOINT}/otlp/v1/metrics`],
    [{ OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: `${ENDPOINT}/api/push?x=1` }, `${ENDPOINT}/api/push?x=1`],
    [
      {
        OTEL_EXPORTER_OTLP_ENDPOINT: "https://other.example.com",
        OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: `${ENDPOINT}/m`,
      },
      `${ENDPOINT}/m`,
    ],
  ] as const)
    expect(read(vars)).toMatchObject({
      otlp: {
        url,
        headers: {},
        hidden: [],
        temporality: "cumulative",
        everyMinutes: 1,
        resource: { "service.name": "hookline" },
      },
      findings: [],
    });
});

test("headers and attributes are read as OpenTelemetry reads them, and whatever an answer could give away is hidden", () => {
  const { otlp, findings } = read({
    OTEL_EXPORTER_OTLP_ENDPOINT: ENDPOINT,
    OTEL_EXPORTER_OTLP_HEADERS: "Authorization=Basic%20MTIzNDU2OmdsY19zZWNyZXQ=, x-scope-id = 7",
    OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: "DELTA",
    OTEL_METRIC_EXPORT_INTERVAL: "300000",
    OTEL_RESOURCE_ATTRIBUTES: "service.name=a,deployment.environment.name=prod%2Ceu",
    OTEL_SERVICE_NAME: "relay",
  });
  expect(findings).toEqual([]);
  expect(otlp).toMatchObject({
    headers: { Authorization: "Basic MTIzNDU2OmdsY19zZWNyZXQ=", "x-scope-id": "7" },
    temporality: "delta",
    everyMinutes: 5,
    resource: { "service.name": "relay", "deployment.environment.name": "prod,eu" },
  });
  for (const text of ["MTIzNDU2OmdsY19zZWNyZXQ=", "123456:glc_secret", "glc_secret"])
    expect(otlp?.hidden).toContain(text);
  // A word that any answer may hold is no secret.
  expect(otlp?.hidden).not.toContain("7");
});

const KEY = "key-that-nobody-may-see";
test.each<[string, object, string, RegExp]>([
  ["http", { OTEL_EXPORTER_OTLP_ENDPOINT: "http://otlp.example.com" }, "OTEL_EXPORTER_OTLP_ENDPOINT", /is not https/],
  [
    "a private address",
    { OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: "https://10.0.0.7/v1/metrics" },
    "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT",
    /10\.0\.0\.7/,
  ],
  ["no text", { OTEL_EXPORTER_OTLP_ENDPOINT: 7 }, "OTEL_EXPORTER_OTLP_ENDPOINT", /^7 is not text\. Write the URL/],
  [
    "a header without a name",
    { OTEL_EXPORTER_OTLP_HEADERS: KEY },
    "OTEL_EXPORTER_OTLP_HEADERS",
    /is no list of headers/,
  ],
  [
    "a broken escape",
    { OTEL_EXPORTER_OTLP_HEADERS: `a=${KEY}%zz` },
    "OTEL_EXPORTER_OTLP_HEADERS",
    /is no list of headers/,
  ],
  [
    "a line break",
    { OTEL_EXPORTER_OTLP_HEADERS: `a=${KEY}%0d%0ax: y` },
    "OTEL_EXPORTER_OTLP_HEADERS",
    /is no list of headers/,
  ],
  [
    "a header of ours",
    { OTEL_EXPORTER_OTLP_HEADERS: `Host=${KEY}` },
    "OTEL_EXPORTER_OTLP_HEADERS",
    /is no list of headers/,
  ],
  [
    "a temporality",
    { OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: "lowmemory" },
    "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE",
    /neither "cumulative" nor "delta"/,
  ],
  ["seconds", { OTEL_METRIC_EXPORT_INTERVAL: 60 }, "OTEL_METRIC_EXPORT_INTERVAL", /whole minutes in milliseconds/],
  ["attributes", { OTEL_RESOURCE_ATTRIBUTES: "prod" }, "OTEL_RESOURCE_ATTRIBUTES", /is no list\. Write it as/],
])("%s is named with its fix, nothing is pushed, and no key is said", (_, wrong, key, says) => {
  const { otlp, findings } = read({ OTEL_EXPORTER_OTLP_ENDPOINT: ENDPOINT, ...wrong });
  expect(otlp).toBeNull();
  expect(findings.map((one) => [one.level, one.key])).toEqual([["error", key]]);
  expect(findings[0]?.says).toMatch(says);
  expect(JSON.stringify(findings)).not.toContain(KEY);
});

test("the check knows the vars, and a key in the file is an error", () => {
  const vars = { ...working, OTEL_EXPORTER_OTLP_ENDPOINT: ENDPOINT, OTEL_SERVICE_NAME: "relay" };
  expect(examine({ vars }).vars.filter(({ key }) => key.startsWith("OTEL"))).toEqual([]);
  const found = examine({ vars: { ...vars, OTEL_EXPORTER_OTLP_HEADERS: `a=${KEY}` } }).vars.filter(({ key }) =>
    key.startsWith("OTEL"),
  );
  expect(found.map(({ level, key }) => [level, key])).toEqual([["error", "OTEL_EXPORTER_OTLP_HEADERS"]]);
  expect(found[0]?.says).toContain("wrangler secret put");
});
