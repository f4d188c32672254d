// Published keys under attack: which URLs are asked, what counts as the answer, and what strangers can and cannot make a source do.

import { createSign } from "node:crypto";
import { describe, expect, test } from "vitest";
import { findProvider } from "../../src/providers/catalogue.ts";
import { KeyRing, type KeySource } from "../../src/verify/keyring.ts";
import { namesOfCertificate } from "../../src/verify/der.ts";
import { verify, type Inbound } from "../../src/verify/verify.ts";
import { certificateDer, certificatePem } from "../vectors/certificate.ts";
import { pairs } from "../vectors/keys.ts";

const NOW = Date.UTC(2030, 0, 1);
const { privateKey } = pairs.rsa;
const TOPIC = "arn:aws:sns:eu-west-1:123456789012:orders";
const sns: KeySource = { name: "sns", scheme: findProvider("aws-sns")!, secrets: [], settings: { topic: TOPIC } };
const paypal: KeySource = {
  name: "paypal",
  scheme: findProvider("paypal")!,
  secrets: [],
  settings: { webhook_id: "WH-1" },
};
const PEM = certificatePem({ ...pairs.rsa, commonNames: ["sns.amazonaws.com"] });
const certificateUrl = (name: string | number) =>
  `https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-${name}.pem`;

const inbound = (body: string, headers: Record<string, string> = {}): Inbound => ({
  method: "POST",
  url: "https://hooks.example.com/in/x",
  headers: new Headers(headers),
  body: new TextEncoder().encode(body),
});

/** A notification that is signed, with what a test changes after that. */
function notification(SigningCertURL: string, changed: Record<string, string> = {}): Inbound {
  const fields = {
    Message: "hello",
    MessageId: "m-1",
    Timestamp: new Date(NOW).toISOString(),
    TopicArn: TOPIC,
    Type: "Notification",
  };
  const content = Object.entries(fields)
    .map(([name, value]) => `${name}\n${value}\n`)
    .join("");
  const Signature = createSign("sha256").update(content).sign(privateKey, "base64");
  return inbound(JSON.stringify({ ...fields, SignatureVersion: "2", Signature, SigningCertURL, ...changed }));
}

function transmission(url: string, changed: Record<string, string> = {}): Inbound {
  return inbound('{"id":"WH-EVT"}', {
    "paypal-cert-url": url,
    "paypal-auth-algo": "SHA256withRSA",
    "paypal-transmission-id": "t-1",
    "paypal-transmission-time": new Date(NOW).toISOString(),
    "paypal-transmission-sig": Buffer.alloc(256, 7).toString("base64"),
    ...changed,
  });
}

function ring(answer: (url: string) => string | null): { keys: KeyRing; asked: string[] } {
  const asked: string[] = [];
  return { asked, keys: new KeyRing(({ url }) => (asked.push(url), Promise.resolve(answer(url)))) };
}

const cert = (facts: Partial<Parameters<typeof certificatePem>[0]>) => certificatePem({ ...pairs.rsa, ...facts });

/** A transmission that names a certificate at this host. */
const at = (host: string) => transmission(`https://${host}/v1/notifications/certs/CERT-360caa42-fca2a594`);

/** Hosts that know certificates whose name begins with `good`, and PayPal's. */
function answers(url: string): string | null {
  if (url.includes("paypal.com")) return cert({ commonNames: ["messageverificationcerts.paypal.com"] });
  return url.includes("-good") ? PEM : null;
}

const reasonOf = async (keys: KeyRing, request: Inbound, source = sns, address = "192.0.2.1"): Promise<string> => {
  const found = await keys.keysFor(request, source, address, NOW);
  return found.ok ? "found" : found.rejection.reason;
};

