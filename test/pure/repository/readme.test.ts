// Every block of the README and of the pages that it leads to is run: commands by .ci/run, SQL by test/worker/d1/queries.test.ts, the rest here.
import { execFileSync } from "node:child_process";
import { createHmac, timingSafeEqual } from "node:crypto";
import { existsSync, globSync, readFileSync } from "node:fs";
import { basename, dirname, resolve } from "node:path";
import { runInNewContext } from "node:vm";
import { Webhook } from "standardwebhooks";
import { parse } from "smol-toml";
import { expect, test } from "vitest";
import * as z from "zod";
import { table } from "../../../src/cli/local/wrangler-file.ts";
import { readConfig } from "../../../src/config/config.ts";
import { derivedSecret, signatures } from "../../../src/out/sign.ts";

const root = resolve(import.meta.dirname, "../../..");
const read = (document: string): string => readFileSync(resolve(root, document), "utf8");
const DOCUMENTS = ["README.md", "docs/configuration.md", "docs/receivers.md", "docs/operations.md"];
const text = DOCUMENTS.map(read).join("\n");
const ci = read(".ci/run");

/** Other documents with blocks, and what holds those. */
const ELSEWHERE = new Map([
  ["docs/archive.md", "pure/archive/document.test.ts; its SQL was tried by hand with DuckDB"],
  ["docs/bodies.md", "pure/archive/bodies.test.ts"],
  ["docs/alerts.md", "pure/alert/document.test.ts"],
  ["docs/assistants.md", "pure/cli/mcp.test.ts"],
  ["docs/backup.md", "e2e/backup.test.ts, which runs its SQL"],
  ["docs/cli.md", "pure/cli/command.test.ts"],
  ["docs/filters.md", "pure/filter/document.test.ts"],
  ["docs/gaps.md", "pure/config/gapping.test.ts"],
  ["docs/moving.md", "e2e/moving.test.ts runs its commands; its SQL was tried by hand with DuckDB"],
  ["docs/metrics.md", "test/metrics/prometheus.ts, which needs a Prometheus"],
  ["docs/transforms.md", "pure/transform/document.test.ts"],
  ["docs/privacy.md", "pure/config/encrypting.test.ts"],
  ["docs/own-provider.md", "own-provider.test.ts"],
  ["docs/providers.md", "providers-page.test.ts"],
  ["docs/replies.md", "pure/config/replying.test.ts"],
  ["docs/sending.md", "pure/in/sending.test.ts"],
  ["docs/simulation.md", "a story that the simulation has printed"],
  ["docs/soak.md", "the soak's own options"],
  ["docs/states.md", "a diagram"],
  ["docs/tunnel.md", "pure/config/where.test.ts"],
]);

const FENCE = "`".repeat(3);

/** The blocks of a language, each once, without the indentation of the list that they may stand in. */
function blocks(language: string): string[] {
  const found = text.matchAll(new RegExp(`^( *)${FENCE}${language}\\n([^]*?)^ *${FENCE}$`, "gm"));
  const plain = [...found].map(([, indent = "", code = ""]) => code.replaceAll(new RegExp(`^${indent}`, "gm"), ""));
  return [...new Set(plain)];
}

test("the README leads to every document, at once or by one that it names", () => {
  const documents = globSync("docs/*.md", { cwd: root });
  expect(documents.length).toBeGreaterThan(20);
  const named = documents.filter((document) => read("README.md").includes(`](${document}`));
  // Some are about a part of what another one tells.
  const further = named.map(read).join("\n");
  const left = documents.filter((one) => !named.includes(one) && !further.includes(`](${basename(one)}`));
  expect(left).toEqual([]);
});

test("every document with a block is read here or by the test that is named for it", () => {
  const documents = globSync(["*.md", "docs/**/*.md"], { cwd: root });
  const withBlocks = documents.filter((document) => new RegExp(`^ *${FENCE}`, "m").test(read(document)));
  expect(withBlocks.toSorted()).toEqual([...DOCUMENTS, ...ELSEWHERE.keys()].toSorted());
});

