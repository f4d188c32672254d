// What senders ask before their first event, as they really ask it, and what of theirs reaches the receiver.

import { createCipheriv, createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { ofSender } from "../../../src/out/shape.ts";
import { acceptedMethods, handshake, type HandshakeAnswer } from "../../../src/in/handshake.ts";
import { identify, keptHeaders } from "../../../src/in/identify.ts";
import { findProvider, providerIds } from "../../../src/providers/catalogue.ts";
import type { Inbound } from "../../../src/verify/verify.ts";
import { hex, SECRET, sent } from "../../vectors/request.ts";

const FORM = { "content-type": "application/x-www-form-urlencoded" };

function ask(
  id: string,
  request: Inbound,
  settings: Record<string, string> = {},
  secrets: readonly string[] = [SECRET],
): Promise<HandshakeAnswer | null> {
  const all = secrets.map((value) => ({ name: "S", value }));
  return handshake(request, findProvider(id)!, all, settings, "before-verify");
}

function at(query: string, method = "POST", headers: Record<string, string> = {}, body = ""): Inbound {
  return { ...sent(body, headers, `https://hooks.example.com/in/a${query}`), method };
}

describe("a sender's first request", () => {
  test("SharePoint writes validationtoken, Microsoft Graph validationToken", async () => {
    for (const name of ["validationtoken", "validationToken"])
      expect(await ask("ms-graph", at(`?${name}=Validation%3A+Testing`))).toMatchObject({
        status: 200,
        body: "Validation: Testing",
      });
    expect(await ask("ms-graph", at("?validationtoken=%3Cb%3E"))).toMatchObject({ status: 403 });
  });

  test("Event Grid asks with OPTIONS where its events are CloudEvents", async () => {
    const headers = { "webhook-request-origin": "eventgrid.azure.net", "webhook-request-rate": "120" };
    const answer = await ask("azure-eventgrid", at("?code=s", "OPTIONS", headers));
    expect(answer).toMatchObject({
      status: 200,
      headers: { "webhook-allowed-origin": "eventgrid.azure.net", "webhook-allowed-rate": "120" },
    });
    const callback = { ...headers, "webhook-request-callback": "https://rp.eventgrid.azure.net:553/validate?id=1" };
    expect(await ask("azure-eventgrid", at("", "OPTIONS", callback))).toMatchObject({ status: 200 });
    expect(await ask("azure-eventgrid", at("", "OPTIONS"))).toBeNull();
    expect(acceptedMethods(findProvider("azure-eventgrid")!)).toContain("OPTIONS");
  });

  test("an allowed rate is a number or a star, or is not spoken of", async () => {
    for (const id of ["azure-eventgrid", "cloudevents"]) {
      const headers = { "webhook-request-origin": "a.example", "webhook-request-rate": "<b>" };
      expect((await ask(id, at("", "OPTIONS", headers)))?.headers["webhook-allowed-rate"]).toBeUndefined();
    }
  });

  test("Event Grid's three forms each name their event", () => {
    const events = findProvider("azure-eventgrid")!;
    const named = (body: unknown, headers = {}) => identify(sent(JSON.stringify(body), headers), events, {});
    const cloud = { id: "e1", source: "/blobs", type: "Blob.Created", specversion: "1.0" };
    for (const one of [
      named(cloud, { "content-type": "application/cloudevents+json" }),
      named({ n: 1 }, { "ce-id": "e1", "ce-source": "/blobs", "ce-type": "Blob.Created" }),
      named([cloud]),
    ])
      expect(one).toMatchObject({ type: "Blob.Created", dedupe: { key: '"/blobs"/"e1"' } });
    expect(named([{ id: "e1", eventType: "Blob.Created", topic: "/t" }])).toMatchObject({
      type: "Blob.Created",
      dedupe: { key: '"e1"' },
    });
  });

  test("Okta's challenge holds spaces", async () => {
    const headers = { "x-okta-verification-challenge": "My verification challenge" };
    expect((await ask("okta", at("", "GET", headers)))?.body).toBe('{"verification":"My verification challenge"}');
  });

  test("Slack asks whether the certificate is good, unsigned", async () => {
    const body = "ssl_check=1&token=x";
    expect(await ask("slack", at("", "POST", FORM, body))).toMatchObject({ status: 200, body: "" });
    for (const other of ["ssl_check=0&token=x", "ssl_check=1&command=%2Fpay", "ssl_check=1&payload=%7B%7D", "token=x"])
      expect(await ask("slack", at("", "POST", FORM, other)), other).toBeNull();
    expect(await ask("slack", at("?ssl_check=1", "POST", { "content-type": "application/json" }, "{}"))).toBeNull();
  });

  test("Vercel wants to see a code that its operator was given, and only where there is nothing to store", async () => {
    const json = { "content-type": "application/json" };
    const answer = { status: 200, headers: { "x-vercel-verify": "tok" } };
    expect(await ask("vercel", at("", "POST", json), { verify: "tok" })).toMatchObject(answer);
    expect(await ask("vercel", at("", "GET"), { verify: "tok" })).toMatchObject(answer);
    expect(await ask("vercel", at("", "POST", json))).toBeNull();
    expect(await ask("vercel", at("", "POST", json, '[{"id":1}]'), { verify: "tok" })).toBeNull();
    expect(await ask("vercel", at("", "POST", { "x-vercel-signature": "0" }), { verify: "tok" })).toBeNull();
  });

  test("Notion's token comes signed with itself", async () => {
    const body = '{"verification_token":"secret_tMrlL1qK"}';
    const headers = { "x-notion-signature": `sha256=${hex(body, "secret_tMrlL1qK")}` };
    for (const given of [headers, {}])
      expect(await ask("notion", at("", "POST", given, body), {}, [])).toMatchObject({
        status: 200,
        reveals: "secret_tMrlL1qK",
      });
    expect(await ask("notion", at("", "POST", headers, body))).toBeNull();
  });

  test("WebSub: an unsubscription that nobody asked for is unknown here", async () => {
    const topic = "https://www.youtube.com/feed";
    const query = (mode: string) => `?hub.mode=${mode}&hub.topic=${encodeURIComponent(topic)}&hub.challenge=1`;
    expect(await ask("websub", at(query("subscribe"), "GET"), { topic })).toMatchObject({ status: 200, body: "1" });
    for (const mode of ["unsubscribe", "denied", ""])
      expect(await ask("websub", at(query(mode), "GET"), { topic }), mode).toMatchObject({ status: 404 });
  });

  test("WeCom's two secrets: the token signs, and the AES key is a setting or a secret", async () => {
    const key = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG";
    const aes = Buffer.from(`${key}=`, "base64");
    const message = Buffer.concat([Buffer.alloc(16, 1), Buffer.from([0, 0, 0, 5]), Buffer.from("12345corp")]);
    const pad = 32 - (message.length % 32);
    const cipher = createCipheriv("aes-256-cbc", aes, aes.subarray(0, 16)).setAutoPadding(false);
    const echo = Buffer.concat([cipher.update(Buffer.concat([message, Buffer.alloc(pad, pad)])), cipher.final()]);
    const echostr = echo.toString("base64");
    const signed = createHash("sha1").update([SECRET, "1", "n", echostr].toSorted().join("")).digest("hex");
    const query = `?msg_signature=${signed}&timestamp=1&nonce=n&echostr=${encodeURIComponent(echostr)}`;
    const asked = at(query, "GET");
    const answer = { status: 200, body: "12345" };
    expect(await ask("wecom", asked, { encodingAESKey: key })).toMatchObject(answer);
    expect(await ask("wecom", asked, {}, [SECRET, key])).toMatchObject(answer);
    expect(await ask("wecom", asked)).toBeNull();
    const forged = at(query.replace(signed, "0".repeat(40)), "GET");
    expect(await ask("wecom", forged, { encodingAESKey: key })).toMatchObject({ status: 403 });
  });
});

describe("what the sender called it reaches the receiver", () => {
  test("no header that is kept for any sender of the catalogue is lost to one of ours", () => {
    for (const id of providerIds()) {
      const names = keptHeaders(findProvider(id)!);
      const sentOn = Object.entries(ofSender(Object.fromEntries(names.map((name) => [name, `value of ${name}`]))));
      expect(sentOn.map(([, value]) => value)).toEqual(names.map((name) => `value of ${name}`));
      for (const [name] of sentOn) expect(name, id).not.toMatch(/^(webhook-|hookline-(?!sender-)|user-agent$)/);
    }
  });

  test("a relay behind a relay, and a user's own table, keep what the first one said", () => {
    const first = { "webhook-id": "evt_1", "hookline-event-type": "push", "hookline-sender-id": "msg_1", "x-id": "1" };
    expect(ofSender({ ...first, "user-agent": "Acme" })).toEqual({
      "hookline-sender-id": "evt_1",
      "hookline-sender-event-type": "push",
      "hookline-sender-sender-id": "msg_1",
      "hookline-sender-user-agent": "Acme",
      "x-id": "1",
    });
  });
});