describe("a URL is the sender's own, whole, and written in one way", () => {
  const good = certificateUrl("f3ecfb7224c7233fe7bb5f59f96de52f");
  const strange = [
    `${good}?1`,
    `${good}?`,
    `${good}#`,
    `${good}#x`,
    good.replace("https:", "http:"),
    good.replace("https:", "HTTPS:"),
    good.replace(".com/", ".com:443/"),
    good.replace(".com/", ".com:8443/"),
    good.replace("sns.", "SNS."),
    good.replace("//", "//user@"),
    good.replace("//", "//user:x@"),
    good.replace(".com/", ".com.evil.example/"),
    good.replace(".com/", ".com@evil.example/"),
    good.replace(".com/", ".com./"),
    good.replace(".com/", ".com//"),
    good.replace(".com/", ".com/x/"),
    good.replace(".com/", ".com/x/../"),
    good.replace(".com/", ".com\\"),
    good.replace(".pem", ".pem/"),
    good.replace(".pem", ".txt"),
    good.replace(".pem", "%2epem"),
    good.replace("SimpleNotificationService-", ""),
    good.replace("sns.eu-west-1", "s3.eu-west-1"),
    good.replace("sns.eu-west-1.", "sns."),
    ` ${good}`,
    `${good}\n`,
    good.replace("Simple", "Sim\tple"),
    "nonsense",
    "",
  ];

  test.each(strange)("SNS: %j", async (url) => {
    const { keys, asked } = ring(() => PEM);
    expect(["part_refused", "part_missing"]).toContain(await reasonOf(keys, notification(url)));
    expect(asked).toEqual([]);
  });

  test.each([
    "https://www.paypal.com/v1/notifications/certs/CERT-1",
    "https://evil.api.paypal.com/v1/notifications/certs/CERT-1",
    "https://api.paypal.com/v1/notifications/certs/../../../uploads/CERT-1",
    "https://api.paypal.com/v1/notifications/certs/CERT-1?x=1",
    "https://api.paypal.com/v1/notifications/certs/CERT-",
    "https://api.paypal.com/v1/notifications/certs/CERT-1/x",
    "https://api.paypal.com/uploads/CERT-1",
    "https://api.paypal.com/",
  ])("PayPal: %s", async (url) => {
    const { keys, asked } = ring(() => PEM);
    expect(await reasonOf(keys, transmission(url), paypal)).toBe("part_refused");
    expect(asked).toEqual([]);
  });

  test("and the right one is asked for: the tests above could have failed", async () => {
    const { keys, asked } = ring(() => PEM);
    expect(await reasonOf(keys, notification(good))).toBe("found");
    expect(asked).toEqual([good]);
  });
});

describe("the answer is one certificate, of the sender, within its dates", () => {
  const url = certificateUrl("1");
  const judged = (answer: string, source = sns, request = notification(url)) =>
    reasonOf(ring(() => answer).keys, request, source);

  test.each([
    ["in a page", `<html><pre>${PEM}</pre></html>`],
    ["behind a word", `subject=CN\n${PEM}`],
    ["before a word", `${PEM}x`],
    ["twice", PEM + PEM],
    ["in JSON", JSON.stringify({ certificate: PEM })],
    ["a key instead", pairs.rsa.publicKey.export({ type: "spki", format: "pem" }).toString()],
    ["cut short", PEM.split("\n").toSpliced(5, 1).join("\n")],
    [
      "with bytes behind it",
      `-----BEGIN CERTIFICATE-----\n${Buffer.concat([certificateDer({ ...pairs.rsa, commonNames: ["sns.amazonaws.com"] }), Buffer.from([0])]).toString("base64")}\n-----END CERTIFICATE-----`,
    ],
    ["of somebody else", cert({ commonNames: ["evil.example"] })],
    ["of nobody", cert({})],
    ["of a name that contains the right one", cert({ commonNames: ["sns.amazonaws.com.evil.example"] })],
    ["of a name with a NUL", cert({ commonNames: ["sns.amazonaws.com\0.evil.example"] })],
    ["of two names", cert({ commonNames: ["sns.amazonaws.com", "evil.example"] })],
    ["whose DNS name is another", cert({ commonNames: ["sns.amazonaws.com"], dnsNames: ["evil.example"] })],
    ["of another region", cert({ dnsNames: ["sns-signing.af-south-1.amazonaws.com"] })],
    ["that has ended", cert({ commonNames: ["sns.amazonaws.com"], until: NOW - 1000 })],
    ["that has not begun", cert({ commonNames: ["sns.amazonaws.com"], from: NOW + 1000 })],
  ])("not %s", async (_, answer) => {
    expect(await judged(answer)).toBe("key_unavailable");
  });

  test("and it is used when it is: by its common name, its DNS name, or the name of its region", async () => {
    expect(await judged(PEM)).toBe("found");
    expect(await judged(` \n${PEM}\n\n`)).toBe("found");
    expect(await judged(cert({ commonNames: ["x"], dnsNames: ["a.example", "SNS.amazonaws.com"] }))).toBe("found");
    expect(await judged(cert({ dnsNames: ["sns-signing.eu-west-1.amazonaws.com"] }))).toBe("found");
    const china = notification("https://sns.cn-north-1.amazonaws.com.cn/SimpleNotificationService-1.pem");
    expect(await judged(cert({ dnsNames: ["sns-cn-north-1.amazonaws.com.cn"] }), sns, china)).toBe("found");
  });

  test("PayPal's is its own, and the sandbox's is the sandbox's alone", async () => {
    const live = cert({ commonNames: ["messageverificationcerts.paypal.com"] });
    const sandbox = cert({ commonNames: ["messageverificationcerts.sandbox.paypal.com"] });
    expect(await judged(live, paypal, at("api.paypal.com"))).toBe("found");
    expect(await judged(live, paypal, at("api-m.paypal.com"))).toBe("found");
    expect(await judged(sandbox, paypal, at("api.sandbox.paypal.com"))).toBe("found");
    expect(await judged(sandbox, paypal, at("api.paypal.com"))).toBe("key_unavailable");
    expect(await judged(PEM, paypal, at("api.paypal.com"))).toBe("key_unavailable");
  });

  test("it proves what it signed", async () => {
    const found = await ring(() => PEM).keys.keysFor(notification(url), sns, "192.0.2.1", NOW);
    const secrets = found.ok ? found.secrets : [];
    const judge = (request: Inbound) => verify(request, sns.scheme, secrets, sns.settings, NOW);
    expect(await judge(notification(url))).toMatchObject({ ok: true });
    expect(await judge(notification(url, { Message: "evil" }))).toMatchObject({ ok: false });
  });

  test("a certificate that is read to the end names nobody twice, and nonsense names nobody", () => {
    expect(namesOfCertificate(new Uint8Array())).toEqual([]);
    const der = certificateDer({ ...pairs.rsa, commonNames: ["a"], dnsNames: [] });
    expect(namesOfCertificate(der)).toEqual(["a"]);
    for (let end = 0; end < der.length; end += 7) expect(namesOfCertificate(der.subarray(0, end))).toEqual([]);
  });
});

