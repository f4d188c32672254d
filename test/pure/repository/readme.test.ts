// The README's blocks are run: commands by .ci/run, SQL by test/worker/d1/queries.test.ts, configuration and code here.
import { execFileSync } from "node:child_process";
import { createHmac } from "node:crypto";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { runInNewContext } from "node:vm";
import { Webhook } from "standardwebhooks";
import { parse } from "smol-toml";
import { expect, test } from "vitest";
import { table } from "../../../src/cli/local/wrangler-file.ts";
import { readConfig } from "../../../src/config/config.ts";
import { derivedSecret, signatures } from "../../../src/out/sign.ts";

const root = resolve(import.meta.dirname, "../../..");
const readme = readFileSync(resolve(root, "README.md"), "utf8");
const ci = readFileSync(resolve(root, ".ci/run"), "utf8");

const FENCE = "`".repeat(3);

/** The blocks of a language, without the indentation of the list that they may stand in. */
function blocks(language: string): string[] {
  const found = readme.matchAll(new RegExp(`^( *)${FENCE}${language}\\n([^]*?)^ *${FENCE}$`, "gm"));
  return [...found].map(([, indent = "", text = ""]) => text.replaceAll(new RegExp(`^${indent}`, "gm"), ""));
}

test("every block is in a language that some test runs", () => {
  const languages = [...readme.matchAll(/^ *```(\w+)$/gm)].map(([, language]) => language);
  expect(new Set(languages)).toEqual(new Set(["sh", "toml", "js"]));
  expect(readme.match(/^ *```$/gm)?.length).toBe(languages.length);
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
  const [text = ""] = blocks("toml");
  const config = readConfig({ ...table(parse(text)["vars"]), GITHUB_SECRET: "s", SIGNING_KEY: "k".repeat(44) });
  expect(config.findings).toEqual([]);
  expect([...config.sources.keys(), ...config.destinations.keys()]).toEqual(["github", "billing"]);
  expect(config.routes).toMatchObject([{ name: "money", from: ["github"], to: ["billing"] }]);
});

test("the receiver's three lines prove what Hookline sends", async () => {
  const [code = ""] = blocks("js");
  const key = { name: "SIGNING_KEY", value: "k".repeat(44) };
  const body = '{"hello":"receiver"}';
  const timestamp = Math.floor(Date.now() / 1000);
  const keys = [{ kind: "derived" as const, from: key }];
  const headers = {
    "webhook-id": "evt_1",
    "webhook-timestamp": String(timestamp),
    "webhook-signature": await signatures(
      { name: "billing", keys },
      "evt_1",
      timestamp,
      new TextEncoder().encode(body),
    ),
  };
  const lines = code.replace(/^import .*\n/, "");
  const secret = await derivedSecret(key.value, "billing");
  const given = { Webhook, process: { env: { HOOKLINE_SECRET: secret } }, headers };
  const run = (text: string): unknown =>
    runInNewContext(`(() => { ${lines}; return event; })()`, { ...given, body: text });
  expect(run(body)).toEqual({ hello: "receiver" });
  expect(() => run(`${body} `)).toThrow("No matching signature found");
});
