// A whole relay for pages to be looked at: on workerd, with a receiver whose destinations do each what their names say.
import { createHmac } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as z from "zod";
import { type Local, runLocal } from "../../src/cli/local/local.ts";
import { until } from "./until.ts";

export const TOKEN = "the-token-of-these-pages-0123456789abcdef";
const SECRET = "the secret that acme signs with";

/** Destination → what it answers; `null` never comes to an end. */
const DESTINATIONS: Readonly<Record<string, { retry: string[]; answer: [status: number, body: string] | null }>> = {
  billing: { retry: ["1s"], answer: [200, '{"ok":true}'] },
  crm: { retry: ["1s", "1s"], answer: [503, "<h1>down for maintenance</h1>"] },
  archive: { retry: ["6h"], answer: [500, "no space left on device"] },
  gone: { retry: ["1s"], answer: [410, ""] },
  slow: { retry: ["1h"], answer: null },
  spare: { retry: ["1s"], answer: [200, ""] },
};

/** Type of the event → the destinations that it goes to. */
const ROUTES: Readonly<Record<string, string[]>> = {
  "order.paid": ["billing"],
  "order.lost": ["billing", "crm", "archive"],
  "order.gone": ["gone"],
  "order.slow": ["slow"],
  "order.seen": ["bin"],
};

export interface Pages {
  readonly url: string;
  /** Has acme send an event; answers with its id once it is stored. */
  post(body: string | Uint8Array, type: string, id?: string): Promise<string>;
  /** What the API answers. */
  api(path: string): Promise<unknown>;
  /** Waits until every delivery of an event is in one of these states. */
  settled(event: string, ...states: string[]): Promise<void>;
  stop(): Promise<void>;
}

/** Where the receiver has what thin events name. */
function thingsAt(port: number) {
  return { from: `http://127.0.0.1:${port}`, path: "object", headers: { authorization: "Bearer $THINGS_KEY" } };
}

const story = z.object({ deliveries: z.array(z.object({ state: z.string(), attempt: z.number() })) });

export async function startPages(port = 0): Promise<Pages> {
  const stateDir = await mkdtemp(join(tmpdir(), "hookline-pages-"));
  const hanging = new Set<{ end(): void }>();
  const receiver = createServer((request, response) => {
    request.resume();
    if (request.url === "/things/1") {
      response.end('{"id":1,"name":"a thing of its own"}');
      return;
    }
    const { answer } = DESTINATIONS[request.url?.slice(1) ?? ""] ?? { answer: [404, ""] };
    if (answer === null || answer === undefined) hanging.add(response);
    else response.writeHead(answer[0]).end(answer[1]);
  }).listen(0, "127.0.0.1");
  await once(receiver, "listening");
  const address = receiver.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  const settings = { header: "X-Signature", id: "{header:X-Id}", type: "{header:X-Type}" };
  const relay: Local = await runLocal({
    port,
    stateDir,
    vars: {
      SOURCES: {
        acme: { provider: "hmac", settings, max_body: "25MiB", hydrate: thingsAt(address.port) },
        github: { provider: "github" },
      },
      DESTINATIONS: {
        ...Object.fromEntries(
          Object.entries(DESTINATIONS).map(([name, { retry }]) => [
            name,
            { url: `http://127.0.0.1:${address.port}/${name}`, retry },
          ]),
        ),
        bin: { inspect: true, retry: ["1s", "1s"] },
      },
      ROUTES: {
        ...Object.fromEntries(
          Object.entries(ROUTES).map(([events, to], index) => [`route-${index + 1}`, { from: "acme", events, to }]),
        ),
        things: { from: "acme", events: "thing.*", to: "spare", transform: '{ "thing": object.name }' },
      },
      LOOPBACK_DESTINATIONS: "true",
      LOG_LEVEL: "error",
    },
    secrets: {
      ACME_SECRET: SECRET,
      THINGS_KEY: "the key to the things",
      ADMIN_TOKEN: TOKEN,
      SIGNING_KEY: "0123456789abcdef0123456789abcdef",
    },
    onLog({ message }) {
      // A fault of the relay's own.
      if (message.includes("http.failed")) console.error(message);
    },
  });
  const { url } = relay;
  const api = async (path: string): Promise<unknown> => {
    const response = await fetch(url + path, { headers: { authorization: `Bearer ${TOKEN}` } });
    if (!response.ok) throw new Error(`${path} answers ${response.status}: ${await response.text()}`);
    return response.json();
  };
  const find = async (id: string) => {
    const response = await fetch(`${url}/api/events/${id}`, { headers: { authorization: `Bearer ${TOKEN}` } });
    return response.ok ? story.parse(await response.json()) : undefined;
  };
  let count = 0;
  return {
    url,
    api,
    async post(body, type, id = `pages-${(count += 1)}`) {
      const bytes = Buffer.from(body);
      const signature = createHmac("sha256", SECRET).update(bytes).digest("hex");
      const headers = {
        "content-type": "application/json",
        "x-signature": signature,
        "x-id": id,
        "x-type": type,
        "cf-connecting-ip": "192.0.2.1",
      };
      const response = await fetch(`${url}/in/acme`, { method: "POST", headers, body: bytes });
      const answer: unknown = await response.json();
      if (!response.ok) throw new Error(`refused: ${response.status} ${JSON.stringify(answer)}`);
      const { id: event } = z.object({ id: z.string() }).parse(answer);
      await until(`${event} is stored`, async () => await find(event));
      return event;
    },
    async settled(event, ...states) {
      await until(`${event} is ${states.join(" or ")}`, async () => {
        const found = await find(event);
        const all = found?.deliveries.every(({ state, attempt }) => attempt > 0 && states.includes(state)) ?? false;
        return all || undefined;
      });
    },
    async stop() {
      await relay.stop();
      receiver.close();
      receiver.closeAllConnections();
      await rm(stateDir, { recursive: true, force: true });
    },
  };
}
