// Takes the README's pictures of the pages, into docs/screens: `node test/browser/screens.ts`. The events are sent; the overview's day is made up.
import { createHmac } from "node:crypto";
import { once } from "node:events";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { BrowserContextOptions } from "playwright-core";
import * as z from "zod";
import { runLocal } from "../../src/cli/local/local.ts";
import { until } from "../kit/until.ts";
import { DESK, launch, open, PHONE, signedIn, type SignedIn } from "../kit/browser.ts";
import { findChromium } from "../kit/chromium.ts";
import { TOKEN } from "../kit/pages-relay.ts";

const folder = resolve(import.meta.dirname, "../../docs/screens");
const SECRET = "the secret that the assistant signs with";

/** What each destination answers, attempt by attempt; the last answer stays. */
const ANSWERS: Readonly<Record<string, [status: number, body: string][]>> = {
  tickets: [[201, '{"ticket":"SUP-4711"}']],
  chat: [
    [429, "slow down"],
    [200, "ok"],
  ],
  crm: [[503, "upstream connect error: no healthy upstream"]],
  "context-store": [[202, ""]],
};

const BODY = {
  conversation: "conv_8123",
  action: "refund.requested",
  customer: { id: "cus_77", name: "Zoë Ångström" },
  summary: "The parcel arrived broken; a refund of 129.00 EUR was promised within two days.",
  confidence: 0.97,
};

async function startReceiver() {
  const heard = new Map<string, number>();
  const receiver = createServer((request, response) => {
    request.resume();
    const name = request.url?.slice(1) ?? "";
    const n = heard.get(name) ?? 0;
    heard.set(name, n + 1);
    const answers = ANSWERS[name] ?? [];
    const [status, body] = answers[Math.min(n, answers.length - 1)] ?? [404, ""];
    setTimeout(() => response.writeHead(status).end(body), 20 + 15 * name.length);
  }).listen(0, "127.0.0.1");
  await once(receiver, "listening");
  const address = receiver.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return { url: `http://127.0.0.1:${address.port}`, close: () => receiver.close() };
}

async function startRelay(stateDir: string, receiver: string) {
  return await runLocal({
    port: 0,
    stateDir,
    vars: {
      SOURCES: {
        assistant: { provider: "hmac", settings: { header: "X-Signature", type: "{header:X-Type}" } },
        github: { provider: "github" },
        stripe: { provider: "stripe" },
      },
      DESTINATIONS: {
        ...Object.fromEntries(
          Object.keys(ANSWERS).map((name) => [name, { url: `${receiver}/${name}`, retry: ["1s", "2s", "6h"] }]),
        ),
        "audit-log": { inspect: true },
        billing: { url: `${receiver}/billing` },
      },
      ROUTES: {
        everything: { from: ["assistant", "github", "stripe"], to: "audit-log" },
        conversations: {
          from: "assistant",
          events: ["conversation.*"],
          to: ["crm", "tickets", "chat", "context-store"],
        },
        money: { from: "stripe", events: ["invoice.*", "charge.*"], to: ["billing", "crm"] },
        pushes: { from: "github", events: ["push"], to: "chat" },
      },
      LOOPBACK_DESTINATIONS: "true",
      LOG_LEVEL: "error",
    },
    secrets: {
      ASSISTANT_SECRET: SECRET,
      GITHUB_SECRET: SECRET,
      STRIPE_SECRET: `whsec_${btoa(SECRET)}`,
      ADMIN_TOKEN: TOKEN,
      SIGNING_KEY: "0123456789abcdef0123456789abcdef",
    },
    onLog: () => {},
  });
}

async function send(relay: string): Promise<string> {
  const body = JSON.stringify(BODY);
  const headers = {
    "content-type": "application/json",
    "x-signature": createHmac("sha256", SECRET).update(body).digest("hex"),
    "x-type": "conversation.closed",
  };
  const response = await fetch(`${relay}/in/assistant`, { method: "POST", headers, body });
  const { id } = z.object({ id: z.string() }).parse(await response.json());
  await until("three of five are delivered, and the crm was tried three times", async () => {
    const answer = await fetch(`${relay}/api/events/${id}`, { headers: { authorization: `Bearer ${TOKEN}` } });
    if (!answer.ok) return undefined;
    const story = z.object({
      deliveries: z.array(z.object({ destination: z.string(), state: z.string(), attempt: z.number() })),
    });
    const { deliveries } = story.parse(await answer.json());
    const ended = deliveries.filter(({ state }) => state === "delivered").length;
    return (
      (ended === 4 &&
        deliveries.some(
          ({ destination, attempt, state }) => destination === "crm" && attempt === 3 && state === "pending",
        )) ||
      undefined
    );
  });
  return id;
}

const stateDir = await mkdtemp(join(tmpdir(), "hookline-screens-"));
const receiver = await startReceiver();
const relay = await startRelay(join(stateDir, "relay"), receiver.url);
const fixture = await runLocal({
  configPath: join(import.meta.dirname, "../kit/fixture.toml"),
  vars: {},
  secrets: {},
  port: 0,
  stateDir: join(stateDir, "fixture"),
  onLog: () => {},
});
const found = await findChromium();
console.log(`The pictures are taken in ${found.name}.`);
const browser = await launch(found);

async function shoot(
  name: string,
  url: string,
  options: BrowserContextOptions,
  storageState?: SignedIn,
): Promise<void> {
  const { page, context } = await open(browser, {
    reducedMotion: "reduce",
    ...options,
    ...(storageState === undefined ? {} : { storageState }),
  });
  // Behind the made-up day nobody has news to tell.
  if (storageState === undefined) await page.routeWebSocket("**/api/live", () => {});
  await page.goto(url);
  await page.waitForLoadState("load");
  // Plots are drawn when the script has run.
  await page.evaluate("new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))");
  await page.screenshot({ path: join(folder, `${name}.png`) });
  await context.close();
  console.log(`${name}.png`);
}

await mkdir(folder, { recursive: true });
const id = await send(relay.url);
const session = await signedIn(browser, relay.url);
const made = { extraHTTPHeaders: { "x-fixture": "shown" } };
await shoot("overview", `${fixture.url}/`, { ...made, viewport: { width: 1280, height: 1000 } });
await shoot("event", `${relay.url}/events/${id}`, { viewport: { width: 1280, height: 1180 } }, session);
await shoot(
  "event-phone",
  `${relay.url}/events/${id}`,
  { viewport: PHONE, colorScheme: "dark", deviceScaleFactor: 2 },
  session,
);
await shoot("routes", `${relay.url}/routes`, { viewport: { ...DESK, height: 700 }, colorScheme: "dark" }, session);
await browser.close();
await Promise.all([relay.stop(), fixture.stop()]);
receiver.close();
await rm(stateDir, { recursive: true, force: true });
