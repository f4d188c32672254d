// Deliveries that a sender has lost come after all: a real relay, and a sender beside it whose API lists its attempts
// and sends one again, as GitHub's documents say.
import { createHmac } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import { expect, onTestFinished, test } from "vitest";
import * as z from "zod";
import { say, startReceiver } from "../kit/receiver.ts";
import { until } from "../kit/until.ts";
import { Relay, relayVars, SECRETS, stateFolder } from "../kit/whole-relay.ts";

const HOOK = "/repos/acme/shop/hooks/1";

interface Attempt {
  readonly id: number;
  readonly guid: string;
  readonly delivered_at: string;
  status_code: number;
}

/** A sender: what it has tried, its API, and how it posts. */
async function startSender(minutesAgo: (n: number) => string) {
  const attempts: Attempt[] = [];
  const asked: string[] = [];
  const to = { url: "" };
  const post = async (guid: string) => {
    const body = JSON.stringify({ zen: "Keep it logically awesome.", guid });
    const headers = {
      "content-type": "application/json",
      "cf-connecting-ip": "127.0.0.1",
      "x-github-event": "push",
      "x-github-delivery": guid,
      "x-hub-signature-256": `sha256=${createHmac("sha256", SECRETS.ACME_SECRET).update(body).digest("hex")}`,
    };
    const { status } = await fetch(`${to.url}/in/github`, { method: "POST", headers, body });
    return status;
  };
  const note = (guid: string, at: string, code: number) =>
    attempts.unshift({ id: attempts.length + 1, guid, delivered_at: at, status_code: code });
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://sender.example");
    const answer = (status: number, body: unknown) => {
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
    };
    if (request.headers.authorization !== `Bearer ${SECRETS.HOOK_TOKEN}`) return answer(401, {});
    if (pathname === `${HOOK}/deliveries`) return answer(200, attempts);
    const id = new RegExp(`^${HOOK}/deliveries/(\\d+)/attempts$`).exec(pathname)?.[1];
    const one = attempts.find((attempt) => String(attempt.id) === id);
    if (request.method !== "POST" || one === undefined) return answer(404, {});
    asked.push(one.guid);
    answer(202, {});
    void post(one.guid).then((status) => note(one.guid, new Date().toISOString(), status));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return { at: `http://127.0.0.1:${address.port}${HOOK}`, attempts, asked, to, post, note, minutesAgo };
}

const shown = z.object({
  sources: z.array(
    z.looseObject({
      name: z.string(),
      gaps: z
        .object({ last: z.object({ missed: z.number(), recovered: z.number() }).nullable() })
        .loose()
        .optional(),
    }),
  ),
});
const listed = z.object({ events: z.array(z.object({ id: z.string() })) });

test("what was lost on the way is sent again and delivered once; what had come, and what was told to be lost though it came, is no second event", async () => {
  const receiver = await startReceiver((arrival, response) => say(200, arrival, response));
  const sender = await startSender((n) => new Date(Date.now() - n * 60_000).toISOString());
  const vars = relayVars({ crm: { url: receiver.address("crm") } });
  vars["SOURCES"] = {
    github: {
      provider: "github",
      secrets: ["ACME_SECRET"],
      allow: ["127.0.0.1/32"],
      gaps: { at: sender.at, headers: { authorization: "Bearer $HOOK_TOKEN" }, every: "5m" },
    },
  };
  vars["ROUTES"] = { all: { from: "github", to: "crm" } };
  const relay = await Relay.start(vars, await stateFolder());
  sender.to.url = relay.url;

  expect(await sender.post("came")).toBe(200);
  expect(await sender.post("answer-lost")).toBe(200);
  await relay.carried();
  sender.note("came", sender.minutesAgo(20), 200);
  sender.note("answer-lost", sender.minutesAgo(15), 0);
  sender.note("lost", sender.minutesAgo(10), 502);
  sender.note("young", sender.minutesAgo(0), 502);

  const order = async () => {
    const headers = { authorization: `Bearer ${SECRETS.ADMIN_TOKEN}` };
    const answer = await fetch(`${relay.url}/api/sources/github/gaps`, { method: "POST", headers });
    return z.object({ asked: z.boolean() }).parse(await answer.json()).asked;
  };
  // No cron runs on this machine: an operator orders the look.
  expect(await order()).toBe(true);
  await until("it was asked for", () => sender.asked.length >= 2 || undefined);
  await until("what was lost is delivered", () => receiver.to("crm").length >= 3 || undefined);
  await relay.carried();
  expect(sender.asked).toEqual(["answer-lost", "lost"]);
  const { events } = listed.parse(await relay.api("/api/events"));
  expect(events).toHaveLength(3);
  expect(new Set(receiver.to("crm").map(({ event }) => event)).size).toBe(3);
  expect(receiver.to("crm")).toHaveLength(3);
  await until("it is shown", async () => {
    const { sources } = shown.parse(await relay.api("/api/sources"));
    const last = sources.find(({ name }) => name === "github")?.gaps?.last ?? null;
    return last === null ? undefined : (expect(last).toMatchObject({ missed: 2, recovered: 2 }) ?? true);
  });

  // A moment after a look nobody is asked again, whoever orders it.
  expect(await order()).toBe(false);
  expect(sender.asked).toHaveLength(2);
});
