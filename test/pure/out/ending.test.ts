// A key with an end, on the way out: both sign until then, and from then on the new one alone; judged by the official library of receivers.
import { Webhook } from "standardwebhooks";
import { expect, test } from "vitest";
import { readConfig } from "../../../src/config/config.ts";
import type { Outgoing } from "../../../src/net/send.ts";
import { attempt, isMade } from "../../../src/out/attempt.ts";
import { publicJwks, publicKeys } from "../../../src/out/ed25519.ts";
import { derivedSecret } from "../../../src/out/sign.ts";
import { findProvider } from "../../../src/providers/catalogue.ts";
import { verify } from "../../../src/verify/verify.ts";
import { working } from "../../kit/working-config.ts";

const END = Date.UTC(2026, 11, 31);
const OLD_KEY = "o".repeat(32);
const BODY = '{"a":1}';
const BYTES = new TextEncoder().encode(BODY);
const key = (fill: number) => `whsec_${Buffer.alloc(32, fill).toString("base64")}`;

function destinationOf(entry: object, vars: object) {
  const config = readConfig({
    ...working,
    DESTINATIONS: { billing: { url: "https://b.example.com/", ...entry } },
    ...vars,
  });
  return config.destinations.get("billing") ?? expect.fail(JSON.stringify(config.findings));
}

/** One attempt; `making` is how long its body takes to make. */
async function attempted(destination: ReturnType<typeof destinationOf>, at: number, making = 0) {
  const sent: Outgoing[] = [];
  let now = at;
  const end = await attempt(
    { id: "evt_1", source: "a", type: "t", receivedAt: at, headers: { "x-github-event": "push" } },
    destination,
    { attempt: 1, round: 0 },
    async () => BYTES,
    {
      now: () => now,
      dice: () => 0.5,
      inspector: () => expect.fail(),
      bindings: () => null,
      async reshape(event, _, __, body) {
        now += making;
        return { ok: true, event, body };
      },
      async send(request) {
        sent.push(request);
        return { status: 200, fault: null, latencyMs: 1, excerpt: "", retryAfter: null };
      },
    },
  );
  return { fault: isMade(end) ? end.fault : undefined, headers: sent[0]?.headers ?? {} };
}

/** Whether a receiver that holds this secret takes it. The library reads the clock, so that the age is left out of it. */
function takes(secret: string, headers: Record<string, string>): boolean {
  const { "webhook-id": id = "", "webhook-timestamp": time = "", "webhook-signature": signature = "" } = headers;
  return signature.split(" ").includes(new Webhook(secret).sign(id, new Date(Number(time) * 1000), BODY));
}

const OWN = { secret: "BILLING_KEY", old_until: "2026-12-31" };
const KEYS = { BILLING_KEY: key(1), BILLING_KEY_OLD: key(2) };
const derived = (from: string) => derivedSecret(from, "billing");

test.each([
  ["a key of its own", OWN, KEYS, async () => [key(1), key(2)]],
  [
    "the relay's key, ended for this destination",
    { old_until: "2026-12-31" },
    { SIGNING_KEY_OLD: OLD_KEY },
    async () => [await derived(working.SIGNING_KEY), await derived(OLD_KEY)],
  ],
  [
    "the relay's key, ended for all",
    {},
    { SIGNING_KEY_OLD: OLD_KEY, SIGNING_KEY_OLD_UNTIL: "2026-12-31" },
    async () => [await derived(working.SIGNING_KEY), await derived(OLD_KEY)],
  ],
] as const)(
  "%s: receivers with either secret take it until the end, and then those with the new one",
  async (_, entry, vars, secrets) => {
    const [fresh = "", old = ""] = await secrets();
    const destination = destinationOf(entry, vars);
    const before = await attempted(destination, END - 1);
    expect([takes(fresh, before.headers), takes(old, before.headers)]).toEqual([true, true]);
    for (const at of [END, END + 86_400_000]) {
      const after = await attempted(destination, at);
      expect([takes(fresh, after.headers), takes(old, after.headers)]).toEqual([true, false]);
      expect(after.headers["webhook-signature"]?.split(" ")).toHaveLength(1);
    }
  },
);

test("the time is that of the signature: what took until after the end to be made is not signed with the old key", async () => {
  const { headers } = await attempted(destinationOf(OWN, KEYS), END - 1, 1);
  expect([takes(key(1), headers), takes(key(2), headers)]).toEqual([true, false]);
});

test("where the old key is all that there is, nothing is sent from its end on, and the delivery waits", async () => {
  const destination = destinationOf(OWN, { BILLING_KEY_OLD: key(2) });
  expect(takes(key(2), (await attempted(destination, END - 1)).headers)).toBe(true);
  expect(await attempted(destination, END)).toEqual({ fault: "unsigned", headers: {} });
  expect(await attempted(destination, END - 1, 1)).toEqual({ fault: "unsigned", headers: {} });
});

test("another sender's signature is one: by the new secret, and by the old one where it alone is set and has not ended", async () => {
  const github = { as: "github", secret: "HUB", old_until: "2026-12-31" };
  const judge = async (headers: Record<string, string>, value: string) => {
    const request = { method: "POST", url: "https://b.example.com/", headers: new Headers(headers), body: BYTES };
    return (await verify(request, findProvider("github")!, [{ name: "HUB", value }], {}, END)).ok;
  };
  const both = await attempted(destinationOf(github, { HUB: "new", HUB_OLD: "old" }), END - 1);
  expect([await judge(both.headers, "new"), await judge(both.headers, "old")]).toEqual([true, false]);
  const alone = destinationOf(github, { HUB_OLD: "old" });
  expect(await judge((await attempted(alone, END - 1)).headers, "old")).toBe(true);
  expect(await attempted(alone, END)).toEqual({ fault: "unsigned", headers: {} });
});

const verifies = async (headers: Record<string, string>, value: string, at: number) => {
  const request = { method: "POST", url: "", headers: new Headers(headers), body: BYTES };
  return (await verify(request, findProvider("standard-webhooks-ed25519")!, [{ name: "K", value }], {}, at)).ok;
};

test("a public key that has ended is published no longer, and signs no longer", async () => {
  const destination = destinationOf({ format: "standard-v1a", old_until: "2026-12-31" }, { SIGNING_KEY_OLD: OLD_KEY });
  const [fresh = "", old = ""] = await publicKeys(destination);
  const [before, after] = [await attempted(destination, END - 1000), await attempted(destination, END)];
  expect(await verifies(before.headers, fresh, END)).toBe(true);
  expect(await verifies(before.headers, old, END)).toBe(true);
  expect(await verifies(after.headers, fresh, END)).toBe(true);
  expect(await verifies(after.headers, old, END)).toBe(false);
  expect(await publicJwks([destination], END - 1)).toHaveLength(2);
  const [left, ...others] = await publicJwks([destination], END);
  expect(others).toEqual([]);
  expect(`whpk_${Buffer.from(left?.x ?? "", "base64url").toString("base64")}`).toBe(fresh);
});
