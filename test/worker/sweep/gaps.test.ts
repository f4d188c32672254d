// What never came is asked for: a cron tick, against stand-ins that answer as the documents of GitHub and Stripe say.
import { expect, test } from "vitest";
import { front } from "../kit/front.ts";
import { carried, hmac, rows, setUp, until } from "../kit/relay.ts";

const receiver = setUp();

const HOOK = "https://api.github.com/repos/acme/shop/hooks/1";
const SECRETS = { GITHUB_SECRET: "s", STRIPE_SECRET: "whsec_s", GITHUB_TOKEN: "ghp-token", STRIPE_API_KEY: "rk-key" };
const SOURCES = {
  github: { provider: "github", gaps: { at: HOOK, headers: { authorization: "Bearer $GITHUB_TOKEN" } } },
  stripe: { provider: "stripe", gaps: { headers: { authorization: "Bearer $STRIPE_API_KEY" } } },
};
const relay = (sources: object, more: object = {}) =>
  front(sources, {
    ...SECRETS,
    DESTINATIONS: { crm: { url: "https://crm.example.com/crm" } },
    ROUTES: { all: { from: Object.keys(sources), to: "crm" } },
    ...more,
  });
const HMAC = { header: "X-Signature" };
const ADMIN = { authorization: "Bearer front-admin-token-0123456789abcdef" };
const ago = (minutes: number) => new Date(Date.now() - minutes * 60_000);

interface Shown {
  readonly sources: { readonly name: string; readonly gaps?: Record<string, unknown> }[];
}
const gapsOf = async (one: ReturnType<typeof relay>, name: string) =>
  (await one.api<Shown>("/sources")).sources.find((source) => source.name === name)?.gaps;

const item = (id: number, guid: string, minutes: number, code: number) => ({
  id,
  guid,
  delivered_at: ago(minutes).toISOString(),
  status_code: code,
});
const event = (id: string) => ({ id, object: "event", created: ago(20).getTime() / 1000, type: "invoice.paid" });

/** GitHub: two pages, one delivery on each that was never taken, and one that was. */
function github(asked: string[], change: (url: URL) => Response | null = () => null) {
  receiver.behaviour = ({ url, headers }) => {
    const at = new URL(url);
    if (at.host !== "api.github.com") return new Response("ok");
    asked.push(`${headers.get("authorization")} ${at.pathname}${at.search}`);
    const other = change(at);
    if (other !== null) return other;
    if (at.pathname.endsWith("/attempts")) return Response.json({}, { status: 202 });
    if (at.searchParams.has("cursor")) return Response.json([item(1, "first", 50, 0)]);
    const link = `<${HOOK}/deliveries?per_page=100&cursor=v1_7>; rel="next"`;
    return Response.json([item(3, "third", 10, 502), item(2, "second", 20, 200)], { headers: { link } });
  };
}

test("GitHub sends again what was never taken, page by page and the oldest first; it is audited, and shown", async () => {
  const asked: string[] = [];
  github(asked);
  const one = relay({ github: SOURCES.github });
  await one.minute();
  expect(asked).toEqual([
    "Bearer ghp-token /repos/acme/shop/hooks/1/deliveries?per_page=100",
    "Bearer ghp-token /repos/acme/shop/hooks/1/deliveries?per_page=100&cursor=v1_7",
    "Bearer ghp-token /repos/acme/shop/hooks/1/deliveries/1/attempts",
    "Bearer ghp-token /repos/acme/shop/hooks/1/deliveries/3/attempts",
  ]);
  expect(await rows("SELECT actor, target, detail->>'missed' AS missed FROM audit WHERE action = 'gaps'")).toEqual([
    { actor: "hookline", target: "github", missed: 2 },
  ]);
  expect(await gapsOf(one, "github")).toMatchObject({
    at: HOOK,
    secrets: [{ name: "GITHUB_TOKEN", set: true }],
    fault: null,
    last: { missed: 2, recovered: 2 },
  });
  // Not before it is due again.
  await one.minute();
  expect(asked).toHaveLength(4);
  const page = await (await one.ask("/sources/github", { headers: { authorization: "Bearer nobody" } })).text();
  expect(page).not.toContain("ghp-token");
});

