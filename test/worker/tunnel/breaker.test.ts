// A tunnel's breaker asks with a delivery that somebody wants, and what waits for a listener is not the breaker's to end.
import { expect, test } from "vitest";
import { openBreakers } from "../../../src/d1/breakers.ts";
import { fill } from "../kit/fill.ts";
import { bindings, rows, setUp } from "../kit/relay.ts";

setUp();

const ARMED = { destination: "desk", failures: 10, overMs: 30_000, spanMs: 60_000 };

async function opened(...waits: readonly string[]) {
  await fill(waits.length);
  await rows(
    "UPDATE deliveries SET destination = 'desk', state = 'held', waits = 'breaker', look_at = NULL, round = 0",
  );
  for (const [n, why] of waits.entries()) await rows("UPDATE deliveries SET waits = ?1 WHERE event = ?2", why, n + 1);
  await rows("INSERT INTO breakers (destination, failures, since, last_at, opened_at) VALUES ('desk', 10, 1, 2, 3)");
  return openBreakers(async (work) => await work(bindings.DB));
}

test("what no listener wants is no probe: the first one that somebody wants is, and where there is none, none", async () => {
  const breakers = await opened("filter", "breaker", "breaker");
  const { bells } = await breakers.tend([ARMED], Date.now());
  expect(bells.length).toBe(1);
  expect(await rows("SELECT event FROM deliveries WHERE state = 'pending'")).toEqual([{ event: 2 }]);
  await rows("UPDATE deliveries SET state = 'held', waits = 'filter'");
  expect((await breakers.tend([ARMED], Date.now())).bells).toEqual([]);
  expect(await rows("SELECT probe FROM breakers")).toEqual([{ probe: null }]);
});

test("at a breaker that stays open only what waits for it ends with its schedule", async () => {
  const breakers = await opened("tunnel", "filter", "breaker");
  const { expired } = await breakers.sweep([ARMED], ["desk"], Date.now());
  expect(expired.length).toBe(1);
  expect(await rows("SELECT waits FROM deliveries WHERE state = 'held' ORDER BY event")).toEqual([
    { waits: "tunnel" },
    { waits: "filter" },
  ]);
});
