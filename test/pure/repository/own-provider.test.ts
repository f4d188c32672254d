// docs/own-provider.md: each of its blocks passes the check, and verifies what its sender signs with node:crypto.

import { execFileSync } from "node:child_process";
import { createHmac, generateKeyPairSync, sign } from "node:crypto";
import { readFileSync } from "node:fs";
import { parse } from "smol-toml";
import { describe, expect, test } from "vitest";
import { examine } from "../../../src/cli/local/examine.ts";
import { table } from "../../../src/cli/local/wrangler-file.ts";
import { readConfig } from "../../../src/config/config.ts";
import { handshake } from "../../../src/in/handshake.ts";
import { identify } from "../../../src/in/identify.ts";
import { providerSchema } from "../../../src/scheme/scheme.ts";
import { verify, type Inbound } from "../../../src/verify/verify.ts";
import type { ConfiguredSource } from "../../../src/config/configured.ts";

const NOW = 1_760_000_000;
const BODY = '{"kind":"order.paid","ref":"o-1","id":"i-1","action":"create","amount":7}';
const bank = generateKeyPairSync("ed25519");

const page = readFileSync(new URL("../../../docs/own-provider.md", import.meta.url), "utf8");
const blocks = (language: string): string[] =>
  [...page.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, "gms"))].map(([, text]) => text ?? "");
const shipped = parse(readFileSync(new URL("../../../wrangler.toml", import.meta.url), "utf8"));
const hmac = (hash: string, content: string, key: string | Buffer, digits: "hex" | "base64" = "hex"): string =>
  createHmac(hash, key).update(content).digest(digits);

/** What the sender of a source sends, by the words of the page. */
interface Sender {
  readonly source: string;
  readonly secret: string;
  readonly headers: () => Record<string, string>;
  readonly url?: string;
  readonly type: string;
  readonly id: string | null;
}

const time = new Date(NOW * 1000).toISOString();
const url = "https://hooks.example.com/in/erp?tenant=7";
const senders: readonly Sender[] = [
  {
    source: "acme",
    secret: "k",
    headers: () => ({ "X-Acme-Signature": `t=${NOW},v1=${hmac("sha256", `${NOW}.${BODY}`, "k")}` }),
    type: "order.paid",
    id: "o-1",
  },
  {
    source: "shop",
    secret: "k",
    headers: () => ({ "X-Shop-Signature": `sha256=${hmac("sha256", BODY, "k")}` }),
    type: "unknown",
    id: "i-1",
  },
  { source: "monitor", secret: "k", headers: () => ({ Authorization: "Bearer k" }), type: "unknown", id: null },
  {
    source: "billing",
    secret: "k",
    headers: () => ({ "Billing-Signature": `t=${NOW},s1=${hmac("sha256", `${NOW}.${BODY}`, "k")}` }),
    type: "unknown",
    id: "i-1",
  },
  {
    source: "erp",
    secret: Buffer.from("key").toString("base64"),
    url,
    headers: () => {
      const code = hmac("sha512", `POST\n${url}\n${NOW * 1000}\n${BODY}`, Buffer.from("key"), "base64");
      return { "X-ERP-Time": String(NOW * 1000), "X-ERP-Signature": `AAAA,${code}`, "X-ERP-Event": "order" };
    },
    type: "order.create",
    id: "i-1",
  },
  {
    source: "bank",
    secret: bank.publicKey.export({ type: "spki", format: "pem" }).toString(),
    headers: () => {
      const signature = sign(null, Buffer.from(`d-1.${time}.7`), bank.privateKey).toString("base64");
      return { "X-Bank-Delivery": "d-1", "X-Bank-Time": time, "X-Bank-Signature": signature };
    },
    type: "order.paid",
    id: "d-1",
  },
];

/** The block as part of a whole wrangler.toml, with a route for each of its sources. */
function whole(block: string): Record<string, unknown> {
  const vars = table(parse(block)["vars"]);
  const from = Object.keys(table(vars["SOURCES"]));
  const DESTINATIONS = { shop: { url: "https://shop.example.com/webhooks" } };
  return { ...table(shipped), vars: { ...vars, DESTINATIONS, ROUTES: { all: { from, to: "shop" } } } };
}

const files = blocks("toml").map(whole);
const described = files.flatMap((file) => Object.keys(table(table(file["vars"])["SOURCES"])));

function sourceOf({ source, secret }: Sender): ConfiguredSource {
  for (const file of files) {
    const name = `${source.toUpperCase()}_SECRET`;
    const found = readConfig({ ...table(file["vars"]), [name]: secret }).sources.get(source);
    if (found !== undefined) return found;
  }
  throw new Error(`no block describes ${source}`);
}

function request(sender: Sender, body = BODY): Inbound {
  const { source, headers, url: to = `https://hooks.example.com/in/${source}` } = sender;
  return { method: "POST", url: to, headers: new Headers(headers()), body: new TextEncoder().encode(body) };
}

