// `npm run test:prometheus`: a real Prometheus scrapes a real relay, and answers every query of docs/grafana.json.
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { createHmac } from "node:crypto";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import * as z from "zod";
import { runLocal } from "../../src/cli/local/local.ts";
import { freePort } from "../kit/port.ts";

const root = resolve(import.meta.dirname, "../..");
const TOKEN = "token-of-the-scraper-0123456789abcdef";
const SECRET = "the secret that acme signs with";
const PATIENCE_MS = 60_000;

/** Reads the text as the reference parser of the format does, which takes nothing that is not exactly right. */
const PARSE = `
import sys
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse
print(len(list(parse(sys.stdin.read()))))`;

const dashboard = z
  .object({ panels: z.array(z.object({ title: z.string(), targets: z.array(z.object({ expr: z.string() })) })) })
  .parse(JSON.parse(readFileSync(join(root, "docs/grafana.json"), "utf8")));

const answered = z.object({ status: z.string(), data: z.object({ result: z.array(z.unknown()) }) });

let passed = 0;
let failed = 0;
function judge(name: string, fault: string | null): void {
  if (fault === null) passed += 1;
  else failed += 1;
  console.log(`${fault === null ? "ok  " : "FAIL"}  ${name}${fault === null ? "" : `: ${fault}`}`);
}

/** Destinations that take everything, and nothing. */
const receiver = createServer((request, response) => {
  request.resume();
  response.writeHead(request.url === "/works" ? 200 : 500).end();
}).listen(0, "127.0.0.1");
await once(receiver, "listening");
const address = receiver.address();
const base = `http://127.0.0.1:${address !== null && typeof address === "object" ? address.port : 0}`;

const folder = await mkdtemp(join(tmpdir(), "hookline-prometheus-"));
const relay = await runLocal({
  port: 0,
  stateDir: folder,
  vars: {
    SOURCES: { acme: { provider: "hmac", settings: { header: "X-Signature" }, allow: ["127.0.0.1/32"] } },
    DESTINATIONS: { works: { url: `${base}/works` }, broken: { url: `${base}/broken`, retry: ["1s"] } },
    ROUTES: { all: { from: "acme", to: ["works", "broken"] } },
    LOOPBACK_DESTINATIONS: "true",
  },
  secrets: { ACME_SECRET: SECRET, SIGNING_KEY: "0123456789abcdef0123456789abcdef", ADMIN_TOKEN: TOKEN },
  onLog: () => {},
});

async function post(n: number, secret: string): Promise<void> {
  const body = JSON.stringify({ n });
  const signature = createHmac("sha256", secret).update(body).digest("hex");
  const headers = { "x-signature": signature, "cf-connecting-ip": "127.0.0.1" };
  await (await fetch(`${relay.url}/in/acme`, { method: "POST", headers, body })).arrayBuffer();
}

async function startPrometheus(port: number): Promise<ChildProcess> {
  // As docs/metrics.md has it, but for where the relay is.
  const [, block = ""] = /```yaml\n([^]*?)```/.exec(readFileSync(join(root, "docs/metrics.md"), "utf8")) ?? [];
  const config = block
    .replace("scheme: https", "scheme: http")
    .replace("scrape_interval: 30s", "scrape_interval: 1s")
    .replace("<the key of a viewer>", TOKEN)
    .replace("<your relay>", new URL(relay.url).host);
  await writeFile(join(folder, "prometheus.yml"), config);
  const files = [`--config.file=${folder}/prometheus.yml`, `--storage.tsdb.path=${folder}/tsdb`];
  return spawn("prometheus", [...files, `--web.listen-address=127.0.0.1:${port}`, "--log.level=error"], {
    stdio: ["ignore", "inherit", "inherit"],
  });
}

/** @returns what is wrong with the answer to a query; `null` where it has found something */
async function asked(port: number, expr: string): Promise<string | null> {
  const query = new URLSearchParams({ query: expr.replaceAll("$__rate_interval", "1m") });
  try {
    const response = await fetch(`http://127.0.0.1:${port}/api/v1/query?${query.toString()}`);
    if (!response.ok) return await response.text();
    const { data } = answered.parse(await response.json());
    return data.result.length > 0 ? null : "no result";
  } catch (error) {
    return String(error);
  }
}

async function untilAnswered(port: number, expr: string): Promise<string | null> {
  const until = Date.now() + PATIENCE_MS;
  let fault = await asked(port, expr);
  for (; fault !== null && Date.now() < until; fault = await asked(port, expr)) await sleep(500);
  return fault;
}

const port = await freePort();
const prometheus = await startPrometheus(port);
prometheus.once("error", (error) => {
  console.log(`prometheus does not start: ${error.message}. On Debian: apt-get install prometheus`);
});
try {
  for (let n = 0; n < 20; n += 1) await post(n, SECRET);
  for (let n = 0; n < 3; n += 1) await post(n, "a guess");
  judge("Prometheus has scraped the relay", await untilAnswered(port, 'up{job="hookline"} == 1'));
  // Rates want two scrapes between which something happened; the relay gives an answer again for ten seconds.
  judge("a counter has grown", await untilAnswered(port, "hookline_events_accepted_total >= 20"));
  for (let n = 20; n < 40; n += 1) await post(n, SECRET);
  await post(0, "a guess");
  judge("it has grown again", await untilAnswered(port, "increase(hookline_events_accepted_total[1m]) > 0"));
  for (const { title, targets } of dashboard.panels)
    for (const { expr } of targets) judge(`${title}: ${expr}`, await untilAnswered(port, expr));

  const scraped = await fetch(`${relay.url}/metrics`, { headers: { authorization: `Bearer ${TOKEN}` } });
  const text = await scraped.text();
  try {
    const families = Number(execFileSync("/usr/bin/python3", ["-c", PARSE], { input: text, encoding: "utf8" }));
    judge(`the reference parser finds ${families} families`, families > 20 ? null : "too few");
  } catch (error) {
    judge("the reference parser", String(error));
  }
} finally {
  prometheus.kill();
  await relay.stop();
  receiver.closeAllConnections();
  receiver.close();
  await rm(folder, { recursive: true, force: true });
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
