// The look-up of names on the relay as shipped: a local resolver stands beside the receiver, and what leads inwards gets
// nothing, at the first attempt and at any other.
import { expect, test } from "vitest";
import { front } from "../kit/front.ts";
import { carried, hmac, rows, setUp, until } from "../kit/relay.ts";

const receiver = setUp();

const RESOLVER = "https://dns.example.net/dns-query";

/** What the resolver says of each name, by type. */
const ZONE: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "vcap.me": { A: "127.0.0.1" },
  "half.example.com": { A: "93.184.215.14", AAAA: "::1" },
  "good.example.com": { A: "93.184.215.14" },
};

function relayTo(url: string, resolver: string = RESOLVER) {
  receiver.behaviour = ({ url: asked }) => {
    if (!asked.startsWith(RESOLVER)) return new Response("ok");
    const { searchParams: question } = new URL(asked);
    const type = question.get("type") ?? "";
    const zone = ZONE[question.get("name") ?? ""];
    if (zone === undefined) return Response.json({ Status: 2 });
    const Answer = zone[type] === undefined ? [] : [{ type: type === "A" ? 1 : 28, TTL: 60, data: zone[type] }];
    return Response.json({ Status: 0, TC: false, Answer });
  };
  return front(
    { acme: { provider: "hmac", settings: { header: "X-Signature" } } },
    {
      RESOLVER: resolver,
      ACME_SECRET: "acme-secret",
      DESTINATIONS: { there: { url } },
      ROUTES: { all: { from: "acme", to: "there" } },
    },
  );
}

async function attempted(relay: ReturnType<typeof front>) {
  const headers = { "x-signature": await hmac("acme-secret", "{}") };
  expect((await relay.post("acme", "{}", headers)).status).toBe(200);
  await carried();
  return await until(async () => {
    const [row] = await rows("SELECT state, reason, fault, answer FROM delivery_history").catch(() => []);
    return row !== undefined && row["fault"] !== null && row;
  });
}
const heard = () => receiver.arrivals.filter(({ url }) => !url.startsWith(RESOLVER)).map(({ url }) => url);

test.each(["vcap.me", "half.example.com"])(
  "nothing is sent to %s, which leads inwards, and its delivery ends as blocked",
  async (host) => {
    const row = await attempted(relayTo(`https://${host}/hook`));
    expect(row).toMatchObject({
      state: "failed",
      reason: "blocked",
      fault: "inward",
      answer: expect.stringContaining(host),
    });
    expect(heard()).toEqual([]);
  },
);

test("while a name cannot be looked up nothing is sent, and it is tried again", async () => {
  expect(await attempted(relayTo("https://lost.example.com/hook"))).toMatchObject({
    state: "pending",
    fault: "unresolved",
  });
  expect(heard()).toEqual([]);
});

test("a resolver that is written wrong switches nothing off", async () => {
  const row = await attempted(relayTo("https://good.example.com/hook", "http://dns.example.net/"));
  expect(row).toMatchObject({ state: "pending", fault: "unresolved" });
  expect(heard()).toEqual([]);
});

test("what is public gets its event, and its name is looked up once for several", async () => {
  const relay = relayTo("https://good.example.com/hook");
  const headers = { "x-signature": await hmac("acme-secret", "{}") };
  for (let n = 0; n < 3; n += 1) expect((await relay.post("acme", "{}", headers)).status).toBe(200);
  await until(() => heard().length === 3);
  expect(receiver.arrivals.filter(({ url }) => url.startsWith(RESOLVER))).toHaveLength(2);
});
