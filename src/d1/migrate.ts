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
];

// Word for word what wrangler creates: https://developers.cloudflare.com/d1/reference/migrations/
const TABLE = `CREATE TABLE IF NOT EXISTS d1_migrations(
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT UNIQUE,
  applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL
)`;

const RECORD = "INSERT INTO d1_migrations (name) SELECT value FROM json_each(?1)";

/**
 * Applies what is missing. All of it and its records are one transaction, so two isolates that start at the same time
 * cannot apply a migration twice: the second violates UNIQUE(name), looks again, and finds it done. Where nothing was
 * applied yet, the schema that all of them come to is made at once: an invocation of the free plan has 50 statements,
 * and the first of a new database may bring the largest body.
 *
 * @param whole the schema that `migrations` come to; only together with all of them
 * @returns the names that were applied by this call
 * @throws D1's own error if a migration fails and nobody else has applied it
 */
export async function migrate(db: D1Database, migrations = MIGRATIONS, whole = wholeOf(migrations)): Promise<string[]> {
  const done = await applied(db);
  const missing = migrations.filter(({ name }) => !done.has(name));
  if (missing.length === 0) return [];
  const names = missing.map(({ name }) => name);
  const wanted = missing.length === migrations.length && whole !== null ? [whole] : missing.map(({ sql }) => sql);
  try {
    const all = wanted.flatMap((sql) => statements(sql)).map((statement) => db.prepare(statement));
    await db.batch([db.prepare(RECORD).bind(JSON.stringify(names)), ...all]);
    return names;
  } catch (error) {
    const now = await applied(db);
    if (!names.some((name) => now.has(name))) throw error;
    return await migrate(db, missing, null);
  }
}

const wholeOf = (migrations: readonly Migration[]) => (migrations === MIGRATIONS ? schema : null);

async function applied(db: D1Database): Promise<Set<string>> {
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
