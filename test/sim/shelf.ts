// Databases that go from world to world: making a schema takes longer than most worlds do.
import type { Kept } from "./intakes.ts";
import { Platform } from "./platform.ts";
import { Scheduler } from "./scheduler.ts";
import { CANARY, type Vars } from "./settings.ts";
import type { Worker } from "./worker.ts";

/** Databases with the schema, once for each shelf: the relay's own migration brings it, in a world of its own. */
export async function migrated(vars: Vars, worker: Worker): Promise<Kept> {
  const scheduler = new Scheduler(0, false);
  const platform = new Platform(scheduler, worker, vars, null);
  scheduler.after(0, () => {
    platform.post("schema", askForEvents, () => {}).catch(() => {});
  });
  await scheduler.run(1000);
  for (const isolate of platform.isolates) isolate.kill();
  return keptOf(platform);
}

const askForEvents = () =>
  new Request("https://relay.example.com/api/events", {
    headers: { authorization: `Bearer ${CANARY}-admin-token-0123456789abcdef` },
  });

/** What a world leaves behind. */
export function keptOf({ d1, intakes, feed }: Platform): Kept {
  return { d1: d1.database, intakes: intakes.databases, feed: feed.storage.database };
}

/** The same databases without a row. */
export function emptied(kept: Kept): Kept {
  for (const db of [kept.d1, ...kept.intakes.values(), kept.feed]) {
    // What the relay must not do, such as shorten its audit, a new world may.
    const guards = db.prepare("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").all();
    for (const { name } of guards) db.exec(`DROP TRIGGER ${String(name)}`);
    for (const row of db.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").all()) {
      const name = String(row["name"]);
      if (name !== "d1_migrations") db.exec(`DELETE FROM ${name}`);
    }
    for (const { sql } of guards) db.exec(String(sql));
  }
  return kept;
}
