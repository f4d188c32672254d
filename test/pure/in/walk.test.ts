// One reading of a request serves every stage: a genuine event of each sender is parsed once on its way from the front door to its 2xx.

import { expect, test, vi } from "vitest";
import { memoryRelay } from "../../../src/cli/local/memory-relay.ts";
import { requestOf, sourceOf } from "../../../src/cli/local/known-answers.ts";
import { Readings } from "../../../src/verify/readings.ts";
import { ingest } from "../../../src/in/ingest.ts";
import { findProvider } from "../../../src/providers/catalogue.ts";
import { facts, type Facts } from "../../vectors/facts.ts";
import { signAs } from "../../vectors/signer.ts";
import { NOW } from "../../vectors/signed.ts";

/** How often a request of this sender had its body decoded, and every text of it parsed. */
async function parsesOf(fact: Facts) {
  const scheme = findProvider(fact.id);
  if (scheme === null) throw new Error(`${fact.id} is not in the catalogue`);
  const row = signAs(fact).request;
  const { method, headers, body } = requestOf({ ...row, publicUrl: undefined });
  const source = sourceOf(row, scheme, body.byteLength);
  const adminToken = { name: "ADMIN_TOKEN", value: "a token of thirty-two characters" };
  const config = {
    sources: new Map([["known", source]]),
    disabled: new Map(),
    destinations: new Map(),
    routes: [],
    adminToken,
  };
  const texts = new Map<string, number>();
  let decoded = 0;
  const parse = JSON.parse.bind(JSON);
  const counts = (text: string): void => void texts.set(text, (texts.get(text) ?? 0) + 1);
  const watched: { mockRestore(): void }[] = [
    vi.spyOn(JSON, "parse").mockImplementation((text: string) => (counts(`JSON ${text}`), parse(text))),
    vi.spyOn(TextDecoder.prototype, "decode").mockImplementation(function decode(
      this: { readonly fatal: boolean },
      input,
    ) {
      const bytes = input instanceof Uint8Array ? input : new Uint8Array();
      // A strict decoder asks whether the body is text, and keeps nothing.
      if (!this.fatal && bytes.byteLength === body.byteLength && body.byteLength > 0) decoded += 1;
      return Buffer.from(bytes).toString("utf8");
    }),
  ];
  try {
    const request = new Request(row.url, { method, headers, body });
    const relay = memoryRelay(config, NOW * 1000);
    const forget = vi.spyOn(Readings.prototype, "forget");
    watched.push(forget);
    let held = false;
    const accept: typeof relay.intake.accept = async (candidate) => {
      held = forget.mock.calls.length === 0;
      return await relay.intake.accept(candidate);
    };
    const answer = await ingest(request, "known", { ...relay, intake: { ...relay.intake, accept } });
    return { id: fact.id, status: answer.status, decoded, most: Math.max(0, ...texts.values()), held };
  } finally {
    for (const spy of watched) spy.mockRestore();
  }
}

test("each sender's event is accepted, its body is decoded once and every document in it is parsed once", async () => {
  const walks = [];
  for (const fact of facts) walks.push(await parsesOf(fact));
  // Mandrill's event stands in a form field, which the generated request does not have: it is proven, and holds nothing.
  expect(walks.filter(({ status }) => status >= 300).map(({ id }) => id)).toEqual(["mandrill"]);
  expect(walks.filter(({ decoded, most }) => decoded > 1 || most > 1)).toEqual([]);
  // Nothing that was parsed is kept in memory while the journal is waited for.
  expect(walks.filter(({ held }) => held)).toEqual([]);
});
