// The runbook of a rotation (docs/operations.md), step by step, with traffic on both sides: GitHub's own library signs, and that of Standard Webhooks verifies.
import { sign } from "@octokit/webhooks-methods";
import { Webhook } from "standardwebhooks";
import { expect, test } from "vitest";
import { derivedSecret } from "../../../src/out/sign.ts";
import { front } from "../kit/front.ts";
import { carried, rows, setUp } from "../kit/relay.ts";

const receiver = setUp();

const [OLD, NEW] = ["the-old-secret-of-github", "the-new-secret-of-github"];
const [OLD_KEY, NEW_KEY] = ["old-signing-key-0123456789abcdefgh", "new-signing-key-0123456789abcdefgh"];
const TOMORROW = new Date(Date.now() + 86_400_000).toISOString().slice(0, 10);

type Relay = ReturnType<typeof front>;

/** A deployment of the relay. */
function deployed(source: object, vars: object): Relay {
  return front(
    { github: { provider: "github", ...source } },
    {
      DESTINATIONS: { billing: { url: "https://billing.example.com/billing" } },
      ROUTES: { all: { from: "github", to: "billing" } },
      ...vars,
    },
  );
}

let deliveries = 0;

/** An event of the sender's, signed with what it holds. The same number is the same event. */
async function sent(
  relay: Relay,
  secret: string,
  n = (deliveries += 1),
): Promise<{ status: number; id: string | null }> {
  const body = JSON.stringify({ n });
  const answer = await relay.post("github", body, {
    "content-type": "application/json",
    "x-github-event": "push",
    "x-github-delivery": `d-${n}`,
    "x-hub-signature-256": await sign(secret, body),
  });
  const said: { id?: string } = await answer.json();
  return { status: answer.status, id: said.id ?? null };
}

/** Which of two receivers takes each request that arrived: one that holds the old secret, and one that holds the new one. */
async function taken() {
  const secrets = [await derivedSecret(OLD_KEY, "billing"), await derivedSecret(NEW_KEY, "billing")];
  return receiver.arrivals.map(({ headers, body }) => {
    const text = new TextDecoder().decode(body);
    const holds = secrets.map((secret) => {
      try {
        new Webhook(secret).verify(text, Object.fromEntries(headers));
        return true;
      } catch {
        return false;
      }
    });
    return { old: holds[0], new: holds[1], at: Number(headers.get("webhook-timestamp")) };
  });
}

/** The end, on a full second: what is signed in the second before is before it. */
const endIn = (seconds: number) => (Math.ceil(Date.now() / 1000) + seconds) * 1000;
const written = (at: number) => new Date(at).toISOString().replace(".000Z", "Z");

async function past(at: number): Promise<void> {
  while (Date.now() < at) await new Promise((resolve) => setTimeout(resolve, at - Date.now()));
}

test("by the runbook, with traffic on both sides: nothing is lost, and nothing genuine is refused", async () => {
  const ids: (string | null)[] = [];
  const genuine = async (relay: Relay, secret: string) => {
    const { status, id } = await sent(relay, secret);
    expect(status).toBe(200);
    ids.push(id);
  };

  // Before anything is done.
  const before = { GITHUB_SECRET: OLD, SIGNING_KEY: OLD_KEY };
  await genuine(deployed({}, before), OLD);
  expect(await taken()).toMatchObject([{ old: true, new: false }]);

  // 1. The old one under its other name: nothing changes. 2. The new one in its place: both are taken.
  const first = { ...before, GITHUB_SECRET_OLD: OLD, SIGNING_KEY_OLD: OLD_KEY };
  await genuine(deployed({}, first), OLD);
  const second = { ...first, GITHUB_SECRET: NEW, SIGNING_KEY: NEW_KEY };
  await genuine(deployed({}, second), OLD);
  // 3. The date. 4. The sender changes over, in the middle of its events, and sends one of before again with the new one.
  const dated = deployed({ old_until: TOMORROW }, { ...second, SIGNING_KEY_OLD_UNTIL: TOMORROW });
  await genuine(dated, OLD);
  const n = deliveries;
  await genuine(dated, NEW);
  await genuine(dated, OLD);
  await genuine(dated, NEW);
  expect(await sent(dated, NEW, n)).toEqual({ status: 200, id: ids[n - 1] });
  const both = (await taken()).map((one) => [one.old, one.new]);
  expect(both).toEqual([[true, false], [true, false], ...Array.from({ length: 5 }, () => [true, true])]);

  // 5. How many still come with the old one.
  await carried();
  expect(await dated.api("/sources/github/secrets")).toMatchObject({
    source: "github",
    looked_back_to: null,
    secrets: [
      { name: "GITHUB_SECRET", set: true, events: 4 },
      { name: "GITHUB_SECRET_OLD", set: true, until: `${TOMORROW}T00:00:00.000Z`, ended: false, events: 3 },
    ],
  });

  // The date comes, over one relay that nobody deploys anew. What a second of the clock cuts is judged by the clock alone.
  const end = endIn(2);
  const relay = deployed({ old_until: written(end) }, { ...second, SIGNING_KEY_OLD_UNTIL: written(end) });
  receiver.arrivals = [];
  while (Date.now() < end + 200) {
    await genuine(relay, NEW);
    const began = Date.now();
    const { status, id } = await sent(relay, OLD);
    const ended = Date.now();
    if (status === 200) ids.push(id);
    if (ended < end) expect(status).toBe(200);
    if (began >= end) expect(status).toBe(401);
    await past(Math.min(Date.now() + 150, end + 200));
  }
  await genuine(relay, NEW);
  expect((await sent(relay, OLD)).status).toBe(401);
  const arrived = await taken();
  expect(arrived.length).toBeGreaterThan(0);
  for (const one of arrived) expect([one.new, one.old]).toEqual([true, one.at * 1000 < end]);
  expect(arrived.some((one) => one.old === false)).toBe(true);

  // 6. The old ones are deleted, then the dates.
  const { GITHUB_SECRET_OLD: _old, SIGNING_KEY_OLD: _key, ...after } = second;
  await genuine(deployed({}, after), NEW);
  expect((await sent(deployed({}, after), OLD)).status).toBe(401);

  // Every event that was acknowledged is there, and delivered.
  await carried();
  const kept = await rows<{ id: string }>("SELECT id FROM events");
  expect(kept.map(({ id }) => id).toSorted()).toEqual(ids.map(String).toSorted());
});