test("Stripe's events are fetched and go their way; what came by itself is no gap, and neither comes twice", async () => {
  const asked: URL[] = [];
  receiver.behaviour = ({ url }) => {
    if (!url.startsWith("https://api.stripe.com/")) return new Response("ok");
    asked.push(new URL(url));
    const last = new URL(url).searchParams.get("starting_after");
    return Response.json({ data: [event(last === null ? "evt_b" : "evt_a")], has_more: last === null });
  };
  const one = relay({ stripe: SOURCES.stripe });
  const came = JSON.stringify(event("evt_a"), null, 2);
  const at = Math.floor(Date.now() / 1000);
  const signature = `t=${at},v1=${await hmac("whsec_s", `${at}.${came}`)}`;
  expect((await one.post("stripe", came, { "stripe-signature": signature })).status).toBe(200);
  await carried();
  await one.minute();
  await carried();
  expect(asked.map(({ pathname, searchParams }) => [pathname, searchParams.get("delivery_success")])).toEqual([
    ["/v1/events", "false"],
    ["/v1/events", "false"],
  ]);
  expect(Number(asked[0]?.searchParams.get("created[gte]"))).toBeGreaterThan(at - 3_700);
  expect(await rows("SELECT verified_by, type FROM events ORDER BY seq")).toEqual([
    { verified_by: "STRIPE_SECRET", type: "invoice.paid" },
    { verified_by: "fetched with STRIPE_API_KEY", type: "invoice.paid" },
  ]);
  expect(receiver.to("crm")).toHaveLength(2);
  expect(await gapsOf(one, "stripe")).toMatchObject({ last: { missed: 1, recovered: 1 } });
});

test("what a list goes on naming is taken once: a look is no repeat of the sender's, and opens nothing that has failed", async () => {
  receiver.behaviour = ({ url }) => {
    if (!url.startsWith("https://api.stripe.com/")) return new Response("no", { status: 410 });
    return Response.json({ data: Array.from({ length: 20 }, (_, n) => event(`evt_${n}`)), has_more: false });
  };
  const one = relay({ stripe: SOURCES.stripe });
  await one.minute();
  await carried();
  const ended = await until(async () => {
    const all = await rows("SELECT state FROM deliveries WHERE ended_at IS NOT NULL");
    return all.length === 20 && all;
  });
  expect(new Set(ended.map(({ state }) => state))).toEqual(new Set(["failed"]));
  await rows("UPDATE deliveries SET reason = 'exhausted'");
  await rows("UPDATE marks SET at = 0 WHERE name = 'gaps:stripe'");
  await one.minute();
  await carried();
  expect(await rows("SELECT DISTINCT state, repeats FROM deliveries")).toEqual([{ state: "failed", repeats: 0 }]);
  expect(await rows("SELECT 1 FROM audit WHERE action = 'repeat'")).toEqual([]);
  expect(await gapsOf(one, "stripe")).toMatchObject({ fault: null, last: { missed: 20, recovered: 20 } });
});

test.each<[string, () => Response, RegExp]>([
  ["401", () => new Response("{}", { status: 401 }), /answered 401: look whether the secret of gaps is right/],
  ["429", () => new Response("{}", { status: 429 }), /429: it is asked again later/],
  ["a redirect", () => new Response(null, { status: 302, headers: { location: "https://evil.example.com/" } }), /302/],
  ["a page for people", () => new Response("<html>"), /no list of deliveries/],
  ["a body without end", () => new Response("x".repeat(5_000_000)), /too much/],
  ["the credential", () => Response.json([{ you: "said ghp-token" }]), /says back the credential/],
])("an API that answers with %s is on record with why, and nothing else is done", async (_, answer, why) => {
  const asked: string[] = [];
  github(asked, answer);
  const one = relay({ github: SOURCES.github });
  await one.minute();
  expect(asked).toHaveLength(1);
  expect(await gapsOf(one, "github")).toMatchObject({ fault: expect.stringMatching(why), last: null });
  expect(await rows("SELECT 1 FROM audit WHERE action = 'gaps'")).toEqual([]);
});

