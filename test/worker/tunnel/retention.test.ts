// What is held for a tunnel ends with the retention of its source, whatever else is held, and whatever had held it before.
import { expect, test } from "vitest";
import type { Keeping } from "../../../src/contract/retention.ts";
import { openTunnelTable } from "../../../src/d1/tunnels.ts";
import { fill } from "../kit/fill.ts";
import { bindings, rows, setUp } from "../kit/relay.ts";

setUp();

const DAY = 24 * 60 * 60_000;
const NOW = 1_800_000_000_000;
const KEEPINGS: readonly Keeping[] = [
  { of: "events", ms: 30 * DAY, sources: ["brief"], except: true },
  { of: "events", ms: DAY, sources: ["brief"], except: false },
  { of: "bodies", ms: 60_000, sources: [], except: true },
];

/** So many deliveries of a tunnel, all held and two days old. */
async function held(count: number): Promise<void> {
  await fill(count);
  await rows("UPDATE deliveries SET destination = 'desk', state = 'held', waits = 'tunnel', look_at = NULL");
  await rows("UPDATE events SET received_at = ?1, source = 'long'", NOW - 2 * DAY);
}

const ended = async () =>
  await rows("SELECT e.source, d.reason FROM deliveries d JOIN events e ON e.seq = d.event WHERE d.state = 'failed'");

/** As an isolate does that has just begun: it remembers no other look. */
async function look(): Promise<void> {
  const tunnels = openTunnelTable(async (work) => await work(bindings.DB));
  await tunnels.expire(await tunnels.held(["desk"]), KEEPINGS, NOW);
}

const marks = async () => await rows("SELECT value FROM marks WHERE name = 'expiry:tunnel:desk'");

test("what is kept shortly does not wait behind what is kept long", async () => {
  await held(120);
  await rows("UPDATE events SET source = 'brief' WHERE seq = (SELECT max(seq) FROM events)");
  await look();
  expect(await ended()).toEqual([]);
  await look();
  await look();
  expect(await ended()).toEqual([{ source: "brief", reason: "expired" }]);
  // From its end it begins anew.
  await rows("UPDATE events SET source = 'brief' WHERE seq = (SELECT min(seq) FROM events)");
  await look();
  await look();
  expect((await ended()).length).toBe(2);
});

test("what a pause had held that is over ends too, and what a pause holds does not", async () => {
  await held(1);
  await rows("UPDATE events SET source = 'brief'");
  await rows("UPDATE deliveries SET waits = 'pause'");
  await rows("INSERT INTO pauses (destination, at, actor) VALUES ('desk', 1, 'me')");
  await look();
  expect(await ended()).toEqual([]);
  await rows("DELETE FROM pauses");
  await look();
  await look();
  expect((await ended()).length).toBe(1);
  // One look sees all of it, and no place is written.
  expect(await marks()).toEqual([]);
});
