// Challenges: answered as the sender waits for it, never as an oracle, never as markup, and only for sources of that provider.

import { createCipheriv, createHash, createHmac } from "node:crypto";
import { describe, expect, test } from "vitest";
import {
  acceptedMethods,
  handshake,
  hasHandshake,
  replyTo,
  type HandshakeAnswer,
  type Phase,
} from "../../../src/in/handshake.ts";
import { verify } from "../../../src/verify/verify.ts";
import { findProvider, providerIds } from "../../../src/providers/catalogue.ts";

interface Asked {
  readonly method?: string;
  readonly query?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string;
  readonly secrets?: readonly string[];
  readonly settings?: Record<string, string>;
  readonly phase?: Phase;
}

function ask(
  id: string,
  {
    method = "GET",
    query = "",
    headers = {},
    body = "",
    secrets = ["s3cret"],
    settings = {},
    phase = "before-verify",
  }: Asked,
): Promise<HandshakeAnswer | null> {
  const request = {
    method,
    url: `https://x.example/in/a${query}`,
    headers: new Headers(headers),
    body: new TextEncoder().encode(body),
  };
  return handshake(
    request,
    findProvider(id)!,
    secrets.map((value) => ({ name: "S", value })),
    settings,
    phase,
  );
}

const json = (value: unknown): string => JSON.stringify(value);

test("a provider without a GET handshake keeps to POST", () => {
  expect(acceptedMethods(findProvider("github")!)).toEqual(["POST"]);
  expect(acceptedMethods(findProvider("meta")!)).toEqual(["POST", "GET"]);
  expect(acceptedMethods(findProvider("trello")!)).toEqual(["POST", "HEAD"]);
  expect(acceptedMethods(findProvider("cloudevents")!)).toEqual(["POST", "OPTIONS"]);
});

test("a provider's challenge means nothing to another provider's source", async () => {
  expect(await ask("github", { query: "?hub.mode=subscribe&hub.challenge=1&hub.verify_token=s3cret" })).toBeNull();
  expect(await ask("stripe", { method: "POST", body: json({ type: "url_verification", challenge: "x" }) })).toBeNull();
  expect(await ask("dropbox", { method: "POST", query: "?challenge=x" })).toBeNull();
});

const subscription = (token: string): string => `?hub.mode=subscribe&hub.challenge=1&hub.verify_token=${token}`;

describe("trap 8: a challenge is no oracle", () => {
  test("Slack, Zoom, Twitch, Discord and SNS are answered only once the request is verified", async () => {
    const slack = { method: "POST", body: json({ type: "url_verification", challenge: "abc" }) };
    expect(await ask("slack", slack)).toBeNull();
    expect(await ask("slack", { ...slack, phase: "after-verify" })).toMatchObject({ status: 200, body: "abc" });
    for (const id of ["zoom", "twitch", "discord", "aws-sns"])
      expect(hasHandshake(findProvider(id)!, "POST", "before-verify")).toBe(false);
  });

  test("text that could be a signed body is not signed", async () => {
    for (const crc of ['{"a":1}', "a b", "v0:1:x", "<b>", "x".repeat(600), ""]) {
      const answer = await ask("x-twitter", { query: `?crc_token=${encodeURIComponent(crc)}` });
      expect(answer).toMatchObject({ status: 400, body: "" });
    }
    const zoom = await ask("zoom", {
      method: "POST",
      phase: "after-verify",
      body: json({ event: "endpoint.url_validation", payload: { plainToken: "v0:1760000000:{}" } }),
    });
    expect(zoom).toMatchObject({ status: 403, body: "" });
    expect(await ask("linkedin", { query: "?challengeCode=hmacsha256%3D%7B%7D" })).toMatchObject({
      status: 400,
      body: "",
    });
    expect(await ask("braintree", { query: `?bt_challenge=${"A".repeat(20)}` })).toMatchObject({
      status: 400,
      body: "",
    });
  });

  test("no answer can be run by a browser, whatever is asked", async () => {
    for (const id of providerIds()) {
      for (const one of findProvider(id)!.handshake ?? []) {
        const evil = "<script>alert(1)</script>";
        const query = `?hub.mode=subscribe&hub.challenge=${evil}&hub.verify_token=s3cret&challenge=${evil}&check=${evil}&crc_token=${evil}&challenge_code=${evil}&challengeCode=${evil}&bt_challenge=${evil}&validationToken=${evil}&echostr=${evil}`;
        const body = json({
          challenge: evil,
          type: "url_verification",
          Type: "SubscriptionConfirmation",
          payload: { plainToken: evil },
        });
        const headers = {
          "x-okta-verification-challenge": evil,
          "webhook-request-origin": evil,
          "x-hook-secret": evil,
        };
        const answer = await ask(id, {
          method: one.method,
          query,
          body,
          headers,
          phase: one.verified === true ? "after-verify" : "before-verify",
        });
        if (answer === null) continue;
        expect(answer.body).not.toContain("<script>");
        expect(json(answer.headers)).not.toContain("<script>");
        expect(answer.headers["x-content-type-options"]).toBe("nosniff");
        expect(answer.headers["content-type"]).toMatch(/^(text\/plain|application\/json)/);
      }
    }
  });

  test("a wrong or missing verify token gets 403", async () => {
    expect(await ask("meta", { query: subscription("s3cret") })).toMatchObject({ status: 200, body: "1" });
    expect(await ask("meta", { query: subscription("no") })).toMatchObject({ status: 403, body: "" });
    expect(await ask("meta", { query: subscription(""), secrets: [""] })).toMatchObject({ status: 403 });
    expect(await ask("strava", { query: subscription("s3cret") })).toMatchObject({ body: '{"hub.challenge":"1"}' });
  });
});

