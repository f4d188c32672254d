// Handshakes that do something: a subscription is confirmed once it is proven, and a secret that is handed over goes to the operator alone.
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { front } from "../kit/front.ts";
import { bytes, carried, hmac, rows, setUp } from "../kit/relay.ts";

const receiver = setUp();
const base64 = (data: ArrayBuffer) => btoa(String.fromCharCode(...new Uint8Array(data)));
const RSA = {
  name: "RSASSA-PKCS1-v1_5",
  hash: "SHA-256",
  modulusLength: 2048,
  publicExponent: new Uint8Array([1, 0, 1]),
};
const pair = await crypto.subtle.generateKey(RSA, true, ["sign", "verify"]);
if (!("privateKey" in pair)) throw new Error("RSA keys come in pairs");
const { privateKey } = pair;
const spki = await crypto.subtle.exportKey("spki", pair.publicKey);
if (!(spki instanceof ArrayBuffer)) throw new Error("SPKI is bytes");
const PEM = `-----BEGIN PUBLIC KEY-----\n${base64(spki).replaceAll(/(.{64})/g, "$1\n")}\n-----END PUBLIC KEY-----\n`;
const sign = async (text: string) => base64(await crypto.subtle.sign(RSA.name, privateKey, bytes(text)));

let lines: string[] = [];
beforeEach(() => {
  lines = [];
  for (const level of ["log", "warn", "error"] as const)
    vi.spyOn(console, level).mockImplementation((line: unknown) => void lines.push(String(line)));
});
afterEach(() => {
  vi.restoreAllMocks();
});

const TOPIC = "arn:aws:sns:eu-west-1:123456789012:orders";
const sns = () => front({ sns: { provider: "aws-sns", settings: { topic: TOPIC } } }, { SNS_SECRET: PEM });
const unset = (vars = {}) => front({ asana: { provider: "asana" }, notion: { provider: "notion" } }, vars);
const kicked = () => front({ kick: { provider: "kick" } });
const visited = () => receiver.arrivals.map(({ url }) => url);

describe("SNS", () => {
  const CONFIRM = "https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&Token=secret-token";

  async function confirmation(change: Record<string, string> = {}, forged = false): Promise<string> {
    const message: Record<string, string> = {
      Message: "You have chosen to subscribe",
      MessageId: crypto.randomUUID(),
      SubscribeURL: CONFIRM,
      Timestamp: new Date().toISOString(),
      Token: "secret-token",
      TopicArn: TOPIC,
      Type: "SubscriptionConfirmation",
      ...change,
    };
    const text = Object.entries(message)
      .map(([key, value]) => `${key}\n${value}\n`)
      .join("");
    const rest = {
      SignatureVersion: "2",
      SigningCertURL: "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-a.pem",
    };
    return JSON.stringify({ ...message, ...rest, Signature: await sign(forged ? "other" : text) });
  }

  test("a subscription is confirmed by one visit to the address that was signed", async () => {
    const answer = await sns().post("sns", await confirmation());
    expect([answer.status, await answer.text()]).toEqual([200, ""]);
    expect(visited()).toEqual([CONFIRM]);
    expect(await rows("SELECT * FROM events").catch(() => [])).toEqual([]);
    expect(lines.join()).not.toContain("secret-token");
  });

  test("nothing is visited for a forged request, nor for one that was signed the day before", async () => {
    expect((await sns().post("sns", await confirmation({}, true))).status).toBe(401);
    const old = new Date(Date.now() - 25 * 3_600_000).toISOString();
    expect((await sns().post("sns", await confirmation({ Timestamp: old }))).status).toBe(401);
    expect(visited()).toEqual([]);
  });

  test.each([
    "https://evil.example/",
    "https://sns.eu-west-1.amazonaws.com.evil.example/",
    "https://sns.eu-west-1.amazonaws.com@evil.example/",
    "http://sns.eu-west-1.amazonaws.com/",
    "https://127.0.0.1/",
    "file:///etc/passwd",
  ])("even a signed message has nobody visit %s", async (url) => {
    const answer = await sns().post("sns", await confirmation({ SubscribeURL: url }));
    expect(answer.status).toBe(403);
    expect(visited()).toEqual([]);
  });

  test("a topic that the source does not name is not confirmed", async () => {
    const settings = { topic: "arn:aws:sns:eu-west-1:123456789012:invoices" };
    const strict = front({ sns: { provider: "aws-sns", settings } }, { SNS_SECRET: PEM });
    expect((await strict.post("sns", await confirmation())).status).toBe(401);
    expect(visited()).toEqual([]);
  });

  test.each([
    ["an error", () => new Response("no", { status: 500 })],
    ["a redirect", () => Response.redirect("https://evil.example/", 302)],
  ])("a visit that ends in %s is 503, so that SNS asks again", async (_, behaviour) => {
    receiver.behaviour = behaviour;
    expect((await sns().post("sns", await confirmation())).status).toBe(503);
    expect(visited()).toEqual([CONFIRM]);
  });
});

