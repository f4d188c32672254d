// Nothing forged gets in: one changed bit, one missing byte or one header twice, and a request is a stranger's.

import { createHmac } from "node:crypto";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { requestOf, secretsOf } from "../../../src/cli/local/known-answers.ts";
import { findProvider } from "../../../src/providers/catalogue.ts";
import { verify, type Inbound } from "../../../src/verify/verify.ts";
import { hex, NOW, reason, SECRET, sent, stripe, WHSEC } from "../../vectors/request.ts";
import { facts } from "../../vectors/facts.ts";
import { signedRequest } from "../../vectors/signer.ts";

const whsecKey = Buffer.from(WHSEC.slice(6), "base64");

/** As Standard Webhooks signs: the id and the time are under the signature, and both are headers. */
function standard(body: Uint8Array, id = "msg_2Lml", time = NOW, key: Uint8Array = whsecKey): Inbound {
  const code = createHmac("sha256", key).update(`${id}.${time}.`).update(body).digest("base64");
  const names = { "webhook-id": id, "webhook-timestamp": String(time), "webhook-signature": `v1,${code}` };
  return sent(body, names);
}

function slack(body: Uint8Array): Inbound {
  const code = createHmac("sha256", SECRET).update(`v0:${NOW}:`).update(body).digest("hex");
  return sent(body, { "x-slack-request-timestamp": String(NOW), "x-slack-signature": `v0=${code}` });
}

const SCHEMES: Record<string, { make: (body: Uint8Array) => Inbound; secret: string; signed: string[] }> = {
  github: {
    make: (body) => sent(body, { "x-hub-signature-256": `sha256=${hex(body)}` }),
    secret: SECRET,
    signed: ["x-hub-signature-256"],
  },
  slack: { make: slack, secret: SECRET, signed: ["x-slack-request-timestamp", "x-slack-signature"] },
  "standard-webhooks": {
    make: (body) => standard(body),
    secret: WHSEC,
    signed: ["webhook-id", "webhook-timestamp", "webhook-signature"],
  },
};

/** One bit of a text; `null` where that is no header value any more. */
function flipped(text: string, at: number): string | null {
  const bytes = Buffer.from(text, "latin1");
  const index = (at >> 3) % bytes.length;
  bytes[index] = bytes[index]! ^ (1 << (at & 7));
  const value = bytes.toString("latin1");
  try {
    return new Headers({ x: value }).get("x") === value ? value : null;
  } catch {
    return null;
  }
}

describe.each(Object.entries(SCHEMES))("bit flips: %s", (provider, { make, secret, signed }) => {
  test("any single bit of the body, and the request is refused", async () => {
    const body = fc.uint8Array({ minLength: 1, maxLength: 64 });
    await fc.assert(
      fc.asyncProperty(body, fc.nat(), async (bytes, at) => {
        const request = make(bytes);
        expect(await reason(provider, request, secret)).toBe("ok");
        const changed = bytes.slice();
        changed[(at >> 3) % bytes.length]! ^= 1 << (at & 7);
        expect(await reason(provider, { ...request, body: changed }, secret)).toBe("signature_mismatch");
      }),
      { numRuns: 300 },
    );
  });

  test.each(signed)("every single bit of %s, and the request is refused", async (name) => {
    const request = make(Buffer.from('{"a":1}'));
    const value = request.headers.get(name)!;
    for (let at = 0; at < value.length * 8; at++) {
      const changed = flipped(value, at);
      if (changed === null) continue;
      const headers = new Headers(request.headers);
      headers.set(name, changed);
      expect(await reason(provider, { ...request, headers }, secret), changed).not.toBe("ok");
    }
  });
});

test("Stripe's timestamp is under its signature: every single bit of the header counts", async () => {
  const request = stripe("{}", NOW);
  const value = request.headers.get("stripe-signature")!;
  for (let at = 0; at < value.length * 8; at++) {
    const changed = flipped(value, at);
    if (changed === null) continue;
    expect(await reason("stripe", sent("{}", { "stripe-signature": changed })), changed).not.toBe("ok");
  }
});

/** Senders whose whole body is under the signature as it came, signed by the facts alone. */
const bodySigners = facts.flatMap((fact) =>
  fact.scheme.msg?.includes("{body}") === true
    ? [{ id: fact.id, provider: findProvider(fact.id)!, signed: signedRequest(fact) }]
    : [],
);

test("raw bytes: two bodies that decode to the same text are two bodies, for every sender that signs bytes", async () => {
  expect(bodySigners.length).toBeGreaterThan(100);
  for (const { id, provider, signed } of bodySigners) {
    const { headers, ...rest } = requestOf(signed);
    const request = { headers: new Headers(headers), ...rest };
    const judge = async (body: Uint8Array) =>
      (await verify({ ...request, body }, provider, secretsOf(signed), signed.config ?? {}, NOW * 1000)).ok;
    expect(await judge(request.body), id).toBe(true);
    // A byte order mark, another line end, a NUL at the end, a byte that is no UTF-8: text functions lose each of them.
    for (const change of [
      Buffer.concat([Buffer.from("\uFEFF"), request.body]),
      Buffer.concat([request.body, Buffer.from("\r\n")]),
      Buffer.concat([request.body, Buffer.of(0)]),
      Buffer.concat([request.body, Buffer.of(0xff)]),
    ])
      expect(await judge(change), id).toBe(false);
  }
});