test("computed answers are the sender's own formula", async () => {
  const code = createHmac("sha256", "s3cret").update("tok").digest("base64");
  expect(await ask("x-twitter", { query: "?crc_token=tok" })).toMatchObject({
    body: json({ response_token: `sha256=${code}` }),
  });
  expect(await ask("okta", { headers: { "x-okta-verification-challenge": "tok" } })).toMatchObject({
    body: '{"verification":"tok"}',
  });
  expect(await ask("onfleet", { query: "?check=tok" })).toMatchObject({ body: "tok" });
});

test("WebSub confirms the topic that was asked for, and answers 404 to any other", async () => {
  const query = "?hub.mode=subscribe&hub.topic=https%3A%2F%2Fa.example%2Ffeed&hub.challenge=c1";
  expect(await ask("websub", { query, settings: { topic: "https://a.example/feed" } })).toMatchObject({
    status: 200,
    body: "c1",
  });
  expect(await ask("websub", { query, settings: { topic: "https://b.example/feed" } })).toMatchObject({
    status: 404,
    body: "",
  });
  expect(await ask("websub", { query })).toMatchObject({ status: 404, body: "" });
});

test("a secret that the sender hands over is taken only while there is none", async () => {
  const asana = { method: "POST", headers: { "x-hook-secret": "abc" } };
  expect(await ask("asana", { ...asana, secrets: [] })).toMatchObject({
    headers: { "x-hook-secret": "abc" },
    reveals: "abc",
  });
  expect(await ask("asana", asana)).toBeNull();
  const notion = { method: "POST", body: json({ verification_token: "secret_x" }) };
  expect(await ask("notion", { ...notion, secrets: [] })).toMatchObject({ status: 200, body: "", reveals: "secret_x" });
  expect(await ask("notion", notion)).toBeNull();
});

test("WooCommerce's first ping is unsigned and small talk; with a signature it is an event", async () => {
  const ping = {
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded" },
    body: "webhook_id=7",
  };
  expect(await ask("woocommerce", ping)).toMatchObject({ status: 200, body: "" });
  expect(await ask("woocommerce", { ...ping, headers: { ...ping.headers, "x-wc-webhook-signature": "x" } })).toBeNull();
});

const confirmation = (SubscribeURL: string): Asked => ({
  method: "POST",
  phase: "after-verify",
  body: json({ Type: "SubscriptionConfirmation", SubscribeURL }),
});

test("an SNS subscription is confirmed after verification, and only at an address of SNS", async () => {
  const url = "https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&Token=t";
  expect(await ask("aws-sns", confirmation(url))).toMatchObject({ status: 200, visits: url });
  for (const evil of [
    "https://evil.example/",
    "http://sns.eu-west-1.amazonaws.com/",
    "https://sns.eu-west-1.amazonaws.com@evil.example/",
  ]) {
    const answer = await ask("aws-sns", confirmation(evil));
    expect(answer?.status).toBe(403);
    expect(answer?.visits).toBeUndefined();
  }
});

