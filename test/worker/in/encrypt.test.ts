// Sources with `encrypt = true`: what is kept is sealed, costs as many rows, and is never kept unsealed for want of a key.
import { expect, test } from "vitest";
import { front } from "../kit/front.ts";
import { carried, hmac, rows, setUp } from "../kit/relay.ts";

setUp();

const KEY = btoa("k".repeat(32));
const NEXT = btoa("n".repeat(32));
const settings = { header: "X-Signature", id: "{header:X-Id}", type: "{header:X-Type}" };
const deployed = (vars: object, encrypt = true) =>
  front({ acme: { provider: "hmac", settings, encrypt, max_body: "25MiB" } }, { ACME_SECRET: "acme-secret", ...vars });

async function sent(relay: ReturnType<typeof front>, id: string, body = '{"card":"4242"}') {
  const headers = { "x-signature": await hmac("acme-secret", body), "x-id": id, "x-type": "card" };
  return await relay.post("acme", body, headers);
}

interface Shown {
  readonly headers: Record<string, string>;
  readonly body: string;
}

test("without a key nothing is accepted, and the operator reads what to do", async () => {
  for (const vars of [{}, { ENCRYPTION_KEY: "too short" }, { ENCRYPTION_KEY_OLD: KEY }]) {
    const relay = deployed(vars);
    const answer = await sent(relay, "1");
    expect([answer.status, answer.headers.get("retry-after")]).toEqual([503, "300"]);
    expect(await answer.json()).toEqual({ type: "about:blank", title: "Service Unavailable", status: 503 });
    const { refusals } = await relay.api<{ refusals: { advice: string }[] }>("/sources/acme/refusals");
    expect(refusals[0]?.advice).toMatch(
      /^This source encrypts or redacts, and ENCRYPTION_KEY is not .*: nothing is accepted until it is put with npx wrangler secret put ENCRYPTION_KEY\.$/,
    );
  }
  expect(await rows("SELECT * FROM events")).toEqual([]);
  expect((await sent(deployed({ ENCRYPTION_KEY: KEY }), "1")).status).toBe(200);
});

test("headers and body are sealed, small and large; type, ids and routing are not", async () => {
  const relay = deployed({ ENCRYPTION_KEY: KEY });
  const large = JSON.stringify({ card: "4242".repeat(100_000), after: "é".repeat(400_000) });
  const answers = [await sent(relay, "1"), await sent(relay, "2", large), await sent(relay, "3", "")];
  await carried();
  const kept = await rows<{ id: string; type: string; headers: string; body: string | null; parts: number }>(
    "SELECT id, type, headers, body, parts FROM events ORDER BY seq",
  );
  expect(kept.map(({ type, headers, body, parts }) => [type, headers.slice(0, 3), body?.slice(0, 3), parts])).toEqual([
    ["card", "v1.", "v1.", 0],
    ["card", "v1.", undefined, 2],
    ["card", "v1.", "v1.", 0],
  ]);
  const parts = await rows<{ data: string }>("SELECT data FROM event_parts");
  expect(parts.map(({ data }) => data.slice(0, 3))).toEqual(["v1.", "v1."]);
  expect(Math.max(...parts.map(({ data }) => data.length))).toBeLessThan(1_000_100);
  const bodies = await Promise.all(kept.map(async ({ id }) => (await relay.api<Shown>(`/events/${id}`)).body));
  expect([bodies[0], bodies[2]]).toEqual(['{"card":"4242"}', ""]);
  const whole = await relay.ask(`/api/events/${kept[1]?.id}/body`, {
    headers: { authorization: "Bearer front-admin-token-0123456789abcdef" },
  });
  expect(await whole.text()).toBe(large);
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
});

test(
  "a value that is moved to another event or column opens no more",
  { meta: { provokes: ["http.failed"] } },
  async () => {
    const relay = deployed({ ENCRYPTION_KEY: KEY });
    await sent(relay, "1");
    await sent(relay, "2", '{"card":"5555"}');
    await carried();
    const [one, two] = await rows<{ id: string; body: string; headers: string }>(
      "SELECT id, body, headers FROM events",
    );
    const closed = async () =>
      await relay.api(`/events/${one?.id}`).then(
        () => "open",
        (error: unknown) => String(error),
      );
    for (const [column, value] of [
      ["body", two?.body],
      ["headers", two?.headers],
      ["body", one?.headers],
    ])
      expect(
        await rows(`UPDATE events SET ${column} = ? WHERE id = ? RETURNING 1 AS one`, value, one?.id),
      ).toHaveLength(1);
    expect(await closed()).toContain("503");
    await rows("UPDATE events SET body = ?, headers = ? WHERE id = ?", one?.body, one?.headers, one?.id);
    expect(await closed()).toBe("open");
  },
);

test("/health counts what is still under the old key, so that it can go", async () => {
  const relay = deployed({ ENCRYPTION_KEY: KEY });
  await sent(relay, "1");
  await sent(relay, "2");
  await carried();
  interface Health {
    readonly encryption?: { key: string | null; old?: { key: string; values?: number; complete?: boolean } };
  }
  const health = async (of: typeof relay) =>
    await (
      await of.ask("/health", { headers: { authorization: "Bearer front-admin-token-0123456789abcdef" } })
    ).json<Health>();
  const { encryption } = await health(relay);
  expect(encryption).toEqual({ key: expect.stringMatching(/^[0-9a-f]{8}$/) });
  const rotated = deployed({ ENCRYPTION_KEY: NEXT, ENCRYPTION_KEY_OLD: KEY });
  await sent(rotated, "3");
  await carried();
  expect((await health(rotated)).encryption?.old).toEqual({ key: encryption?.key, values: 2, complete: true });
  await rows("DELETE FROM events WHERE substr(headers, 4, 8) = ?", encryption?.key);
  const later = deployed({ ENCRYPTION_KEY: NEXT, ENCRYPTION_KEY_OLD: KEY });
  expect((await health(later)).encryption?.old).toMatchObject({ values: 0, complete: true });
  expect(await health(deployed({}, false))).not.toHaveProperty("encryption");
});

test("a source that encrypts later leaves what it has as it is, and both are read", async () => {
  await sent(deployed({}, false), "before");
  const relay = deployed({ ENCRYPTION_KEY: KEY });
  await sent(relay, "after");
  await carried();
  const kept = await rows<{ id: string; sealed: number }>(
    "SELECT id, substr(headers, 1, 3) = 'v1.' AS sealed FROM events ORDER BY seq",
  );
  expect(kept.map(({ sealed }) => sealed)).toEqual([0, 1]);
  for (const { id } of kept) expect((await relay.api<Shown>(`/events/${id}`)).body).toBe('{"card":"4242"}');
  const found = await relay.api<{ events: { id: string }[]; sealed_skipped?: number }>("/events?text=4242");
  expect(found).toMatchObject({ events: [{ id: kept[0]?.id }], sealed_skipped: 1 });
});

test("a repeat is known as one, though every sealing is another", async () => {
  const relay = deployed({ ENCRYPTION_KEY: KEY });
  const [first, second] = [await sent(relay, "1"), await sent(relay, "1")];
  const answers = [await first.json<{ id: string }>(), await second.json<{ id: string; status: string }>()];
  expect(answers[1]).toEqual({ id: answers[0]?.id, status: "duplicate" });
  await carried();
  expect(await rows("SELECT count(*) AS n FROM events")).toEqual([{ n: 1 }]);
});
