// What senders promise and document, held against the catalogue: several signatures while a secret is rotated, and how late a request may be.

import { createHmac } from "node:crypto";
import { describe, expect, test } from "vitest";
import { findProvider } from "../../../src/providers/catalogue.ts";
import type { Provider } from "../../../src/scheme/scheme.ts";
import { verify } from "../../../src/verify/verify.ts";
import { facts } from "../../vectors/facts.ts";
import { NOW, sent } from "../../vectors/request.ts";

describe("a tolerance has somebody who named it", () => {
  const judged = facts.filter(({ id }) => findProvider(id)!.timestamp?.tolerance !== undefined);

  test("the sender's library, its document, or the relay, which says so", () => {
    const ours = judged.filter(({ id }) => findProvider(id)!.timestamp?.toleranceBy === "relay");
    expect(ours).toEqual(judged.filter(({ scheme }) => scheme.ts?.enforce === "relay"));
    expect(ours.length).toBeGreaterThan(10);
    for (const { id, scheme } of judged)
      expect(["sdk", "spec", "recommended", "relay"], id).toContain(scheme.ts?.enforce);
  });

  test("and it is as long as the facts say", () => {
    for (const { id, scheme } of judged) expect(findProvider(id)!.timestamp!.tolerance, id).toBe(scheme.ts?.tol);
  });
});

const [OLD, NEW] = [Buffer.from("an old key, 24 bytes long"), Buffer.from("a new key, also long enough")];
const BODY = '{"id":"evt_1"}';
const ID = "evt_1";

type Encode = (key: Buffer, content: string, hash?: string) => string;
const code =
  (encoding: "hex" | "base64"): Encode =>
  (key, content, hash = "sha256") =>
    createHmac(hash, key).update(content).digest(encoding);
const [hex, base64] = [code("hex"), code("base64")];

/** Requests with the signatures of both keys, in each form that the sender documents. */
const ROTATIONS: Record<string, () => readonly Record<string, string>[]> = {
  stripe: () => timed("stripe-signature", "t", "v1", ","),
  mux: () => timed("mux-signature", "t", "v1", ","),
  tailscale: () => timed("tailscale-webhook-signature", "t", "v1", ","),
  revolut: () =>
    both((key) => `v1=${hex(key, `v1.${NOW}000.${BODY}`)}`, "revolut-signature", {
      "revolut-request-timestamp": `${NOW}000`,
    }),
  paddle: () => timed("paddle-signature", "ts", "h1", ";", ":"),
  persona: () => {
    const [old, fresh] = [OLD, NEW].map((key) => `t=${NOW},v1=${hex(key, `${NOW}.${BODY}`)}`);
    return [{ "persona-signature": `${old} ${fresh}` }, { "persona-signature": `${fresh} ${old}` }];
  },
  recurly: () => {
    const at = `${NOW}000`;
    const [old, fresh] = [OLD, NEW].map((key) => hex(key, `${at}.${BODY}`));
    return [{ "recurly-signature": `${at},${old},${fresh}` }, { "recurly-signature": `${at}, ${fresh}, ${old}` }];
  },
  pagerduty: () => both((key) => `v1=${hex(key, BODY)}`, "x-pagerduty-signature"),
  mollie: () => [
    ...both((key) => hex(key, BODY), "x-mollie-signature"),
    ...both((key) => `sha256=${hex(key, BODY)}`, "x-mollie-signature"),
  ],
  cronofy: () => both((key) => base64(key, BODY), "cronofy-hmac-sha256"),
  configcat: () =>
    both((key) => base64(key, `${ID}${NOW}${BODY}`), "x-configcat-webhook-signature-v1", {
      "x-configcat-webhook-id": ID,
      "x-configcat-webhook-timestamp": String(NOW),
    }),
  "plivo-v3": () =>
    both((key) => base64(key, "https://hooks.example.com/in/a.n"), "x-plivo-signature-v3", {
      "x-plivo-signature-v3-nonce": "n",
    }),
  box: () => {
    const at = new Date(NOW * 1000).toISOString();
    const shared = {
      "box-delivery-timestamp": at,
      "box-signature-version": "1",
      "box-signature-algorithm": "HmacSHA256",
    };
    const [old, fresh] = [OLD, NEW].map((key) => base64(key, BODY + at));
    return [
      { ...shared, "box-signature-primary": fresh!, "box-signature-secondary": old! },
      { ...shared, "box-signature-primary": old!, "box-signature-secondary": fresh! },
    ];
  },
  docusign: () => [
    { "x-docusign-signature-1": base64(OLD, BODY), "x-docusign-signature-2": base64(NEW, BODY) },
    { "x-docusign-signature-9": base64(OLD, BODY), "x-docusign-signature-10": base64(NEW, BODY) },
  ],
};

