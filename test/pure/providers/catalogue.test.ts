// The whole catalogue: complete, well formed, and in agreement with a signer that knows only the facts.

import { describe, expect, test } from "vitest";
import { requestOf, secretsOf } from "../../../src/cli/local/known-answers.ts";
import { identify, signatureHeaders } from "../../../src/in/identify.ts";
import { findProvider, providerIds } from "../../../src/providers/catalogue.ts";
import { confidenceLabel, providerSchema } from "../../../src/scheme/scheme.ts";
import { idIsSigned } from "../../../src/scheme/derived.ts";
import { parseTemplate } from "../../../src/scheme/template.ts";
import { verify } from "../../../src/verify/verify.ts";
import { facts } from "../../vectors/facts.ts";
import { NOW } from "../../vectors/signed.ts";
import { signedRequest } from "../../vectors/signer.ts";

const CONFIDENCE: Readonly<Record<string, string>> = {
  sdk: "library",
  doc: "document",
  secondary: "third-party",
  recall: "unverified",
};

test("every sender of the facts is in the catalogue, and no other", () => {
  expect(providerIds()).toEqual(facts.map(({ id }) => id).toSorted());
});

describe.for(facts.map((fact) => [fact.id, fact] as const))("%s", ([id, fact]) => {
  const provider = findProvider(id)!;

  test("has the form that a user's own provider has, and says how it was established", () => {
    expect(providerSchema.safeParse(provider).error).toBeUndefined();
    expect(provider.confidence).toBe(CONFIDENCE[fact.confidence]);
    expect(confidenceLabel[provider.confidence!]).toBeDefined();
    for (const template of [provider.signs, provider.type, provider.id])
      expect(() => parseTemplate(template ?? "-")).not.toThrow();
  });

  test("says what is not covered wherever the body is not", () => {
    const whole =
      provider.jwt?.bodyHash ??
      provider.bodyHash ??
      /\{(body|body-sha256|body-sha256-hex|body-quoted|form-sorted.*|form-appended)\}/.exec(provider.signs ?? "{body}");
    const bound =
      provider.algorithm !== "token" &&
      provider.algorithm !== "basic" &&
      (provider.jwt === undefined || provider.jwt.bodyHash !== undefined || provider.algorithm === "jws-detached") &&
      whole !== null;
    if (!bound) expect(provider.uncovered).toBeDefined();
  });

  const signed = signedRequest(fact);

  test("accepts what a sender signs by the facts, and refuses it changed in one byte", async () => {
    const request = requestOf(signed);
    const judge = (one: typeof request) => verify(one, provider, secretsOf(signed), signed.config ?? {}, NOW * 1000);
    expect(await judge(request)).toMatchObject({ ok: true });
    if (fact.scheme.msg?.includes("{body}") === true) {
      const body = request.body.slice();
      body[5]! ^= 1;
      expect((await judge({ ...request, body })).ok).toBe(false);
    }
    for (const header of signatureHeaders(provider)) {
      if (!request.headers.has(header)) continue;
      const headers = new Headers(request.headers);
      headers.delete(header);
      expect((await judge({ ...request, headers })).ok).toBe(false);
    }
    expect((await verify(request, provider, [], signed.config ?? {}, NOW * 1000)).ok).toBe(false);
    expect((await verify(request, provider, [{ name: "S", value: "" }], signed.config ?? {}, NOW * 1000)).ok).toBe(
      false,
    );
  });

  test("names the event without throwing", () => {
    const identity = identify(requestOf(signed), provider, {});
    expect(identity.type.length).toBeGreaterThan(0);
    if (identity.dedupe !== null && !idIsSigned(provider)) expect(identity.dedupe.bindBody).toBe(true);
  });
});