test("a sender that refuses to send again is asked no further in this look, and what was asked for counts", async () => {
  const asked: string[] = [];
  github(asked, ({ pathname }) => (pathname.endsWith("/3/attempts") ? new Response("{}", { status: 422 }) : null));
  const one = relay({ github: SOURCES.github });
  await one.minute();
  expect(await gapsOf(one, "github")).toMatchObject({
    fault: "the sender's API did not send 3 again: 422",
    last: { missed: 2, recovered: 1 },
  });
});

test("what one look has no room for is not passed over: the next one lists it again", async () => {
  const asked: string[] = [];
  const many = Array.from({ length: 30 }, (_, n) => item(100 - n, `guid-${n}`, 10 + n, 502));
  github(asked, ({ pathname }) => (pathname.endsWith("/attempts") ? null : Response.json(many)));
  const one = relay({ github: SOURCES.github });
  await one.minute();
  expect(await gapsOf(one, "github")).toMatchObject({ fault: null, last: { recovered: 25 } });
  const [mark] = await rows<{ value: string }>("SELECT value FROM marks WHERE name = 'gaps:github'");
  expect(JSON.parse(mark?.value ?? "{}").through).toBeLessThan(ago(39).getTime());
});

test("one delivery that is never sent again does not hide what is newer", async () => {
  const asked: string[] = [];
  github(asked, ({ pathname }) => (pathname.endsWith("/1/attempts") ? new Response("{}", { status: 422 }) : null));
  const one = relay({ github: SOURCES.github });
  await one.minute();
  expect(await gapsOf(one, "github")).toMatchObject({
    fault: "the sender's API did not send 1 again: 422",
    last: { missed: 2, recovered: 1 },
  });
});

test("nobody is asked without the secret, or where no source asks", async () => {
  const asked: string[] = [];
  github(asked);
  const unset = relay({ github: SOURCES.github }, { GITHUB_TOKEN: "" });
  await unset.minute();
  expect(await gapsOf(unset, "github")).toMatchObject({ secrets: [{ name: "GITHUB_TOKEN", set: false }] });
  const without = relay({ github: { provider: "github" } });
  await without.minute();
  expect(await gapsOf(without, "github")).toBeUndefined();
  expect(asked).toEqual([]);
});

async function due(): Promise<number> {
  const [mark] = await rows<{ at: number }>("SELECT at FROM marks WHERE name = 'gaps:github'");
  return mark?.at ?? 0;
}

test("an operator has the sender asked now, on record and once; not a moment after a look, and not while one is under way", async () => {
  const asked: string[] = [];
  github(asked);
  const one = relay({ github: SOURCES.github, stripe: SOURCES.stripe, plain: { provider: "hmac", settings: HMAC } });
  const look = async (name: string) => {
    const answer = await one.ask(`/api/sources/${name}/gaps`, { method: "POST", headers: ADMIN });
    return { status: answer.status, ...(await answer.json<{ asked?: boolean; detail?: string }>()) };
  };
  await one.minute();
  const later = await due();
  // The last look was a moment ago.
  expect(await look("github")).toMatchObject({ status: 200, asked: false });
  expect(await due()).toBe(later);
  await rows(
    "UPDATE marks SET value = json_set(value, '$.at', value->>'at' - 200000), at = at - 200000 WHERE name = 'gaps:github'",
  );
  expect(await look("github")).toMatchObject({ status: 200, asked: true });
  expect(await due()).toBeLessThanOrEqual(Date.now());
  expect(await look("github")).toMatchObject({ asked: false });
  expect(await rows("SELECT action, target FROM audit WHERE action = 'gaps.look'")).toEqual([
    { action: "gaps.look", target: "github" },
  ]);
  const before = asked.length;
  await one.minute();
  expect(asked.length).toBeGreaterThan(before);
  // Somebody has taken the look and is at it: its lease stands where the next look would.
  await rows(
    "UPDATE marks SET value = json_set(value, '$.at', value->>'at' - 200000), at = ?1 WHERE name = 'gaps:github'",
    Date.now() + 290_000,
  );
  expect(await look("github")).toMatchObject({ asked: false });
  expect((await look("plain")).detail).toContain("has no gaps");
  expect((await look("nobody")).status).toBe(404);
});
