// A delivery whose event is sealed waits for its key: it is not sent, no attempt is counted, and with the key it goes on as if nothing had been.
import { afterEach, beforeEach, expect, test } from "vitest";
import { reset } from "cloudflare:test";
import { openVault, PLACES } from "../../../src/bytes/vault.ts";
import { openRecords } from "../../../src/d1/records.ts";
import { deliver } from "../../../src/out/deliver.ts";
import { openDatabase } from "../../../src/d1/database.ts";
import { candidate } from "../kit/hands.ts";
import { bindings, rows } from "../kit/relay.ts";
import { Round } from "../kit/round.ts";

const vault = openVault({ current: new Uint8Array(32).fill(1), old: null, fault: null });
const other = openVault({ current: new Uint8Array(32).fill(2), old: null, fault: null });

let round: Round;
beforeEach(() => void (round = new Round()));
afterEach(reset);

async function sealedEvent(n: number) {
  const { id } = candidate(n);
  const headers = await vault.seal(JSON.stringify({ "content-type": "application/json" }), PLACES.headers(id));
  const body = await vault.seal(`{"n":${n}}`, PLACES.body(id));
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as src/in/keep.ts journals it
  return await round.accept(n, ["first"], { body, headers: headers as unknown as Record<string, string> });
}

const sent = () => round.sent.map(({ body }) => new TextDecoder().decode(body));

test(
  "without its key it waits, uncounted, and those beside it go out",
  { meta: { provokes: ["delivery.locked"] } },
  async () => {
    const bells = [...(await sealedEvent(1)), ...(await round.accept(2))];
    for (const keys of [undefined, other]) {
      const { sending } = await deliver(bells, keys === undefined ? round.deps : { ...round.deps, vault: keys });
      await sending;
      expect(sent()).toHaveLength(1);
      const [waiting] = await rows("SELECT state, attempt, due_at, status FROM deliveries ORDER BY event");
      expect(waiting).toEqual({ state: "pending", attempt: 0, due_at: round.clock + 300_000, status: null });
      expect(round.rung.map(({ attempt, due }) => [attempt, due])).toEqual([[1, round.clock + 300_000]]);
      expect(round.log.lines.filter(({ event }) => event === "delivery.locked")).toHaveLength(1);
      expect(await rows("SELECT * FROM attempts")).toEqual([]);
      round.clock += 300_000;
      round.rung.length = 0;
      round.log.lines.length = 0;
    }
    const { sending } = await deliver(bells, { ...round.deps, vault });
    await sending;
    expect(sent()).toEqual([sent()[0], '{"n":1}']);
    expect(await rows("SELECT state, attempt FROM deliveries ORDER BY event")).toEqual([
      { state: "delivered", attempt: 1 },
      { state: "delivered", attempt: 1 },
    ]);
  },
);

test("what its receiver answers is sealed as well, and opened where it is looked at", async () => {
  const bells = await sealedEvent(1);
  round.onSend = () => ({ status: 503, fault: null, latencyMs: 1, excerpt: 'no: {"n":1}', retryAfter: null });
  const { sending } = await deliver(bells, { ...round.deps, vault });
  await sending;
  const kept = await rows<{ excerpt: string }>("SELECT excerpt FROM deliveries UNION ALL SELECT excerpt FROM attempts");
  expect(kept.map(({ excerpt }) => excerpt.slice(0, 3))).toEqual(["v1.", "v1."]);
  const run = openDatabase(bindings.DB);
  const { deliveries, attempts } = await openRecords(run, vault).story(1);
  expect([deliveries[0]?.excerpt, attempts[0]?.excerpt]).toEqual(['no: {"n":1}', 'no: {"n":1}']);
  const closed = await openRecords(run, other).story(1);
  expect(closed.deliveries[0]?.excerpt).toMatch(
    /^\(it is sealed under the key [0-9a-f]{8}, which this relay does not have/,
  );
});