function both(one: (key: Buffer) => string, header: string, beside: object = {}): Record<string, string>[] {
  const [old, fresh] = [one(OLD), one(NEW)];
  return [`${old},${fresh}`, `${fresh},${old}`, `${old}, ${fresh}`].map((value) =>
    Object.assign({ [header]: value }, beside),
  );
}

function timed(header: string, time: string, name: string, between: string, joint = "."): Record<string, string>[] {
  const [old, fresh] = [OLD, NEW].map((key) => `${name}=${hex(key, `${NOW}${joint}${BODY}`)}`);
  return [`${time}=${NOW}${between}${old}${between}${fresh}`, `${time}=${NOW}${between}${fresh}${between}${old}`].map(
    (value) => ({ [header]: value }),
  );
}

/** The first header that a place or a template names. */
const nameOf = (text = ""): string => /header:([\w-]+)/.exec(text)?.[1] ?? "";

/** The three headers of Standard Webhooks, by whatever names, with both signatures in one line, or in a line each. */
function trio({ signature, timestamp, signs }: Provider): Record<string, string>[] {
  const [old, fresh] = [OLD, NEW].map((key) => `v1,${base64(key, `${ID}.${NOW}.${BODY}`)}`);
  return [`${old} ${fresh}`, `${fresh} ${old}`, `v1a,AAAA ${old} ${fresh}`, `${old}, ${fresh}`, `${fresh}, ${old}`].map(
    (value) => ({
      [nameOf(signs)]: ID,
      [nameOf(timestamp?.at)]: String(NOW),
      [nameOf([signature.at].flat()[0])]: value,
    }),
  );
}

/** A key as its operator puts it. */
function written(key: Buffer, form = "text"): string {
  if (form.startsWith("whsec")) return `whsec_${key.toString("base64")}`;
  return form === "base64" ? key.toString("base64") : key.toString();
}

/** Several versions of one signature, under one key; and signatures that the sender alone can make. */
const OTHERWISE = new Set(["circleci", "standard-webhooks-ed25519"]);

describe("a sender that signs with two keys while one is rotated is believed under either", () => {
  const multi = facts.filter(({ scheme }) => scheme.sig?.multi === true).map(({ id }) => id);
  const several = [...new Set([...multi, ...Object.keys(ROTATIONS)])].filter((id) => !OTHERWISE.has(id));

  test("there are many", () => expect(several.length).toBeGreaterThan(30));

  test.each(several)("%s", async (id) => {
    const provider = findProvider(id)!;
    for (const headers of (ROTATIONS[id] ?? (() => trio(provider)))()) {
      for (const [key, ok] of [
        [OLD, true],
        [NEW, true],
        [Buffer.from("a key that nobody signed with"), false],
      ] as const) {
        const secrets = [{ name: "S", value: written(key, provider.secret) }];
        const request = sent(id === "plivo-v3" ? "" : BODY, headers);
        expect((await verify(request, provider, secrets, {}, NOW * 1000)).ok, JSON.stringify(headers)).toBe(ok);
      }
    }
  });
});