const judged = ({ scheme, secrets, settings }: ConfiguredSource, inbound: Inbound, now = NOW) =>
  verify(inbound, scheme, secrets, settings, now * 1000);

test("every source of the page has a sender in this test", () => {
  expect(senders.map(({ source }) => source)).toEqual(described);
});

test("the first block has ten lines", () => {
  expect(blocks("toml")[0]?.trim().split("\n")).toHaveLength(10);
});

test.each(files.map((file, n) => [n + 1, file] as const))("block %i passes the configuration check", (_, file) => {
  expect(examine(file)).toMatchObject({ frame: [], vars: [] });
});

describe.each(senders)("$source", (sender) => {
  test("what its sender signs is accepted, and nothing signed with another secret", async () => {
    const source = sourceOf(sender);
    expect(await judged(source, request(sender))).toMatchObject({ ok: true });
    const other = sender.secret.startsWith("-----")
      ? generateKeyPairSync("ed25519").publicKey.export({ type: "spki", format: "pem" }).toString()
      : "b3RoZXI=";
    expect(await judged({ ...source, secrets: [{ name: "S", value: other }] }, request(sender))).toMatchObject({
      ok: false,
      rejection: { reason: "signature_mismatch" },
    });
  });

  test("type and id are read as the page says", () => {
    const { scheme, settings } = sourceOf(sender);
    const { type, dedupe } = identify(request(sender), scheme, settings);
    expect({ type, id: dedupe?.key ?? null }).toEqual({ type: sender.type, id: sender.id });
  });
});

test.each([
  ["acme", BODY.replace("paid", "lost"), "signature_mismatch"],
  ["shop", BODY.replace("paid", "lost"), "signature_mismatch"],
  ["billing", BODY.replace("paid", "lost"), "signature_mismatch"],
  ["erp", BODY.replace("paid", "lost"), "signature_mismatch"],
  ["bank", BODY.replace("7", "8"), "signature_mismatch"],
])("%s: a changed body is refused", async (name, body, reason) => {
  const sender = senders.find(({ source }) => source === name)!;
  expect(await judged(sourceOf(sender), request(sender, body))).toMatchObject({ ok: false, rejection: { reason } });
});

test("bank: what the page says is uncovered is uncovered", async () => {
  const sender = senders.find(({ source }) => source === "bank")!;
  expect(await judged(sourceOf(sender), request(sender, BODY.replace("paid", "lost")))).toMatchObject({ ok: true });
});

test.each([
  ["acme", 301],
  ["billing", 301],
  ["erp", 61],
  ["bank", 301],
])("%s: a request %i s old is refused", async (name, age) => {
  const sender = senders.find(({ source }) => source === name)!;
  expect(await judged(sourceOf(sender), request(sender), NOW + age)).toMatchObject({
    ok: false,
    rejection: { reason: "timestamp_stale" },
  });
});

test("billing gets its challenge back, and no markup", async () => {
  const { scheme, secrets, settings } = sourceOf(senders.find(({ source }) => source === "billing")!);
  const asked = (challenge: string) => {
    const to = `https://hooks.example.com/in/billing?challenge=${encodeURIComponent(challenge)}`;
    const inbound = { method: "GET", url: to, headers: new Headers(), body: new Uint8Array() };
    return handshake(inbound, scheme, secrets, settings, "before-verify");
  };
  expect(await asked("abc-1")).toMatchObject({ status: 200, body: "abc-1" });
  expect(await asked("<b>")).toMatchObject({ status: 403, body: "" });
});

test("the commands of the page sign as Acme does", async () => {
  const commands = blocks("sh").find((text) => text.includes("X-Acme-Signature")) ?? "";
  const stub = `curl() { printf '%s\\n' "$@"; }\n`;
  const said = execFileSync("bash", ["-c", stub + commands], { env: { ...process.env, ACME_SECRET: "k" } }).toString();
  const [flag, header = "", , body = ""] = said.trim().split("\n");
  expect(flag).toBe("-H");
  const [name = "", value = ""] = header.split(": ");
  const sender: Sender = { ...senders[0]!, headers: () => ({ [name]: value }) };
  const sentAt = Number(/t=(\d+)/.exec(value)?.[1]);
  expect(await judged(sourceOf(sender), request(sender, body), sentAt)).toMatchObject({ ok: true });
});

test("the page names every key, signature format, unit and secret form that there is", () => {
  const { shape } = providerSchema;
  const { signature, timestamp, secret } = shape;
  const words = [
    ...Object.keys(shape),
    ...Object.keys(signature.shape).filter((key) => key !== "group" && key !== "bare" && key !== "covers"),
    ...signature.shape.format.def.innerType.options,
    ...timestamp.def.innerType.shape.unit.def.innerType.options,
    ...secret.def.innerType.options,
  ];
  expect(words.filter((word) => !page.includes(`\`${word}\``))).toEqual([]);
});
