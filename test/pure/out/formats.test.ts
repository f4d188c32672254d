// In which form a destination gets events, and what proves them: each format judged by somebody who did not make it.
import { createPublicKey, verify as verifyWith } from "node:crypto";
import { CloudEvent, HTTP } from "cloudevents";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readConfig } from "../../../src/config/config.ts";
import { receiptId } from "../../../src/ids.ts";
import { publicJwks, publicKeys } from "../../../src/out/ed25519.ts";
import { shape } from "../../../src/out/shape.ts";
import { findProvider } from "../../../src/providers/catalogue.ts";
import type { Destination } from "../../../src/types.ts";
import { verify } from "../../../src/verify/verify.ts";
import { working } from "../../kit/working-config.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
function destinationOf(entry: object, vars: object = {}): Destination {
  const config = readConfig({
    ...working,
    DESTINATIONS: { billing: { url: "https://b.example.com/", ...entry } },
    ...vars,
  });
  const found = config.destinations.get("billing");
  if (found === undefined) throw new Error(JSON.stringify(config.findings));
  return found;
}
const RECEIVED = 1_700_000_000_123;
const event = {
  id: "evt_1",
  receipt: receiptId(RECEIVED, "0".repeat(32)),
  source: "shop",
  type: "order.paid",
  headers: { "content-type": "application/json" } as Record<string, string>,
};

describe("standard-v1a", () => {
  const body = bytes('{"a":1}');
  const at = 1_700_000_000_000;

  test("signs with a key of each destination's own; the public half verifies, by our verifier and by node alone", async () => {
    const destination = destinationOf({ format: "standard-v1a" });
    const { headers } = await shape(event, destination, 1, body, at);
    const [value = ""] = await publicKeys(destination);
    const request = { method: "POST", url: "", headers: new Headers(headers), body };
    const scheme = findProvider("standard-webhooks-ed25519");
    if (scheme === null) throw new Error("no scheme");
    expect(await verify(request, scheme, [{ name: "key", value }], {}, at)).toMatchObject({ ok: true });
    const altered = { ...request, body: bytes('{"a":2}') };
    expect(await verify(altered, scheme, [{ name: "key", value }], {}, at)).toMatchObject({ ok: false });
    const [jwk] = await publicJwks([destination], at);
    const signature = Buffer.from(headers["webhook-signature"]?.replace("v1a,", "") ?? "", "base64");
    const key = createPublicKey({ key: { ...jwk }, format: "jwk" });
    expect(verifyWith(null, Buffer.concat([bytes(`evt_1.${at / 1000}.`), body]), key, signature)).toBe(true);
  });

  test("two destinations have two keys, and a key that is being changed signs along", async () => {
    const old = { SIGNING_KEY_OLD: "o".repeat(32) };
    const config = readConfig({
      ...working,
      ...old,
      DESTINATIONS: Object.fromEntries(
        ["a", "b"].map((name) => [name, { url: "https://b.example.com/", format: "standard-v1a" }]),
      ),
      ROUTES: {},
    });
    const keys = await publicJwks(config.destinations.values(), at);
    expect(keys).toHaveLength(4);
    expect(new Set(keys.map(({ kid }) => kid)).size).toBe(4);
    expect(JSON.stringify(keys)).not.toContain('"d"');
    const { headers } = await shape(event, destinationOf({ format: "standard-v1a" }, old), 1, body, at);
    expect(headers["webhook-signature"]?.split(" ")).toHaveLength(2);
  });

  test("a key of its own is a whsk_ secret, and anything else is refused", async () => {
    const seed = Buffer.alloc(32, 7).toString("base64");
    const own = destinationOf({ format: "standard-v1a", secret: "MINE" }, { MINE: `whsk_${seed}` });
    const long = destinationOf(
      { format: "standard-v1a", secret: "MINE" },
      { MINE: `whsk_${Buffer.alloc(64, 7).toString("base64")}` },
    );
    expect(await publicKeys(own)).toEqual(await publicKeys(long));
    for (const value of [seed, `whsec_${seed}`, "whsk_", "whsk_AAAA"])
      expect(destinationOf({ format: "standard-v1a", secret: "MINE" }, { MINE: value }).keys).toEqual([]);
  });

  test("a relay without such a destination has no public key", async () => {
    expect(await publicJwks([destinationOf({})], at)).toEqual([]);
  });
});

/** What the official SDK reads. */
function accepted(headers: Record<string, string>, body: Uint8Array): CloudEvent {
  const heard = HTTP.toEvent({ headers, body: Buffer.from(body).toString("utf8") });
  if (!(heard instanceof CloudEvent)) throw new Error("a batch");
  return heard;
}

/** What a structured event holds: its data, in either form, and all else that it says. */
async function structured(body: Uint8Array, headers: Record<string, string>) {
  const made = await shape({ ...event, headers }, destinationOf({ format: "cloudevents-structured" }), 1, body, 0);
  expect(made.headers["content-type"]).toBe("application/cloudevents+json");
  expect(made.headers["content-encoding"]).toBeUndefined();
  const document: Record<string, unknown> = JSON.parse(new TextDecoder().decode(made.body));
  const { data, data_base64: base64, ...said } = document;
  return { data, base64, said };
}