test("every link between the documents leads to a file, and to a heading of it where it names one", () => {
  const documents = globSync(["*.md", "docs/**/*.md", "src/**/*.md"], { cwd: root });
  const broken = documents.flatMap((document) =>
    [...read(document).matchAll(/\]\((?![a-z]+:)([^)#\s]*)(?:#([^)\s]+))?\)/g)]
      .filter(([, path = "", heading]) => !leads(resolve(root, dirname(document), path || basename(document)), heading))
      .map(([link]) => `${document}: ${link}`),
  );
  expect(broken).toEqual([]);
});

test("every file and folder of src/ and test/ that a document names is there", () => {
  const documents = globSync(["README.md", "SECURITY.md", "docs/**/*.md"], { cwd: root });
  const named = documents.flatMap((document) =>
    [...read(document).matchAll(/`((?:src|test)\/[\w./-]+)`/g)].map(([, path = ""]) => ({ document, path })),
  );
  expect(named.length).toBeGreaterThan(20);
  expect(named.filter(({ path }) => !existsSync(resolve(root, path)))).toEqual([]);
});

/** Whether a file is there, and has a heading that GitHub would give this name. */
function leads(path: string, heading: string | undefined): boolean {
  if (heading === undefined) return existsSync(path);
  const names = [...readFileSync(path, "utf8").matchAll(/^#+ (.*)$/gm)].map(([, title = ""]) =>
    title
      .toLowerCase()
      .replaceAll(/[^\w\s-]/g, "")
      .replaceAll(" ", "-"),
  );
  return names.includes(heading);
}

test("every block is in a language that some test runs", () => {
  const languages = [...text.matchAll(/^ *```(\w+)$/gm)].map(([, language]) => language);
  expect(new Set(languages)).toEqual(new Set(["sh", "toml", "js"]));
  expect(text.match(/^ *```$/gm)?.length).toBe(languages.length);
});

test("every command is one that .ci/run runs", () => {
  const commands = blocks("sh")
    .filter((block) => !/^npx wrangler d1 execute|^body=/.test(block))
    .flatMap((block) => block.trim().split(" && "));
  expect(commands).toEqual(["npm ci", "npm start", "npm test", "npm run config:check"]);
  for (const command of commands) expect(ci).toContain(command);
});

test("the request to try with is signed as GitHub signs it", () => {
  const block = blocks("sh").find((one) => one.startsWith("body=")) ?? "";
  const [, curl = ""] = block.split("\ncurl ");
  expect(curl).toMatch(/^-d "\$body" .* -H "x-hub-signature-256: sha256=\$code" http:\/\/localhost:8787\/in\/github$/m);
  const script = block
    .replace(/^curl .*$/m, 'printf "%s\\n%s" "$body" "$code"')
    .replace("<your GITHUB_SECRET>", "s3cret");
  const [body = "", code] = execFileSync("sh", ["-c", script], { encoding: "utf8" }).split("\n");
  expect(code).toBe(createHmac("sha256", "s3cret").update(body).digest("hex"));
});

test("the configuration is in order, and says what the text says", () => {
  const [example = ""] = blocks("toml");
  const config = readConfig({ ...table(parse(example)["vars"]), GITHUB_SECRET: "s", SIGNING_KEY: "k".repeat(44) });
  expect(config.findings).toEqual([]);
  expect([...config.sources.keys(), ...config.destinations.keys()]).toEqual(["github", "billing"]);
  expect(config.routes).toMatchObject([{ name: "money", from: ["github"], to: ["billing"] }]);
});

/** What Hookline sends, and a way to run code of the README on it. */
async function receiver(sent: Uint8Array<ArrayBuffer>, at = Date.now()) {
  const key = { name: "SIGNING_KEY", value: "k".repeat(44) };
  const timestamp = Math.floor(at / 1000);
  const billing = { name: "billing", keys: [{ kind: "derived" as const, from: key }] };
  const headers = {
    "webhook-id": "evt_1",
    "webhook-timestamp": String(timestamp),
    "webhook-signature": `v1,AAAA ${await signatures(billing, "evt_1", timestamp, sent)}`,
  };
  const process = { env: { HOOKLINE_SECRET: await derivedSecret(key.value, "billing") } };
  const given = { Webhook, process, headers, Buffer, createHmac, timingSafeEqual };
  return (code: string, body: string | Buffer): unknown =>
    runInNewContext(`(() => { ${code.replace(/^import .*\n/, "")} })()`, { ...given, body });
}

const [library = "", byHand = ""] = blocks("js");
/** The library's block, with the call that the text names for a body that is no JSON. */
const proofAlone = library.replace(
  "verify(body, headers)",
  /`(verify\(body, headers, .*)` throws/.exec(text)?.[1] ?? "",
);

test("the receiver's three lines prove what Hookline sends", async () => {
  const body = '{"hello":"receiver"}';
  const run = await receiver(new TextEncoder().encode(body));
  expect(run(`${library}; return event;`, body)).toEqual({ hello: "receiver" });
  expect(() => run(library, `${body} `)).toThrow("No matching signature found");
});

test("a body that is text and no JSON is proven by the call that the text names", async () => {
  const body = "payload=%7B%7D&name=Gr%C3%B6%C3%9Fe\u2603";
  const run = await receiver(new TextEncoder().encode(body));
  expect(() => run(library, body)).toThrow("JSON");
  expect(run(proofAlone, body)).toBeUndefined();
  expect(() => run(proofAlone, `${body}&`)).toThrow("No matching signature found");
});

test("bytes that are no UTF-8 are proven by the second block, and cannot be by the library", async () => {
  const body = Buffer.from([0x1f, 0x8b, 0x00, 0xff, 0xfe, 0x80]);
  const run = await receiver(new Uint8Array(body));
  expect(() => run(proofAlone, body)).toThrow("No matching signature found");
  expect(run(byHand, body)).toBeUndefined();
  for (const other of [Buffer.alloc(0), Buffer.from([0x1f]), Buffer.concat([body, body])])
    expect(() => run(byHand, other)).toThrow("not from Hookline");
  for (const minutes of [-6, 6]) {
    const late = await receiver(new Uint8Array(body), Date.now() + minutes * 60_000);
    expect(() => late(byHand, body)).toThrow("not from Hookline");
  }
});

test("the README names the Node that package.json asks for", () => {
  const { engines } = z.object({ engines: z.object({ node: z.string() }) }).parse(JSON.parse(read("package.json")));
  const [, named = ""] = /\(Node ([^)]*)\)/.exec(text) ?? [];
  const asked = named.replace(/, or (\S+) and newer$/, ", >=$1").split(", ");
  const full = asked.map((one) => `${one}.0.0`.replace(/(\d+\.\d+\.\d+).*/, "$1").replace(/^\d/, "^$&"));
  expect(full.join(" || ")).toBe(engines.node);
});