describe("short and empty signatures", () => {
  test("no proper part of a right signature is one, in hexadecimal or in base64", async () => {
    const code = hex("{}");
    const base = createHmac("sha256", whsecKey).update(`m.${NOW}.{}`).digest("base64");
    for (let length = 0; length < code.length; length++)
      expect(await reason("github", sent("{}", { "x-hub-signature-256": `sha256=${code.slice(0, length)}` }))).not.toBe(
        "ok",
      );
    for (let length = 0; length < base.length; length++) {
      const headers = {
        "webhook-id": "m",
        "webhook-timestamp": String(NOW),
        "webhook-signature": `v1,${base.slice(0, length)}`,
      };
      expect(await reason("standard-webhooks", sent("{}", headers), WHSEC)).not.toBe("ok");
    }
  });

  // CVE-2024-21491: a signature with nothing after its tag always verified.
  test.each(["v1,", "v1", "v1,=", "v1, ", "v1,\t", "v1, v1, v1,", ",", "v1,====", "v1a,", "v2,AAAA"])(
    "a signature that says nothing (%j) proves nothing",
    async (value) => {
      const headers = { "webhook-id": "m", "webhook-timestamp": String(NOW), "webhook-signature": value };
      expect(await reason("standard-webhooks", sent("{}", headers), WHSEC)).not.toBe("ok");
    },
  );

  test("an empty signature proves nothing for any sender of the catalogue", async () => {
    for (const { id, provider, signed } of bodySigners) {
      const request = requestOf(signed);
      const places = [provider.signature.at].flat().flatMap((place) => place.split("|"));
      const names = places.filter((place) => place.startsWith("header:")).map((place) => place.slice(7));
      if (names.length === 0) continue;
      const prefix = provider.signature.prefix ?? "";
      for (const value of ["", prefix, `${prefix} `, "=", `t=${NOW},v1=`, "sha256="]) {
        const headers = new Headers(request.headers);
        for (const name of names) headers.set(name, value);
        const verdict = await verify(
          { ...request, headers },
          provider,
          secretsOf(signed),
          signed.config ?? {},
          NOW * 1000,
        );
        expect(verdict.ok, `${id} ${value}`).toBe(false);
      }
    }
  });
});

function doubled(request: Inbound, name: string, value: string): Inbound {
  request.headers.append(name, value);
  return request;
}

describe("duplicate headers", () => {
  test.each(["x-hub-signature-256"])("a second %s never helps, right or wrong", async (name) => {
    const right = `sha256=${hex("{}")}`;
    const wrong = `sha256=${"0".repeat(64)}`;
    for (const [first, second] of [
      [right, right],
      [right, wrong],
      [wrong, right],
    ] as const)
      expect(await reason("github", doubled(sent("{}", { [name]: first }), name, second))).not.toBe("ok");
  });

  test("a second id or time beside a signed one is refused: nobody can choose which of them counts", async () => {
    for (const name of ["webhook-id", "webhook-timestamp"]) {
      const value = standard(Buffer.from("{}")).headers.get(name)!;
      for (const second of [value, "another", ""])
        expect(await reason("standard-webhooks", doubled(standard(Buffer.from("{}")), name, second), WHSEC)).not.toBe(
          "ok",
        );
    }
  });
});

const under = (key: string) => sent("{}", { "x-hub-signature-256": `sha256=${hex("{}", key)}` });

describe("rotation", () => {
  const [fresh, old] = [
    { name: "GITHUB_SECRET", value: "new" },
    { name: "GITHUB_SECRET_OLD", value: "old" },
  ];

  test.each([
    ["both are set", [fresh, old], { new: "ok", old: "ok", third: "signature_mismatch" }],
    ["only the new one is set", [fresh], { new: "ok", old: "signature_mismatch", third: "signature_mismatch" }],
    ["only the old one is set", [old], { new: "signature_mismatch", old: "ok", third: "signature_mismatch" }],
    ["neither is set", [], { new: "secret_missing", old: "secret_missing", third: "secret_missing" }],
  ] as const)("while %s", async (_, secrets, verdicts) => {
    for (const [key, verdict] of Object.entries(verdicts))
      expect(await reason("github", under(key), secrets), key).toBe(verdict);
  });
});

describe("timestamps at the edge of their tolerance", () => {
  test.each([
    [300, "ok"],
    [301, "timestamp_stale"],
    [-300, "ok"],
    [-301, "timestamp_future"],
  ] as const)("%i s after it was signed: %s", async (age, verdict) => {
    const clock = (NOW + age) * 1000;
    expect(await reason("standard-webhooks", standard(Buffer.from("{}")), WHSEC, clock)).toBe(verdict);
    expect(await reason("slack", slack(Buffer.from("{}")), SECRET, clock)).toBe(verdict);
    expect(await reason("stripe", stripe("{}", NOW), SECRET, clock)).toBe(verdict);
  });

  test("no tolerance reaches a time that is no time, however it is signed", async () => {
    for (const time of [0, -1, 1e11, Number.NaN, Infinity]) {
      const request = standard(Buffer.from("{}"), "m", time);
      expect(await reason("standard-webhooks", request, WHSEC), String(time)).not.toBe("ok");
    }
  });
});