describe("a secret that is handed over", () => {
  interface Shown {
    readonly offers: { readonly secret: string; readonly address: string }[];
    readonly advice: string;
  }
  const show = (name = "asana") => unset().api<Shown>(`/sources/${name}/offers`, "POST");

  test("is shown to the operator once, and is nowhere else", async () => {
    const answer = await unset().post("asana", "{}", { "x-hook-secret": "from-asana-0123456789" });
    expect([answer.status, answer.headers.get("x-hook-secret")]).toEqual([200, "from-asana-0123456789"]);
    expect(JSON.stringify(await rows("SELECT * FROM offered_secrets"))).not.toContain("from-asana");
    expect(await show()).toMatchObject({
      offers: [{ secret: "from-asana-0123456789", address: "192.0.2.7" }],
      advice: expect.stringContaining("wrangler secret put ASANA_SECRET"),
    });
    expect((await show()).offers).toEqual([]);
    expect(lines.join()).not.toContain("from-asana");
  });

  test("proves nothing by itself: who planted it is refused all the same", async () => {
    const relay = unset();
    await relay.post("asana", "{}", { "x-hook-secret": "planted" });
    const body = '{"events":[{"action":"added"}]}';
    expect((await relay.post("asana", body, { "x-hook-signature": await hmac("planted", body) })).status).toBe(401);
    expect((await unset().post("asana", body, { "x-hook-signature": await hmac("planted", body) })).status).toBe(401);
  });

  test("is not taken, and not sent back, once the source has one", async () => {
    const relay = unset({ ASANA_SECRET: "the-real-one" });
    const answer = await relay.post("asana", "{}", { "x-hook-secret": "planted" });
    expect([answer.status, answer.headers.get("x-hook-secret")]).toEqual([401, null]);
    expect((await show()).offers).toEqual([]);
  });

  test("does not push out an earlier one, and the operator hears that there were several", async () => {
    await unset().post("asana", "{}", { "x-hook-secret": "the-first" });
    for (let n = 0; n < 5; n += 1) await unset().post("asana", "{}", { "x-hook-secret": `planted-${n}` });
    const last = await unset().post("asana", "{}", { "x-hook-secret": "too-late" });
    expect([last.status, last.headers.get("x-hook-secret")]).toEqual([503, null]);
    const { offers, advice } = await show();
    expect(offers.map(({ secret }) => secret)).toEqual(["the-first", "planted-0", "planted-1"]);
    expect(advice).toMatch(/More than one/);
  });

  test("is forgotten after an hour, by the minute of the cron as well", async () => {
    await unset().post("notion", '{"verification_token":"secret_abc"}');
    await rows("UPDATE offered_secrets SET at = at - 3600001");
    await unset().minute();
    expect(await rows("SELECT * FROM offered_secrets")).toEqual([]);
    await unset().post("notion", '{"verification_token":"secret_abc"}');
    await rows("UPDATE offered_secrets SET at = at - 3600001");
    expect((await show("notion")).offers).toEqual([]);
  });

  test("is refused where nobody could be shown it, and the operator reads why", async () => {
    const closed = unset({ ADMIN_TOKEN: "" });
    expect((await closed.post("asana", "{}", { "x-hook-secret": "from-asana" })).status).toBe(503);
    const { refusals } = await unset().api<{ refusals: object[] }>("/sources/asana/refusals");
    expect(refusals[0]).toMatchObject({
      reason: "busy",
      advice: expect.stringContaining("wrangler secret put ADMIN_TOKEN"),
    });
  });

  test("needs the token to be seen, and a POST", async () => {
    await unset().post("asana", "{}", { "x-hook-secret": "from-asana" });
    expect((await unset().ask("/api/sources/asana/offers", { method: "POST" })).status).toBe(401);
    const get = { method: "GET", headers: { authorization: "Bearer front-admin-token-0123456789abcdef" } };
    expect((await unset().ask("/api/sources/asana/offers", get)).status).toBe(405);
    expect((await show()).offers).toHaveLength(1);
  });

  test("cannot be read with another token than that of its time", async () => {
    await unset().post("asana", "{}", { "x-hook-secret": "from-asana" });
    await rows("UPDATE offered_secrets SET sealed = replace(sealed, '.', 'A.')");
    expect((await show()).offers).toEqual([]);
  });
});

