// After D1 was restored to an earlier time, is everything as docs/backup.md says? A real relay, whose database is put
// back to what it was, as time travel does it.
import { copyFileSync, existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import * as z from "zod";
import { say, startReceiver } from "../kit/receiver.ts";
import { until } from "../kit/until.ts";
import { Relay, relayVars, root, SECRETS, stateFolder } from "../kit/whole-relay.ts";

/** What the page tells to run before a restore, for a restore to this time. */
function written(time: string): string[] {
  const page = readFileSync(join(root, "docs/backup.md"), "utf8");
  const blocks = [...page.matchAll(/```sql\n([^`]+)```/g)].map(([, sql = ""]) => sql);
  return blocks.map((sql) => sql.replaceAll("2026-11-30T04:00:00Z", time));
}

/** The file of D1, among those of the objects. */
function databaseIn(state: string): string {
  const files = readdirSync(state, { recursive: true, encoding: "utf8" });
  const found = files.filter((name) => /^d1\/[^.]+\.sqlite$/.test(name) && !name.includes("metadata"));
  const [file] = found;
  if (found.length !== 1 || file === undefined) throw new Error(`no D1 among ${files.join(", ")}`);
  return join(state, file);
}

const ENDS = ["", "-wal", "-shm"];

/** Of a database that is in use: nobody but workerd may open its files. The copy is one file. */
function copyDatabase(from: string, to: string): void {
  for (const end of ENDS) rmSync(to + end, { force: true });
  for (const end of ["", "-wal"]) if (existsSync(from + end)) copyFileSync(from + end, to + end);
  ask(to, "PRAGMA wal_checkpoint(TRUNCATE)");
}

function ask(file: string, sql: string): Record<string, unknown>[] {
  const db = new DatabaseSync(file);
  try {
    return db.prepare(sql).all();
  } finally {
    db.close();
  }
}

const STATES = "SELECT e.id, d.destination, d.state FROM deliveries d JOIN events e ON e.seq = d.event";

test("after a restore, what was acknowledged later is gone or in the journal as the runbook says, and nothing is sent twice unasked", async () => {
  const [receives, hangs] = [{ later: false }, { steady: false }];
  const receiver = await startReceiver((arrival, response) => {
    if (arrival.destination === "steady" && hangs.steady) return;
    say(arrival.destination === "later" && !receives.later ? 503 : 200, arrival, response);
  });
  const vars = relayVars({
    steady: { url: receiver.address("steady") },
    later: { url: receiver.address("later"), retry: Array.from({ length: 16 }, () => "2s") },
  });
  vars["ROUTES"] = {
    plain: { from: "acme", events: ["test"], to: "steady" },
    late: { from: "acme", events: ["late"], to: "later" },
  };
  const state = await stateFolder();
  const relay = await Relay.start(vars, state);
  const made = await order(relay, "/api/keys", { name: "laptop", role: "viewer", days: null });
  const { key, secret } = z.object({ key: z.object({ id: z.string() }), secret: z.string() }).parse(made);

  const early = await relay.post("early", Buffer.from('{"n":1}'));
  const open = await relay.post("open", Buffer.from('{"n":2}'), "late");
  await relay.carried();
  const file = databaseIn(state);
  const kept = join(await stateFolder(), "then.sqlite");
  await until("a state of the database in which the delivery waits", async () => {
    copyDatabase(file, kept);
    const states = ask(kept, STATES);
    return states.some((one) => one["id"] === open.id && one["state"] === "pending") && states.length === 2
      ? true
      : undefined;
  });
  // A whole second, as on the page: what came before is of an earlier one.
  const then = Math.ceil(Date.now() / 1000) * 1000;
  const time = new Date(then).toISOString();
  await sleep(then - Date.now() + 1);

  // What happens after the time that will be restored.
  receives.later = true;
  await until("the delivery arrived", () => receiver.to("later").some(({ status }) => status === 200) || undefined);
  const gone = await relay.post("gone", Buffer.from('{"n":3}'));
  await order(relay, `/api/keys/${key.id}/revoke`, {});
  expect(await reads(relay, secret)).toBe(401);
  await relay.carried();
  hangs.steady = true;
  const journaled = await relay.post("journaled", Buffer.from('{"n":4}'));
  expect(journaled.status).toBe(200);
  await relay.crash();

  // Step 1: the lists name what goes.
  const [events = "", ended = "", deeds = ""] = written(time);
  expect(ask(file, events).map(({ id }) => id)).toEqual([gone.id]);
  expect(ask(file, ended)).toEqual([{ delivery: `${open.id}:later`, state: "delivered" }]);
  expect(ask(file, deeds)).toMatchObject([{ action: "key.revoke" }]);
  expect(ask(file, "SELECT id FROM events").map(({ id }) => id)).not.toContain(journaled.id);

  // Step 3, and the pause of step 4 before anything rings.
  for (const end of ENDS) rmSync(file + end, { force: true });
  copyFileSync(kept, file);
  const restored = new DatabaseSync(file);
  restored.prepare("INSERT INTO pauses (destination, at, actor) VALUES ('later', ?, 'test')").run(Date.now());
  restored.close();
  hangs.steady = false;
  const heard = receiver.to("later").length;

  const after = await Relay.start(vars, state);
  await until("the journal's event arrived", () => arrived(journaled.id) || undefined);
  await after.carried();
  const status = async (id: string) => (await fetchApi(after, `/api/events/${id}`)).status;
  expect(await Promise.all([early.id, open.id, journaled.id, gone.id].map(status))).toEqual([200, 200, 200, 404]);
  expect(await reads(after, secret)).toBe(200);

  // What was delivered after that time is open again, and is sent again once somebody says so.
  await until("the open delivery is held", async () => {
    const { deliveries } = history.parse(await after.api(`/api/events/${open.id}`));
    return deliveries.every((one) => one.state === "held") || undefined;
  });
  expect(receiver.to("later")).toHaveLength(heard);
  await order(after, "/api/destinations/later/resume", {});
  await until("it is sent again under its id", () => receiver.to("later").length > heard || undefined);
  expect(new Set(receiver.to("later").map(({ event }) => event))).toEqual(new Set([open.id]));

  // Step 6: its sender brings back what is gone, and its receiver knows it by its id.
  const again = await after.post("gone", Buffer.from('{"n":3}'));
  expect(again.id).toBe(gone.id);
  await until("it is there again", async () => ((await status(gone.id)) === 200 ? true : undefined));
  expect(receiver.to("steady").filter(({ event }) => event === gone.id)).toHaveLength(2);

  function arrived(id: string): boolean {
    return receiver.to("steady").some((one) => one.event === id && one.status === 200);
  }
});

const history = z.object({ deliveries: z.array(z.object({ state: z.string() })) });

async function fetchApi(relay: Relay, path: string, key = SECRETS.ADMIN_TOKEN): Promise<Response> {
  return await fetch(relay.url + path, { headers: { authorization: `Bearer ${key}` } });
}

async function reads(relay: Relay, key: string): Promise<number> {
  return (await fetchApi(relay, "/api/destinations", key)).status;
}

async function order(relay: Relay, path: string, body: object): Promise<unknown> {
  const headers = { authorization: `Bearer ${SECRETS.ADMIN_TOKEN}`, "content-type": "application/json" };
  const response = await fetch(relay.url + path, { method: "POST", headers, body: JSON.stringify(body) });
  if (!response.ok) throw new Error(`${path} answers ${response.status}: ${await response.text()}`);
  return await response.json();
}
