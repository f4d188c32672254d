// Every sender of the catalogue that lists its deliveries, against a stand-in that answers as its documents say: what
// is asked for, page by page, and what is sent again or fetched.
import { expect, test } from "vitest";
import { findProvider, providerIds } from "../../../src/providers/catalogue.ts";
import { front } from "../kit/front.ts";
import { carried, rows, setUp } from "../kit/relay.ts";
import { SENDERS } from "../kit/listing-senders.ts";

const receiver = setUp();

test("each sender with a list has a stand-in here", () => {
  const listing = providerIds().filter((id) => findProvider(id)?.deliveries !== undefined);
  expect(Object.keys(SENDERS).toSorted()).toEqual(listing.toSorted());
});

/** An address as one reads it, without the time in it. */
function readable(url: string): string {
  return decodeURIComponent(url).replace(/(?<==)(?:\d{4}-\d\d-\d\dT[\d:.]+Z|\d{10})/, "SINCE");
}

const relay = (name: string, at: string) =>
  front(
    { [name]: { provider: name, secrets: ["PROOF"], gaps: { at, headers: { authorization: "Bearer $API_KEY" } } } },
    {
      PROOF: `whsec_${btoa("proof-0123456789abcdef")}`,
      API_KEY: "api-key",
      DESTINATIONS: { crm: { url: "https://crm.example.com/crm" } },
      ROUTES: { all: { from: name, to: "crm" } },
    },
  );

test.each(Object.entries(SENDERS))(
  "%s is asked as its documents say, and what was lost comes",
  async (name, sender) => {
    const asked: string[] = [];
    const before = new URL(sender.at);
    receiver.behaviour = ({ method, url, headers }) => {
      if (new URL(url).host !== before.host) return new Response("ok");
      const next = sender.exchange[asked.length];
      asked.push(`${method} ${readable(url)}`);
      expect(headers.get("authorization")).toBe("Bearer api-key");
      const link = next?.[2];
      return Response.json(next?.[1] ?? {}, { headers: link === undefined ? {} : { link } });
    };
    const one = relay(name, sender.at);
    await one.minute();
    await carried();
    expect(asked).toEqual(sender.exchange.map(([line]) => line));
    const { sources } = await one.api<{ sources: { gaps?: { fault: unknown; last: unknown } }[] }>("/sources");
    expect(sources[0]?.gaps).toMatchObject({ fault: null, last: { missed: 2, recovered: 2 } });
    const isFetched = findProvider(name)?.deliveries?.again === undefined;
    expect(await rows("SELECT DISTINCT verified_by FROM events")).toEqual(
      isFetched ? [{ verified_by: "fetched with API_KEY" }] : [],
    );
    expect(receiver.to("crm")).toHaveLength(isFetched ? 2 : 0);
  },
);

test("what is fetched from Telnyx is its request, under the name that the request has it by", async () => {
  const [[, answer] = []] = SENDERS["telnyx"]?.exchange ?? [];
  receiver.behaviour = ({ url }) => (url.includes("telnyx") ? Response.json(answer) : new Response("ok"));
  const one = relay("telnyx", "https://api.telnyx.com/v2");
  await one.minute();
  await carried();
  expect(await rows("SELECT type FROM events")).toEqual([{ type: "call_initiated" }]);
  const [arrival] = receiver.to("crm");
  expect(JSON.parse(new TextDecoder().decode(arrival?.body))).toMatchObject({
    data: { id: "lost", record_type: "event" },
  });
});

const id = (n: number) => `msg_${String(n).padStart(2, "0")}`;

test("what one look had no room for is the next one's, and what it asked for waits, though nothing in the list tells", async () => {
  const asked: string[] = [];
  const lost = Array.from({ length: 30 }, (_, n) => {
    const at = new Date(Date.now() - (10 + n) * 60_000).toISOString();
    return { id: id(n), type: "email.sent", created_at: at, status: "failed" };
  });
  receiver.behaviour = ({ method, url }) => {
    if (method === "POST") asked.push(url.split("/").at(-2) ?? "");
    return Response.json(method === "POST" ? {} : { object: "list", has_more: false, data: lost });
  };
  const one = relay("resend", "https://api.resend.com/webhooks/w1");
  await one.minute();
  const oldestFirst = Array.from({ length: 30 }, (_, n) => id(29 - n));
  expect(asked.splice(0)).toEqual(oldestFirst.slice(0, 25));
  await rows("UPDATE marks SET at = 0 WHERE name = 'gaps:resend'");
  await one.minute();
  expect(asked.splice(0)).toEqual(oldestFirst.slice(25));
  await rows("UPDATE marks SET at = 0 WHERE name = 'gaps:resend'");
  await one.minute();
  expect(asked).toEqual([]);
});