async function kick(): Promise<[string, Record<string, string>]> {
  const [id, at, body] = [crypto.randomUUID(), new Date().toISOString(), '{"a":1}'];
  const signature = await sign(`${id}.${at}.${body}`);
  return [
    body,
    {
      "kick-event-message-id": id,
      "kick-event-message-timestamp": at,
      "kick-event-signature": signature,
      "kick-event-type": "chat.message.sent",
    },
  ];
}

describe("a key that the provider publishes", () => {
  test("is fetched from the provider once, and proves its events", async () => {
    receiver.behaviour = () => Response.json({ data: { public_key: PEM } });
    const door = kicked();
    for (let n = 0; n < 3; n += 1) expect((await door.post("kick", ...(await kick()))).status).toBe(200);
    expect(receiver.arrivals.map(({ url }) => url)).toEqual(["https://api.kick.com/public/v1/public-key"]);
  });

  test.each([
    ["an error", () => new Response(null, { status: 500 })],
    ["a redirect", () => Response.redirect("https://evil.example/", 302)],
    ["an answer past 64 KB", () => Response.json({ data: { public_key: PEM, more: "x".repeat(65_536) } })],
    ["no key", () => Response.json({ data: {} })],
  ])(
    "%s instead of it: nothing is accepted, the sender comes again, and the provider is asked once a minute",
    async (_, behaviour) => {
      receiver.behaviour = behaviour;
      const door = kicked();
      for (let n = 0; n < 5; n += 1) {
        const answer = await door.post("kick", ...(await kick()));
        expect([answer.status, answer.headers.get("retry-after")]).toEqual([503, "60"]);
      }
      expect(receiver.arrivals.map(({ url }) => url)).toEqual(["https://api.kick.com/public/v1/public-key"]);
      const { refusals } = await door.api<{ refusals: object[] }>("/sources/kick/refusals");
      expect(refusals[0]).toMatchObject({ code: "key_unavailable", advice: expect.stringContaining("api.kick.com") });
    },
  );

  test("does not excuse a forged signature", async () => {
    receiver.behaviour = () => Response.json({ data: { public_key: PEM } });
    const [, headers] = await kick();
    expect((await kicked().post("kick", '{"a":2}', headers)).status).toBe(401);
  });
});

test("Twitch's revocation is answered as Twitch expects, and stored; its repeat is answered likewise and stored once", async () => {
  const relay = front({ twitch: { provider: "twitch" } }, { TWITCH_SECRET: "s" });
  const body = '{"subscription":{"status":"authorization_revoked"}}';
  const time = new Date().toISOString();
  const headers = {
    "twitch-eventsub-message-id": "m1",
    "twitch-eventsub-message-timestamp": time,
    "twitch-eventsub-message-type": "revocation",
    "twitch-eventsub-subscription-type": "channel.follow",
    "twitch-eventsub-message-signature": `sha256=${await hmac("s", `m1${time}${body}`)}`,
  };
  const [first, again] = [await relay.post("twitch", body, headers), await relay.post("twitch", body, headers)];
  expect([first.status, again.status]).toEqual([204, 204]);
  const id = first.headers.get("hookline-event-id");
  expect(again.headers.get("hookline-event-id")).toBe(id);
  await carried();
  expect(await rows("SELECT id, type FROM events")).toEqual([{ id, type: "revocation.channel.follow" }]);
});
