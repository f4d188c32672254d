// Brings D1 to the schema of this build on first need, in wrangler's own table, so that wrangler itself agrees.
import relay from "./migrations/0001_relay.sql";
import refusals from "./migrations/0002_refusals.sql";
import operator from "./migrations/0003_operator.sql";
import repeats from "./migrations/0004_repeats.sql";
import unrouted from "./migrations/0005_unrouted.sql";
import breakers from "./migrations/0006_breakers.sql";
import stories from "./migrations/0007_stories.sql";
import order from "./migrations/0008_order.sql";
import transforms from "./migrations/0009_transforms.sql";
import alerts from "./migrations/0010_alerts.sql";
import replies from "./migrations/0011_replies.sql";
import listeners from "./migrations/0012_listeners.sql";
import retention from "./migrations/0013_retention.sql";
import mutes from "./migrations/0014_mutes.sql";
import segments from "./migrations/0015_segments.sql";
import erasures from "./migrations/0016_erasures.sql";
import bodies from "./migrations/0017_bodies.sql";
import schema from "./schema.sql";

export interface Migration {
  /** Its file's name, as wrangler records it. */
  readonly name: string;
  readonly sql: string;
}

/** Oldest first. A migration that was once released is never edited. */
const MIGRATIONS: readonly Migration[] = [
  { name: "0001_relay.sql", sql: relay },
  { name: "0002_refusals.sql", sql: refusals },
  { name: "0003_operator.sql", sql: operator },
  { name: "0004_repeats.sql", sql: repeats },
  { name: "0005_unrouted.sql", sql: unrouted },
  { name: "0006_breakers.sql", sql: breakers },
  { name: "0007_stories.sql", sql: stories },
  { name: "0008_order.sql", sql: order },
  { name: "0009_transforms.sql", sql: transforms },
  { name: "0010_alerts.sql", sql: alerts },
  { name: "0011_replies.sql", sql: replies },
  { name: "0012_listeners.sql", sql: listeners },
  { name: "0013_retention.sql", sql: retention },
  { name: "0014_mutes.sql", sql: mutes },
  { name: "0015_segments.sql", sql: segments },
  { name: "0016_erasures.sql", sql: erasures },
  { name: "0017_bodies.sql", sql: bodies },
];

// Word for word what wrangler creates: https://developers.cloudflare.com/d1/reference/migrations/
const TABLE = `CREATE TABLE IF NOT EXISTS d1_migrations(
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT UNIQUE,
  applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL
)`;

const RECORD = "INSERT INTO d1_migrations (name) SELECT value FROM json_each(?1)";

/**
 * Statements in one transaction of a new schema: an invocation of the free plan has 50, and each part may need two to
 * look, one to record itself and one to remove the records of the parts before it.
 */
const IN_ONE_PART = 40;
/** Under this name and its number each part but the last is recorded until the last is made. */
const PART = "schema.sql part ";
const FORGET_PARTS = `DELETE FROM d1_migrations WHERE name LIKE '${PART}%'`;

/** Makes one step of what is missing in an invocation of its own, and says whether that was the last. */
export type Elsewhere = () => Promise<boolean>;

/** More steps than any database needs: whoever is asked and never says that it was the last is not asked for ever. */
const MOST_STEPS = 10;

/**
 * Applies what is missing. What a step applies and its record are one transaction, so two isolates that start at the
 * same time cannot apply it twice: the second violates UNIQUE(name), looks again, and finds it done. An older database
 * needs one step, a new one a step for each part of the schema that all migrations come to (docs/adr/0043 and 0045).
 *
 * @param whole the schema that `migrations` come to; only together with all of them
 * @returns the names of the migrations that were applied by this call
 * @throws D1's own error if a step fails and nobody else has made it
 */
export async function migrate(db: D1Database, migrations = MIGRATIONS, whole = wholeOf(migrations)): Promise<string[]> {
  const names: string[] = [];
  for (let last = false; !last;) {
    const step = await migrateOnce(db, migrations, whole);
    names.push(...step.names);
    last = step.last;
  }
  return names;
}

/**
 * The same where each step should have an invocation of its own, because the one that asks has other work to do with
 * its 50 statements. What cannot be done elsewhere is done here.
 */
export async function migrateElsewhere(db: D1Database, elsewhere: Elsewhere): Promise<void> {
  if (missingIn(await recorded(db), MIGRATIONS).length === 0) return;
  try {
    for (let step = 0; step < MOST_STEPS; step += 1) if (await elsewhere()) break;
  } catch {
    // The object that was asked is of an older build, or unavailable. Its own log says why.
  }
  await migrate(db);
}

/** One step of `migrate`. */
export async function migrateOnce(
  db: D1Database,
  migrations = MIGRATIONS,
  whole = wholeOf(migrations),
): Promise<{ readonly names: readonly string[]; readonly last: boolean }> {
  const done = await recorded(db);
  const missing = missingIn(done, migrations);
  if (missing.length === 0) return { names: [], last: true };
  const parts =
    missing.length === migrations.length && whole !== null ? partsOf(whole) : [missing.flatMap(statementsOf)];
  const made = [...done].filter((name) => name.startsWith(PART)).length;
  const last = made >= parts.length - 1;
  const names = last ? missing.map(({ name }) => name) : [];
  try {
    const record = JSON.stringify(last ? names : [`${PART}${made + 1}`]);
    const wanted = (parts[made] ?? []).map((statement) => db.prepare(statement));
    const forget = made > 0 ? [db.prepare(FORGET_PARTS)] : [];
    await db.batch([db.prepare(RECORD).bind(record), ...wanted, ...(last ? forget : [])]);
    return { names, last };
  } catch (error) {
    const now = await recorded(db);
    if (now.size === done.size && [...now].every((name) => done.has(name))) throw error;
    return { names: [], last: false };
  }
}

const wholeOf = (migrations: readonly Migration[]) => (migrations === MIGRATIONS ? schema : null);
const missingIn = (done: ReadonlySet<string>, migrations: readonly Migration[]) =>
  migrations.filter(({ name }) => !done.has(name));
const statementsOf = ({ sql }: Migration) => statements(sql);

/** A schema in transactions of at most `IN_ONE_PART` statements. */
function partsOf(sql: string): string[][] {
  const all = statements(sql);
  const count = Math.ceil(all.length / IN_ONE_PART);
  return Array.from({ length: count }, (_, n) => all.slice(n * IN_ONE_PART, (n + 1) * IN_ONE_PART));
}

async function recorded(db: D1Database): Promise<Set<string>> {
  try {
    const { results } = await db.prepare("SELECT name FROM d1_migrations").all<{ name: string }>();
    return new Set(results.map((row) => row.name));
  } catch (error) {
    if (!String(error).includes("no such table")) throw error;
    await db.prepare(TABLE).run();
    return new Set();
  }
}

/** Statements end with a semicolon at the end of a line; comments are whole lines. The migrations' test holds both. */
function statements(sql: string): string[] {
  return sql
    .split("\n")
    .filter((line) => !line.trimStart().startsWith("--"))
    .join("\n")
    .split(/;\s*(?:\n|$)/)
    .map((statement) => statement.trim())
    .filter((statement) => statement !== "");
}