describe("strangers cannot spend what genuine requests need", () => {
  const good = certificateUrl("good");

  test.each([
    ["a signature of no length", { Signature: "" }],
    ["a short signature", { Signature: "AAAA" }],
    ["a signature that is no base64", { Signature: "*".repeat(344) }],
    ["an old timestamp", { Timestamp: new Date(NOW - 25 * 3_600_000).toISOString() }],
    ["another topic", { TopicArn: `${TOPIC}-2` }],
    ["another type", { Type: "Gossip" }],
    ["an algorithm that nobody knows", { SignatureVersion: "3" }],
  ])("nothing is asked for on account of %s", async (_, changed) => {
    const { keys, asked } = ring(answers);
    expect(await reasonOf(keys, notification(good, changed))).not.toBe("found");
    expect(asked).toEqual([]);
  });

  test("nothing is asked for where a part of what is signed is missing, or the algorithm is another", async () => {
    const { keys, asked } = ring(answers);
    const url = "https://api.paypal.com/v1/notifications/certs/CERT-1";
    for (const name of ["transmission-id", "transmission-time", "transmission-sig", "auth-algo"]) {
      const request = transmission(url);
      request.headers.delete(`paypal-${name}`);
      expect(await reasonOf(keys, request, paypal)).toMatch(/missing/);
    }
    expect(await reasonOf(keys, transmission(url, { "paypal-auth-algo": "SHA1withRSA" }), paypal)).toBe("part_refused");
    expect(asked).toEqual([]);
  });

  test("a hundred made-up certificates stop neither another source, nor another client, nor a key that is kept", async () => {
    const { keys, asked } = ring(answers);
    expect(await reasonOf(keys, notification(good))).toBe("found");
    for (let n = 0; n < 100; n++) await reasonOf(keys, notification(certificateUrl(n)));
    expect(asked.length).toBeLessThan(50);
    expect(await reasonOf(keys, notification(good))).toBe("found");
    expect(await reasonOf(keys, notification(certificateUrl("good2")), sns, "198.51.100.7")).toBe("found");
    expect(await reasonOf(keys, notification(certificateUrl("good3")), { ...sns, name: "sns-2" })).toBe("found");
    expect(await reasonOf(keys, at("api.paypal.com"), paypal)).toBe("found");
  });

  test("from a thousand addresses there is an end to it, and the next minute begins anew", async () => {
    const { keys, asked } = ring(answers);
    for (let n = 0; n < 1000; n++)
      await reasonOf(keys, notification(certificateUrl(n)), sns, `10.0.${n >> 8}.${n & 255}`);
    expect(asked).toHaveLength(120);
    const later = await keys.keysFor(
      notification(good, { Timestamp: new Date(NOW).toISOString() }),
      sns,
      "10.9.9.9",
      NOW + 60_000,
    );
    expect(later.ok).toBe(true);
  });

  test("a key that has proven a request is not driven out by a thousand that have not", async () => {
    const { keys, asked } = ring(() => PEM);
    const found = await keys.keysFor(notification(good), sns, "192.0.2.1", NOW);
    if (found.ok) found.vouch();
    for (let n = 0; n < 1000; n++) {
      const other = await keys.keysFor(
        notification(certificateUrl(n)),
        sns,
        `10.0.${n >> 8}.${n & 255}`,
        NOW + n * 1000,
      );
      if (n % 100 === 99 && other.ok) other.vouch();
    }
    const before = asked.length;
    expect((await keys.keysFor(notification(good), sns, "192.0.2.1", NOW + 1_000_000)).ok).toBe(true);
    expect(asked).toHaveLength(before);
  });

  test("a failure at one source is not one at another, and a success clears it", async () => {
    let up = false;
    const { keys, asked } = ring(() => (up ? PEM : null));
    expect(await reasonOf(keys, notification(good))).toBe("key_unavailable");
    up = true;
    expect(await reasonOf(keys, notification(good), { ...sns, name: "sns-2" })).toBe("found");
    expect(await reasonOf(keys, notification(good))).toBe("key_unavailable");
    expect(asked).toHaveLength(2);
    expect((await keys.keysFor(notification(good), sns, "192.0.2.1", NOW + 60_000)).ok).toBe(true);
  });
});
