// What `hookline send` makes of each sender of the catalogue: the verifier takes it, and not what was forged.
import { expect, test } from "vitest";
import { inbound, proven } from "../../../src/cli/sender/proof.ts";
import { secretForSending } from "../../../src/cli/sender/secret.ts";
import { identify } from "../../../src/in/identify.ts";
import { findProvider, providerIds } from "../../../src/providers/catalogue.ts";
import { settingsOf } from "../../../src/scheme/settings.ts";
import { placesOf } from "../../../src/scheme/template.ts";
import { verify } from "../../../src/verify/verify.ts";

const NOW = 1_760_000_000_000;
const EVENT = "test_event";

/** Senders that cannot be played, and what the command says of them. */
const UNPLAYABLE: Readonly<Record<string, RegExp>> = {
  "atlassian-connect": /own verifier|qsh/,
  braintree: /signature_malformed/,
  "constant-contact": /key that only it has/,
  ebay: /signature_malformed/,
  fireblocks: /key that only it has/,
  keygen: /HTTP message signatures/,
  kinde: /key that only it has/,
  mailchannels: /HTTP message signatures/,
  monday: /aud/,
  neon: /key that only it has/,
  plaid: /key that only it has/,
  wecom: /no JSON/,
  wix: /key that only it has/,
};

/** How a request of this sender is judged: `ok`, or why it is none. */
async function judged(id: string, forged: boolean): Promise<string> {
  const provider = findProvider(id)!;
  const settings = Object.fromEntries(settingsOf(provider).map(({ name }) => [name, `setting-${name}`]));
  const { secret, proves } = secretForSending(provider);
  const url = "https://relay.example.com/in/a";
  const signs = forged ? secretForSending(provider).secret : secret;
  const made = proven({ provider, settings, url, event: EVENT, id: "one-4711", body: {}, at: NOW }, signs);
  if ("why" in made) return made.why;
  const verdict = await verify(inbound(made), provider, [{ ...secret, value: proves }], settings, NOW);
  if (!verdict.ok) return JSON.stringify(verdict.rejection);
  const { type } = identify(inbound(made), provider, settings);
  const demanded = Object.keys(provider.demands ?? {}).map((place) => `{${place}}`);
  const named = placesOf(provider.type ?? "").length > 0 && !demanded.includes(provider.type ?? "");
  return named && !type.includes(EVENT) ? `its type is ${type}` : "ok";
}

test.each(providerIds().filter((id) => UNPLAYABLE[id] === undefined))(
  "a request of %s is taken, a forged one is not",
  async (id) => {
    expect(await judged(id, false)).toBe("ok");
    // Some senders prove nothing that is a secret: their requests are taken by their form.
    const { algorithm } = findProvider(id)!;
    if (algorithm !== "sha1" && algorithm !== "sha256") expect(await judged(id, true)).not.toBe("ok");
  },
);

test.each(Object.entries(UNPLAYABLE))("%s cannot be played, and it says why", async (id, why) => {
  expect(await judged(id, false)).toMatch(why);
});
