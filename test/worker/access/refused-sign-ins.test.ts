// Failed sign-ins: what stands in the audit of them, what never does, and how many there can be.
import { expect, test } from "vitest";
import { Operator, TOKEN } from "../kit/operator.ts";
import { bearer, newKey } from "../kit/people.ts";
import { rows } from "../kit/relay.ts";

const operator = new Operator();
const HOUR = 3_600_000;

/** What the audit says of sign-ins that were refused, oldest first. */
async function refused(): Promise<{ actor: string; target: string; detail: Record<string, unknown> }[]> {
  await Promise.all(operator.later.splice(0));
  const found = await rows("SELECT actor, target, detail FROM audit WHERE action = 'sign-in.refused' ORDER BY seq");
  return found.map(({ actor, target, detail }) => ({
    actor: String(actor),
    target: String(target),
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the relay writes objects
    detail: JSON.parse(String(detail)) as Record<string, unknown>,
  }));
}

const from = (address: string, headers: Record<string, string> = {}) =>
  new Request("https://relay.example.com/signin", {
    method: "POST",
    headers: { ...headers, "cf-connecting-ip": address },
  });

test("a wrong secret leaves a row: from which network, where it was tried and why it opened nothing, and no part of it", async () => {
  const guess = "guess-of-a-token-0123456789-abcdefgh";
  expect(await operator.access().signIn(from("203.0.113.7"), guess)).toBeNull();
  expect(await operator.access().identify(from("2001:db8:1:2::3", bearer(guess)))).toBeNull();
  expect(await refused()).toEqual([
    { actor: "stranger", target: "203.0.113.7", detail: { why: "wrong_secret", at: "form" } },
    { actor: "stranger", target: "2001:db8:1::/48", detail: { why: "wrong_secret", at: "authorization" } },
  ]);
  expect(JSON.stringify([await rows("SELECT * FROM audit"), operator.logged])).not.toContain(guess.slice(0, 8));
});

test("a key that has expired or was revoked is named, and one that never was is not", async () => {
  const expired = await newKey(operator, "viewer", "nightly", 1);
  const revoked = await newKey(operator, "viewer", "left the company");
  await operator.call(`/api/keys/${revoked.id}/revoke`, { method: "POST" });
  operator.clock += 25 * HOUR;
  for (const [n, secret] of [expired.secret, revoked.secret, `${expired.secret.slice(0, -4)}0000`].entries())
    expect(await operator.access().identify(from(`203.0.113.${n}`, bearer(secret)))).toBeNull();
  expect((await refused()).map(({ detail }) => detail)).toEqual([
    { why: "key_expired", at: "authorization", key: "nightly" },
    { why: "key_revoked", at: "authorization", key: "left the company" },
    { why: "no_such_key", at: "authorization" },
  ]);
});

test("what is no secret of this relay's, and what opens it, leaves none", async () => {
  await operator.get("/api/events");
  for (const headers of [{}, { authorization: "Basic dXNlcjpwYXNz" }, bearer(TOKEN)])
    await operator.access().identify(from("203.0.113.7", headers));
  expect(await refused()).toEqual([]);
});

test("one network leaves one row an hour, whatever its addresses and however many isolates it reaches", async () => {
  for (let n = 0; n < 10; n += 1)
    await operator.access().signIn(from(`2001:db8:1:${n}::1`), "guess-of-a-token-0123456789-abcdefgh");
  expect(await refused()).toHaveLength(1);
  operator.clock += HOUR;
  await operator.access().signIn(from("2001:db8:1::9"), "guess-of-a-token-0123456789-abcdefgh");
  expect(await refused()).toHaveLength(2);
});

test("a stranger with any number of networks leaves twenty rows an hour, and the last says that there were more", async () => {
  const known = operator.access();
  for (let n = 0; n < 60; n += 1) {
    const access = n % 2 === 0 ? known : operator.access();
    await access.signIn(from(`198.51.${n}.1`), "guess-of-a-token-0123456789-abcdefgh");
    await Promise.all(operator.later.splice(0));
  }
  const written = await refused();
  expect(written).toHaveLength(20);
  expect(written.map(({ detail }) => detail["further"]).filter(Boolean)).toEqual(["not listed for an hour"]);
  expect(written.at(-1)?.detail["further"]).toBe("not listed for an hour");
});
