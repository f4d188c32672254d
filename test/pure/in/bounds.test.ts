// What a stranger's document may cost before anybody has proven it: over the whole catalogue, by every way that leads to a parser.

import { afterEach, describe, expect, test, vi } from "vitest";
import { diagnose } from "../../../src/in/refusals/diagnose.ts";
import { adviseOn } from "../../../src/reasons.ts";
import { handshake, replyTo } from "../../../src/in/handshake.ts";
import { identify } from "../../../src/in/identify.ts";
import { findProvider, providerIds } from "../../../src/providers/catalogue.ts";
import type { Provider } from "../../../src/scheme/scheme.ts";
import { parseJws } from "../../../src/verify/jws.ts";
import { KeyRing } from "../../../src/verify/keyring.ts";
import { Readings, type Inbound } from "../../../src/verify/readings.ts";
import { verify } from "../../../src/verify/verify.ts";
import { parseJson, PROVEN, UNPROVEN } from "../../../src/bytes/json.ts";

const FORM = "application/x-www-form-urlencoded";
const SECRETS = [{ name: "X_SECRET", value: "correct horse battery staple" }];

function request(body: string, headers: Record<string, string> = {}, method = "POST"): Inbound {
  const bytes = new TextEncoder().encode(body);
  return { method, url: "https://x.example/in/a?code=1", headers: new Headers(headers), body: bytes };
}

/** Documents that take many times the memory of their bytes. */
const WIDE = {
  "empty lists": `[${"[],".repeat(102_000)}[]]`,
  "empty lists in a member": `{"type":"url_verification","challenge":"abc","x":[${"[],".repeat(102_000)}[]]}`,
  members: `{${'"a":{},'.repeat(102_000)}"b":1}`,
};

afterEach(() => {
  vi.restoreAllMocks();
});

