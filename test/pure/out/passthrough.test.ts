// A sender's own proof, passed on: over the whole catalogue, existing code goes on verifying, and nobody else sees it.
import { expect, test } from "vitest";
import { requestOf, secretsOf } from "../../../src/cli/local/known-answers.ts";
import { readConfig } from "../../../src/config/config.ts";
import { PROOF } from "../../../src/ids.ts";
import { keep, onItsWay } from "../../../src/in/headers.ts";
import { shape } from "../../../src/out/shape.ts";
import { findProvider } from "../../../src/providers/catalogue.ts";
import { namesEvents } from "../../../src/scheme/naming.ts";
import { passingFault } from "../../../src/scheme/passing.ts";
import { verify } from "../../../src/verify/verify.ts";
import { working } from "../../kit/working-config.ts";
import { facts } from "../../vectors/facts.ts";
import { NOW } from "../../vectors/signed.ts";
import { signedRequest } from "../../vectors/signer.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const event = { id: "evt_1", source: "shop", type: "order.paid", headers: {} as Record<string, string> };
const { sources, destinations } = readConfig({
  ...working,
  SOURCES: { shop: { provider: "github" } },
  DESTINATIONS: {
    billing: { url: "https://b.example.com/", format: "passthrough" },
    other: { url: "https://b.example.com/" },
  },
  ROUTES: {},
});
/** One that is configured. */
function configured<T>(among: ReadonlyMap<string, T>, name: string): T {
  const found = among.get(name);
  if (found === undefined) throw new Error(`${name} is not configured`);
  return found;
}
const shop = configured(sources, "shop");
const passing = configured(destinations, "billing");
const plain = configured(destinations, "other");

const log = { info: () => {}, warn: () => {}, error: () => {} };

/** What a destination gets of a genuine request of this sender. */
async function passed(id: string, to: string) {
  const fact = facts.find((one) => one.id === id);
  const scheme = findProvider(id);
  if (fact === undefined || scheme === null) throw new Error(id);
  const known = signedRequest(fact);
  const inbound = requestOf(known);
  const source = { ...shop, scheme };
  const matched = [{ destination: to, route: "all" }];
  const headers = onItsWay(keep(inbound, source, { log }), inbound, source, matched, { config: { destinations }, log });
  const made = await shape({ ...event, headers }, destinations.get(to) ?? passing, 1, inbound.body, NOW * 1000);
  return { known, inbound, scheme, headers, made };
}

test.each(facts.map(({ id }) => id))("%s", async (id) => {
  const { known, inbound, scheme, headers, made } = await passed(id, "billing");
  const received = { ...inbound, headers: new Headers(made.headers), body: made.body };
  const verdict = await verify(received, scheme, secretsOf(known), known.config ?? {}, NOW * 1000);
  expect(made.body).toBe(inbound.body);
  if (passingFault(scheme) === null) {
    expect(verdict).toMatchObject({ ok: true });
    for (const [name, value] of Object.entries(JSON.parse(headers[PROOF] ?? "{}")))
      if (!namesEvents(name)) expect(made.hidden).toContain(value);
  } else {
    // Nothing of a proof that cannot be passed on is kept.
    expect(headers[PROOF]).toBe("{}");
  }
  // Where no such destination is, nothing is kept, and no other destination sees any of it.
  const other = await passed(id, "other");
  expect(other.headers[PROOF]).toBeUndefined();
  const beside = await shape({ ...event, headers }, plain, 1, inbound.body, NOW * 1000);
  expect(beside.headers).toEqual(other.made.headers);
});

test("what is itself the secret is refused, and so is what no receiver could verify", () => {
  const refused = facts.filter(({ id }) => passingFault(findProvider(id)!) !== null).map(({ id }) => id);
  const tokens = facts.filter(({ scheme }) => ["token", "basic", "none"].includes(scheme.alg)).map(({ id }) => id);
  expect(refused).toEqual(expect.arrayContaining(tokens));
  expect(refused.filter((id) => !tokens.includes(id)).toSorted()).toEqual([
    "dingtalk-events",
    "keygen",
    "mercado-pago",
    "messagebird-legacy",
    "monday",
    "twilio-json",
    "wecom",
  ]);
});

const findingsOf = (provider: string) =>
  readConfig({
    ...working,
    SOURCES: { github: { provider } },
    DESTINATIONS: { billing: { url: "https://b.example.com/", format: "passthrough" } },
  }).findings;

test("a route from a refused sender is an error that names it, and one from a sender that signs its URL a warning", () => {
  expect(findingsOf("gitlab")).toMatchObject([{ level: "error", key: "DESTINATIONS.billing.format" }]);
  expect(findingsOf("gitlab")[0]?.says).toMatch(/what GitLab.* is the secret\. Leave/);
  expect(findingsOf("square")).toMatchObject([{ level: "warning", key: "DESTINATIONS.billing.format" }]);
  expect(findingsOf("github")).toEqual([]);
});

test("an event whose body was edited by hand has no proof any more", async () => {
  const headers = { [PROOF]: '{"x-hub-signature-256":"sha256=00"}', "hookline-edited-from": "evt_0" };
  const made = await shape({ ...event, headers }, passing, 1, bytes("{}"), 0);
  expect(made.headers).not.toHaveProperty("x-hub-signature-256");
});