describe("cloudevents, judged by the official SDK", () => {
  test.each(["cloudevents", "cloudevents-structured"])(
    "%s says id, source, type and time, and holds the data",
    async (format) => {
      const body = bytes('{"amount":12345678901234567890,"é":"☃"}');
      const made = await shape(event, destinationOf({ format }), 1, body, RECEIVED);
      const said = accepted(made.headers, made.body);
      expect(said.validate()).toBe(true);
      expect(said).toMatchObject({
        specversion: "1.0",
        id: "evt_1",
        source: "/in/shop",
        type: "order.paid",
        time: new Date(RECEIVED).toISOString(),
      });
      expect(said.data).toMatchObject({ é: "☃" });
      // The bytes of the data are the sender's: not one digit is lost.
      expect(new TextDecoder().decode(made.body)).toContain('"amount":12345678901234567890');
    },
  );

  test("an attribute that no header can hold is read back as it was", async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: "grapheme", minLength: 1, maxLength: 60 }), async (type) => {
        const { headers, body } = await shape(
          { ...event, type },
          destinationOf({ format: "cloudevents" }),
          1,
          bytes("{}"),
          0,
        );
        expect(headers["ce-type"]).toMatch(/^[\x21-\x7e]+$/);
        expect(decodeURIComponent(headers["ce-type"] ?? "")).toBe(type.toWellFormed());
        expect(accepted(headers, body).id).toBe("evt_1");
        const whole = await shape(
          { ...event, type },
          destinationOf({ format: "cloudevents-structured" }),
          1,
          bytes("{}"),
          0,
        );
        expect(accepted(whole.headers, whole.body).type).toBe(type.toWellFormed());
      }),
    );
  });

  test("structured: data is JSON by its type, text, or base64, and never what it is not", async () => {
    const json = { "content-type": "application/vnd.x+json" };
    expect(await structured(bytes("[1]"), json)).toMatchObject({
      data: [1],
      said: { datacontenttype: "application/vnd.x+json" },
    });
    expect(await structured(bytes("[1"), json)).toMatchObject({ base64: btoa("[1") });
    expect(await structured(bytes('"},"id":"forged'), { "content-type": "text/plain" })).toMatchObject({
      data: '"},"id":"forged',
      said: { id: "evt_1" },
    });
    expect(await structured(bytes('{}},"id":"forged"'), json)).toMatchObject({
      base64: btoa('{}},"id":"forged"'),
      said: { id: "evt_1" },
    });
    expect(await structured(new Uint8Array([0xff]), { "content-type": "text/plain" })).toMatchObject({
      base64: "/w==",
    });
    expect(await structured(bytes("a=1"), { "content-type": "application/octet-stream" })).toMatchObject({
      base64: btoa("a=1"),
    });
    expect(await structured(bytes("{}"), {})).toMatchObject({ data: {} });
    expect(await structured(bytes(""), json)).toMatchObject({ data: undefined, base64: undefined });
    expect(await structured(bytes("zipped"), { ...json, "content-encoding": "gzip" })).toMatchObject({
      base64: btoa("zipped"),
      said: { contentencoding: "gzip" },
    });
  });

  test("what is signed is what is sent", async () => {
    const destination = destinationOf(
      { format: "cloudevents-structured", secret: "MINE" },
      { MINE: `whsec_${btoa("k".repeat(32))}` },
    );
    const made = await shape(event, destination, 1, bytes("{}"), RECEIVED);
    const scheme = findProvider("standard-webhooks");
    if (scheme === null) throw new Error("no scheme");
    const request = { method: "POST", url: "", headers: new Headers(made.headers), body: made.body };
    expect(
      await verify(request, scheme, [{ name: "MINE", value: `whsec_${btoa("k".repeat(32))}` }], {}, RECEIVED),
    ).toMatchObject({ ok: true });
  });

  test.each([
    [{ format: "cloudevents", headers: { "CE-Id": "x" } }, "headers.CE-Id"],
    [{ format: "cloudevents-structured", content_type: "text/plain" }, "content_type"],
  ])("what the format writes cannot be asked for: %j", (entry, key) => {
    const { findings } = readConfig({
      ...working,
      DESTINATIONS: { billing: { url: "https://b.example.com/", ...entry } },
    });
    expect(findings).toMatchObject([{ level: "error", key: `DESTINATIONS.billing.${key}` }]);
  });
});

describe("none", () => {
  test("is unsigned, keeps the id, and needs no key", async () => {
    const destination = destinationOf({ format: "none" }, { SIGNING_KEY: "" });
    const { headers, body } = await shape(event, destination, 1, bytes("{}"), RECEIVED);
    expect(headers).toMatchObject({ "webhook-id": "evt_1", "hookline-source": "shop" });
    expect(Object.keys(headers).filter((name) => name.includes("signature"))).toEqual([]);
    expect(body).toEqual(bytes("{}"));
    expect(
      readConfig({
        ...working,
        DESTINATIONS: { billing: { url: "https://b.example.com/", format: "none", secret: "X" } },
      }).findings,
    ).toMatchObject([{ level: "error", key: "DESTINATIONS.billing.secret" }]);
  });
});