test("WeCom's challenge comes back decrypted, its padding of up to 32 bytes undone", async () => {
  const aesKey = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG";
  const key = Buffer.from(`${aesKey}=`, "base64");
  for (const message of ["1234567890", "12345678901234567890123", "x".repeat(31)]) {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(message.length);
    const plain = Buffer.concat([Buffer.alloc(16, 7), length, Buffer.from(message), Buffer.from("corp")]);
    const pad = 32 - (plain.length % 32);
    const cipher = createCipheriv("aes-256-cbc", key, key.subarray(0, 16)).setAutoPadding(false);
    const echo = Buffer.concat([
      cipher.update(Buffer.concat([plain, Buffer.alloc(pad, pad)])),
      cipher.final(),
    ]).toString("base64");
    const code = createHash("sha1").update(["token", "1", "n", echo].toSorted().join("")).digest("hex");
    const query = `?msg_signature=${code}&timestamp=1&nonce=n&echostr=${encodeURIComponent(echo)}`;
    expect(await ask("wecom", { query, secrets: ["token", aesKey] })).toMatchObject({ status: 200, body: message });
    expect(
      await ask("wecom", { query: query.replace("nonce=n", "nonce=m"), secrets: ["token", aesKey] }),
    ).toMatchObject({ status: 403, body: "" });
  }
});

test("trap 9: what a sender must hear", () => {
  const request = { method: "POST", url: "https://x.example/", headers: new Headers(), body: new Uint8Array() };
  const reply = (id: string, outcome: "accepted" | "refused") => replyTo(request, findProvider(id)!, {}, outcome);
  expect(reply("xero", "refused")).toMatchObject({ status: 401, body: "" });
  expect(reply("xero", "accepted")).toMatchObject({ status: 200, body: "" });
  expect(reply("dropbox-sign", "accepted")?.body).toContain("Hello API Event Received");
  expect(reply("adyen", "accepted")?.body).toBe("[accepted]");
  expect(reply("github", "accepted")).toBeNull();
});

function dingtalkEvent(query: Record<string, string>, encrypt: string) {
  return {
    method: "POST",
    url: `https://x.example/in/a?${new URLSearchParams(query).toString()}`,
    headers: new Headers({ "content-type": "application/json" }),
    body: new TextEncoder().encode(JSON.stringify({ encrypt })),
  };
}

test("DingTalk's encrypted yes never comes back as an event, however its parts are sent", async () => {
  const provider = findProvider("dingtalk-events")!;
  const settings = { encodingAESKey: "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG", appKey: "ding1" };
  for (const token of ["0token", "token", "zz.zz", "~"]) {
    const secrets = [{ name: "A_SECRET", value: token }];
    const asked = dingtalkEvent({ timestamp: "1760000000000", nonce: "n1" }, "ZW5j");
    const reply = replyTo(asked, provider, settings, "accepted", secrets);
    const said: Record<string, string> = JSON.parse(reply!.body);
    expect(Object.keys(said)).toEqual(["msg_signature", "timeStamp", "nonce", "encrypt"]);
    const { msg_signature = "", timeStamp = "", nonce = "", encrypt = "" } = said;
    const signed = [token, timeStamp, nonce, encrypt].toSorted().join("");
    expect(createHash("sha1").update(signed).digest("hex")).toBe(msg_signature);
    for (const [time, other, message] of [
      [timeStamp, nonce, encrypt],
      [nonce, timeStamp, encrypt],
      [timeStamp, nonce.slice(0, -1), `.${encrypt}`],
      [`${timeStamp}${nonce}`, "", encrypt],
      [timeStamp, "", `${nonce}${encrypt}`],
    ] as const) {
      const forged = dingtalkEvent({ msg_signature, timestamp: time, nonce: other }, message);
      expect((await verify(forged, provider, secrets, settings, 0)).ok, `${time} ${other}`).toBe(false);
    }
  }
  expect(replyTo(dingtalkEvent({ timestamp: "1", nonce: "n" }, "ZW5j"), provider, settings, "accepted", [])?.body).toBe(
    "",
  );
});

test("a handshake that asks nothing is news, or says that it is none; and only what is proven is news", () => {
  for (const id of providerIds()) {
    for (const one of findProvider(id)!.handshake ?? []) {
      const asks = one.challenge ?? one.compute ?? one.reveals ?? one.visits ?? one.decrypt;
      if (one.method === "POST" && asks === undefined) expect(one.news, `${id}: write news`).toBeDefined();
      if (typeof one.news === "string") expect(one.verified, `${id}: nobody has proven it`).toBe(true);
    }
  }
});

test("Twitch's revocation is answered, and is an event of its own type", async () => {
  const headers = {
    "twitch-eventsub-message-type": "revocation",
    "twitch-eventsub-subscription-type": "channel.follow",
  };
  const answer = await ask("twitch", { method: "POST", headers, body: "{}", phase: "after-verify" });
  expect(answer).toMatchObject({ status: 204, news: "revocation.channel.follow" });
});