test("what an ended secret has signed is refused as a stranger's, is no event, and its operator is told", async () => {
  const relay = deployed(
    { old_until: "2026-01-01" },
    { GITHUB_SECRET: NEW, GITHUB_SECRET_OLD: OLD, SIGNING_KEY: NEW_KEY },
  );
  expect((await sent(relay, OLD)).status).toBe(401);
  expect((await sent(relay, "a stranger's")).status).toBe(401);
  const { refusals } = await relay.api<{ refusals: { code: string; advice: string }[] }>("/sources/github/refusals");
  expect(refusals.map(({ code }) => code)).toEqual(["wrong_secret", "secret_ended"]);
  expect(refusals[1]?.advice).toContain("Signed with GITHUB_SECRET_OLD, which ended on 2026-01-01 00:00 UTC");
  expect(refusals[0]?.advice).not.toContain("GITHUB_SECRET_OLD");
  expect(await rows("SELECT id FROM events")).toEqual([]);
});

test("/health tells whoever may know which old secret ends when, and warns; a stranger hears nothing of it", async () => {
  const relay = deployed({ old_until: TOMORROW }, { GITHUB_SECRET: NEW, GITHUB_SECRET_OLD: OLD, SIGNING_KEY: NEW_KEY });
  const asked = async (headers: Record<string, string>) => await (await relay.ask("/health", { headers })).text();
  const token = { authorization: "Bearer front-admin-token-0123456789abcdef" };
  expect(await asked({})).not.toContain("GITHUB_SECRET_OLD");
  const health: { old_secrets: object[]; findings: { says: string }[]; status: string } = JSON.parse(
    await asked(token),
  );
  expect(health).toMatchObject({
    status: "ok",
    old_secrets: [
      {
        secret: "GITHUB_SECRET_OLD",
        of: "source",
        name: "github",
        set: true,
        until: `${TOMORROW}T00:00:00.000Z`,
        ended: false,
      },
    ],
  });
  expect(health.findings.map(({ says }) => says).join()).toContain(`GITHUB_SECRET_OLD ends in`);
  const { findings } = await relay.api<{ findings: { says: string }[] }>("/overview");
  expect(findings.map(({ says }) => says).join()).toContain("GITHUB_SECRET_OLD ends in");
  const page = await (await relay.ask("/health", { headers: token })).text();
  expect(page).not.toContain(OLD);
});

const listed = async (until: string) => {
  const relay = deployed(
    {},
    {
      DESTINATIONS: { billing: { url: "https://b.example.com/", format: "standard-v1a" } },
      SIGNING_KEY: NEW_KEY,
      SIGNING_KEY_OLD: OLD_KEY,
      SIGNING_KEY_OLD_UNTIL: until,
    },
  );
  const answer = await relay.ask("/.well-known/jwks.json", {});
  const { keys }: { keys: object[] } = await answer.json();
  return { keys: keys.length, kept: Number(/max-age=(\d+)/.exec(answer.headers.get("cache-control") ?? "")?.[1]) };
};

test("the list of public keys lets one go at its end, and no copy of it is kept longer", async () => {
  expect(await listed("2098-01-01")).toEqual({ keys: 2, kept: 300 });
  expect(await listed("2026-01-01")).toEqual({ keys: 1, kept: 300 });
  const { keys, kept } = await listed(written(endIn(100)));
  expect(keys).toBe(2);
  expect(kept).toBeLessThan(102);
});