/** The length of the longest document that the engine has been given; at what begins like none it stops at once. */
function watchParser(): () => number {
  const spy = vi.spyOn(JSON, "parse");
  return () => Math.max(0, ...spy.mock.calls.map(([text]) => (/^\s*[[{]/.test(text) ? text.length : 0)));
}

describe("before proof", () => {
  test.each(Object.entries(WIDE))("no sender's scheme has a document of many %s parsed", async (_, wide) => {
    const longest = watchParser();
    const keys = new KeyRing(() => Promise.resolve(null));
    for (const id of providerIds()) {
      const provider = findProvider(id)!;
      for (const type of JSON.stringify(provider).includes("form:")
        ? ["application/json", FORM]
        : ["application/json"]) {
        const body = type === FORM ? `payload=${encodeURIComponent(wide)}` : wide;
        const inbound = request(body, { "content-type": type, ...signatureOf(provider) });
        expect(await handshake(inbound, provider, SECRETS, {}, "before-verify"), id).toBeNull();
        expect((await verify(inbound, provider, SECRETS, {}, 0)).ok, id).toBe(false);
        await keys.keysFor(inbound, { name: id, scheme: provider, secrets: [], settings: {} }, "192.0.2.1", 0);
        replyTo(inbound, provider, {}, "refused");
      }
    }
    expect(longest()).toBeLessThan(200_000);
  });

  test("what is larger than 64 KiB is no handshake of anybody, whatever else it looks like", async () => {
    let greeted = 0;
    for (const id of providerIds()) {
      const provider = findProvider(id)!;
      for (const one of provider.handshake ?? []) {
        if (one.verified === true) continue;
        const looks = lookingLike(one);
        const small = await handshake(looks, provider, SECRETS, {}, "before-verify");
        if (small !== null) greeted += 1;
        const padded = { ...looks, body: new Uint8Array([...looks.body, ...new Uint8Array(64 * 1024).fill(0x20)]) };
        expect(await handshake(padded, provider, SECRETS, {}, "before-verify"), id).toBeNull();
      }
    }
    expect(greeted).toBeGreaterThan(10);
  });

  test("a signature that stands in too large a document is not missing: the refusal says what is wrong, with 413", async () => {
    for (const [id, body, type] of [
      ["aws-sns", WIDE.members, "application/json"],
      ["figma", WIDE["empty lists in a member"], "application/json"],
      ["twilio", "a=1&".repeat(3_000), FORM],
      ["mailgun", `${"a=1&".repeat(3_000)}signature=00`, FORM],
      ["mandrill", "a&".repeat(500_000), FORM],
      ["mailgun", "--B--B".repeat(50_000), "multipart/form-data; boundary=B"],
    ] as const) {
      const provider = findProvider(id)!;
      const inbound = request(body, { "content-type": type, ...signatureOf(provider) });
      const keys = new KeyRing(() => Promise.resolve(null));
      const fetched = await keys.keysFor(
        inbound,
        { name: id, scheme: provider, secrets: SECRETS, settings: {} },
        "",
        0,
      );
      const verdict = fetched.ok ? await verify(inbound, provider, SECRETS, {}, 0) : fetched;
      expect(verdict, id).toMatchObject({ ok: false, rejection: { reason: "body_too_complex" } });
      if (!verdict.ok) expect(adviseOn(verdict.rejection, provider.name), id).toContain("more than");
    }
  });

  test("what is large and plain is read as before: one text of megabytes, a form with an attachment, a batch of a thousand", async () => {
    const text = Readings.of(request(JSON.stringify({ id: "1", text: "a,[{".repeat(1_000_000) })));
    expect(text.json("body")).toMatchObject({ id: "1" });
    const batch = Readings.of(
      request(JSON.stringify({ value: Array.from({ length: 1000 }, (_, id) => ({ id, data: { a: [1, 2], b: {} } })) })),
    );
    expect(batch.json("body")).toMatchObject({ value: { length: 1000 } });
    const file = `--B\r\ncontent-disposition: form-data; name="attachment"\r\n\r\n${"1,2,[{&\n".repeat(500_000)}\r\n`;
    const form = `${file}--B\r\ncontent-disposition: form-data; name="signature"\r\n\r\nabc\r\n--B--\r\n`;
    const readings = Readings.of(request(form, { "content-type": "multipart/form-data; boundary=B" }));
    expect([readings.json("body"), readings.form.get("signature"), readings.excess]).toEqual([
      undefined,
      ["abc"],
      null,
    ]);
    expect([text.excess, batch.excess]).toEqual([null, null]);
  });

  test("a token that is the whole body has a header of a few KB, and is not split into millions", () => {
    const split = vi.spyOn(String.prototype, "split");
    expect(parseJws(".".repeat(1_000_000))).toBeNull();
    expect(split.mock.results.every(({ value }) => Array.isArray(value) && value.length <= 4)).toBe(true);
    const longest = watchParser();
    const head = btoa(`{"alg":"HS256","x":"${"a".repeat(30_000)}"}`).replaceAll("=", "");
    expect(parseJws(`${head}.e30.AAAA`)).toBeNull();
    expect(longest()).toBe(0);
  });

  test("a document that is let go of is read again", () => {
    const readings = Readings.of(request('{"a":1}'));
    const first = readings.json("body");
    readings.forget();
    expect(readings.json("body")).toEqual(first);
    expect(readings.json("body")).not.toBe(first);
  });
});

test("a refusal is looked into without writing a document out at many times its size", async () => {
  const deep = `${"[".repeat(990)}${"1,".repeat(100_000)}1${"]".repeat(990)}`;
  const written = vi.spyOn(JSON, "stringify");
  const inbound = request(deep, { "x-hub-signature-256": `sha256=${"00".repeat(32)}` });
  const provider = findProvider("github")!;
  await diagnose(
    { reason: "signature_mismatch", tried: ["X"] },
    { request: inbound, provider, secrets: SECRETS, settings: {}, now: 0 },
  );
  const longest = written.mock.results.map(({ value }) => (typeof value === "string" ? value.length : 0));
  expect(Math.max(0, ...longest)).toBeLessThan(2 * deep.length);
});

test("after proof ten times as much is read, and what is more says so instead of being typed wrongly", () => {
  expect(UNPROVEN.elements).toBeLessThan(PROVEN.elements);
  expect(issueOf(UNPROVEN.elements / 2)).toMatchObject({ type: "issues.opened", excess: undefined });
  expect(issueOf(PROVEN.elements / 2).excess).toContain("elements");
});

test("the count is of what the parser would make, not of commas in texts", () => {
  expect(parseJson(JSON.stringify(",".repeat(500)), 100)).toBe(",".repeat(500));
  expect(parseJson(`[${"1,".repeat(99)}1]`, 100)).toHaveLength(100);
  expect(parseJson(`[${"1,".repeat(100)}1]`, 100)).toBeUndefined();
  expect(parseJson(`\u{feff} \n[${"{},".repeat(100)}1]`, 100)).toBeUndefined();
  expect(parseJson(`{"a":"\\"","b":[${"1,".repeat(100)}1]}`, 100)).toBeUndefined();
});

/** An issue of GitHub's with so many empty lists in it. */
function issueOf(count: number) {
  const body = `{"action":"opened","x":[${"[],".repeat(count)}[]]}`;
  const headers = { "x-github-event": "issues", "x-github-delivery": "d" };
  return identify(request(body, headers), findProvider("github")!, {});
}

/** Headers in which this sender's signature and time would stand, in no form in particular. */
function signatureOf(provider: Provider): Record<string, string> {
  const places = [provider.signature.at].flat().flatMap((at) => at.split("|"));
  const headers = places.flatMap((place) => (place.startsWith("header:") ? [[place.slice(7), "00".repeat(32)]] : []));
  return Object.fromEntries(headers);
}

/** A request that answers to what a handshake asks for, as far as its description shows. */
function lookingLike(one: NonNullable<Provider["handshake"]>[number]): Inbound {
  const headers = new Headers();
  const query = new URLSearchParams();
  const json: Tree = {};
  const form = new URLSearchParams();
  const wanted = {
    ...one.when,
    ...(one.challenge === undefined ? {} : { [one.challenge.at]: "abcdef0123456789abcdef" }),
  };
  for (const [place, value] of Object.entries(wanted)) {
    const [first = ""] = place.split("|");
    const source = first.slice(0, first.indexOf(":"));
    const name = first.slice(source.length + 1);
    const text = value === "" ? "abcdef0123456789abcdef" : value;
    if (source === "header") headers.set(name, text);
    else if (source.includes("query")) query.set(name, text);
    else if (source === "form") form.set(name, text);
    else if (source === "json") put(json, name.split("."), text);
  }
  if (form.size > 0) headers.set("content-type", FORM);
  const body = form.size > 0 ? form.toString() : JSON.stringify(json);
  const url = `https://x.example/in/a?${query.toString()}`;
  return { method: one.method, url, headers, body: new TextEncoder().encode(body) };
}

interface Tree {
  [name: string]: Tree | string;
}

function put(into: Tree, [name = "", ...rest]: readonly string[], value: string): void {
  const there = into[name];
  if (rest.length === 0) into[name] = value;
  else if (typeof there === "object") put(there, rest, value);
  else put((into[name] = {}), rest, value);
}
