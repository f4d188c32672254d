// The relay brings D1 to its schema by itself, and wrangler agrees that it is done.
import { applyD1Migrations, reset } from "cloudflare:test";
import { expect, test } from "vitest";
import { openDatabase } from "../../../src/d1/database.ts";
import { migrate, type Migration, migrateOnce } from "../../../src/d1/migrate.ts";
import { countedDatabase } from "../kit/counted.ts";
import { held, inObject } from "../kit/hands.ts";
import { bindings, deliveries, github, rows, setUp } from "../kit/relay.ts";

setUp();

// @ts-expect-error -- made by the test runner; its types would come with all of its bundler's
const files: Record<string, string> = import.meta.glob("../../../src/d1/migrations/*.sql", {
  query: "?raw",
  import: "default",
  eager: true,
});
/** What lies in the folder, in wrangler's order. */
const FILES: Migration[] = Object.entries(files)
  .map(([path, sql]) => ({ name: path.split("/").at(-1) ?? "", sql }))
  .toSorted((one, other) => (one.name < other.name ? -1 : 1));
const NAMES = FILES.map(({ name }) => name);
/** Of the 50 that an invocation has, a step may take these, and whoever asks for steps elsewhere takes the second. */
const MOST_IN_A_STEP = 45;
const MOST_OF_THE_ASKER = 4;

const recorded = async () => (await rows("SELECT name FROM d1_migrations ORDER BY id")).map(({ name }) => name);
const tidy = (sql: unknown) => String(sql).replaceAll(/\s+/g, " ");

/**
 * A table by its columns and constraints, whatever their order: a column that was added later stands at the end.
 * Everything else by its words.
 */
function shapeOf(type: unknown, name: unknown, sql: unknown): string {
  const words = tidy(sql);
  if (type !== "table") return `${String(type)} ${String(name)}: ${words}`;
  const [from, to] = [words.indexOf("("), words.lastIndexOf(")")];
  const inside: string[] = [""];
  let depth = 0;
  for (const letter of words.slice(from + 1, to)) {
    depth += letter === "(" ? 1 : letter === ")" ? -1 : 0;
    if (letter === "," && depth === 0) inside.push("");
    else inside[inside.length - 1] += letter;
  }
  const parts = inside.map((part) => part.trim()).toSorted();
  return `table ${String(name)}: ${parts.join(" | ")} ${words.slice(to + 1).trim()}`;
}

const schema = async () =>
  (
    await rows(
      "SELECT type, name, sql FROM sqlite_master WHERE name NOT LIKE '\\_%' ESCAPE '\\' AND name NOT LIKE 'sqlite%' ORDER BY name",
    )
  )
    .filter(({ name }) => name !== "d1_migrations")
    .map(({ type, name, sql }) => shapeOf(type, name, sql));

/** A second version of some relay: a table, a row, a column. */
const TWO: readonly Migration[] = [
  { name: "0001_a.sql", sql: "CREATE TABLE a (x TEXT);\nINSERT INTO a VALUES ('kept; and kept');\n" },
  { name: "0002_b.sql", sql: "-- a comment;\nALTER TABLE a ADD COLUMN y TEXT;\nUPDATE a SET y = 'new';\n" },
];

test("an empty database gets every migration of the folder, in its order, and a second time nothing", async () => {
  expect(await migrate(bindings.DB)).toEqual(NAMES);
  expect(await recorded()).toEqual(NAMES);
  expect(await migrate(bindings.DB)).toEqual([]);
  expect(await recorded()).toEqual(NAMES);
});

test("a new database has the schema that SQLite itself makes of the files, migration by migration", async () => {
  await migrate(bindings.DB);
  let expected: string[] = [];
  await inObject(async ({ storage }) => {
    for (const { sql } of FILES) storage.sql.exec(sql);
    const made = storage.sql.exec<{ type: string; name: string; sql: string }>(
      "SELECT * FROM sqlite_master ORDER BY name",
    );
    expected = [...made]
      .filter(({ name }) => !/^(_|sqlite)/.test(name) && !["journal", "stuck", "outcomes"].includes(name))
      .map(({ type, name, sql }) => shapeOf(type, name, sql));
    await Promise.resolve();
  });
  expect(await schema()).toEqual(expected);
  expect(expected.length).toBeGreaterThan(30);
});

test.each(NAMES.slice(0, -1).map((name, n) => [name, n + 1] as const))(
  "a database that ends with %s is brought to the schema of a new one",
  async (_, count) => {
    await migrate(bindings.DB);
    const wanted = await schema();
    await reset();
    await migrate(bindings.DB, FILES.slice(0, count));
    expect(await schema()).not.toEqual(wanted);
    expect(await migrate(bindings.DB)).toEqual(NAMES.slice(count));
    expect(await schema()).toEqual(wanted);
  },
);

/** The way to an object that makes steps in invocations of its own, each with a count of its own. */
function elsewhere() {
  const steps: number[] = [];
  const step = async () => {
    const counted = countedDatabase(bindings.DB);
    const { last } = await migrateOnce(counted.database);
    steps.push(counted.statements);
    return last;
  };
  return { steps, step };
}

test("a new database is made elsewhere, in steps that each fit into an invocation, and the first request has its own statements left", async () => {
  const counted = countedDatabase(bindings.DB);
  const { steps, step } = elsewhere();
  const run = openDatabase(counted.database, undefined, step);
  await run(() => Promise.resolve("at work"));
  expect(steps.length).toBeGreaterThan(1);
  expect(Math.max(...steps)).toBeLessThanOrEqual(MOST_IN_A_STEP);
  expect(counted.statements).toBeLessThanOrEqual(MOST_OF_THE_ASKER);
  expect(await recorded()).toEqual(NAMES);
});

/** An object of an older build. */
const refuse = () => Promise.reject(new TypeError("The RPC receiver does not implement the method"));

test("an isolate whose object does not help makes the schema itself", async () => {
  const run = openDatabase(bindings.DB, undefined, refuse);
  expect(await run(() => Promise.resolve("at work"))).toBe("at work");
  expect(await recorded()).toEqual(NAMES);
});

test("a schema that was left half made is completed, and its parts are recorded only until then", async () => {
  await migrate(bindings.DB);
  const wanted = await schema();
  await reset();
  expect(await migrateOnce(bindings.DB)).toEqual({ names: [], last: false });
  expect(await recorded()).toEqual(["schema.sql part 1"]);
  expect(await schema()).not.toEqual(wanted);
  expect(await migrate(bindings.DB)).toEqual(NAMES);
  expect(await schema()).toEqual(wanted);
  expect(await recorded()).toEqual(NAMES);
});

test("of many isolates that make a new schema at once, with and without an object, all find it whole", async () => {
  const { step } = elsewhere();
  const runs = Array.from({ length: 6 }, (_, n) =>
    openDatabase(bindings.DB, undefined, n % 2 === 0 ? step : undefined),
  );
  const seen = await Promise.all(
    runs.map((run) => run(async (db) => await db.prepare("SELECT count(*) AS n FROM alerts").first("n"))),
  );
  expect(seen).toEqual(runs.map(() => 0));
  expect(await recorded()).toEqual(NAMES);
});

test("wrangler finds nothing to apply after us", async () => {
  await migrate(bindings.DB);
  const before = await schema();
  await applyD1Migrations(
    bindings.DB,
    NAMES.map((name) => ({ name, queries: ["CREATE TABLE applied_again (x)"] })),
  );
  expect(await schema()).toEqual(before);
  expect(await recorded()).toEqual(NAMES);
});

const bare = (sql: string) => sql.replaceAll(/["\s]/g, "");

test("we find nothing to apply after wrangler, and the records are the same table", async () => {
  const theirOwn = NAMES.map((name, n) => ({ name, queries: [`CREATE TABLE made_by_wrangler_${n} (x)`] }));
  await applyD1Migrations(bindings.DB, theirOwn);
  const theirs = tidy((await rows("SELECT sql FROM sqlite_master WHERE name = 'd1_migrations'"))[0]?.["sql"]);
  expect(await migrate(bindings.DB)).toEqual([]);
  expect(await rows("SELECT name FROM sqlite_master WHERE name = 'events'")).toEqual([]);
  await rows("DROP TABLE d1_migrations");
  await migrate(bindings.DB);
  const ours = tidy((await rows("SELECT sql FROM sqlite_master WHERE name = 'd1_migrations'"))[0]?.["sql"]);
  expect(bare(ours)).toBe(bare(theirs));
});

test("an older database gets what it lacks and keeps what it has", async () => {
  await applyD1Migrations(bindings.DB, [
    { name: "0001_a.sql", queries: ["CREATE TABLE a (x TEXT)", "INSERT INTO a VALUES ('old')"] },
  ]);
  expect(await migrate(bindings.DB, TWO)).toEqual(["0002_b.sql"]);
  expect(await rows("SELECT x, y FROM a")).toEqual([{ x: "old", y: "new" }]);
  expect(await recorded()).toEqual(["0001_a.sql", "0002_b.sql"]);
});

test("a database that holds somebody else's tables and records keeps them", async () => {
  await applyD1Migrations(bindings.DB, [{ name: "0000_mine.sql", queries: ["CREATE TABLE mine (x)"] }]);
  expect(await migrate(bindings.DB)).toEqual(NAMES);
  expect(await recorded()).toEqual(["0000_mine.sql", ...NAMES]);
});

test("of many isolates that start at once each migration is applied by one", async () => {
  const applied = await Promise.all(Array.from({ length: 8 }, () => migrate(bindings.DB, TWO)));
  expect(applied.flat().toSorted()).toEqual(["0001_a.sql", "0002_b.sql"]);
  expect(await rows("SELECT x, y FROM a")).toEqual([{ x: "kept; and kept", y: "new" }]);
});

test("a migration that fails leaves neither a half of what was missing nor a record, and says so", async () => {
  const broken = { name: "0002_b.sql", sql: "CREATE TABLE half (x);\nCREATE TABLE a (x);\n" };
  await expect(migrate(bindings.DB, [...TWO.slice(0, 1), broken])).rejects.toThrow(/already exists/);
  expect(await recorded()).toEqual([]);
  expect(await schema()).toEqual([]);
  expect(await migrate(bindings.DB, TWO)).toEqual(TWO.map(({ name }) => name));
});

test("a migration and its record are one transaction: without the one there is not the other", async () => {
  const counted = countedDatabase(bindings.DB);
  counted.before = (sql) => {
    if (sql.some((one) => one.startsWith("INSERT INTO d1_migrations"))) throw new Error("D1_ERROR: overloaded");
  };
  await expect(migrate(counted.database, TWO)).rejects.toThrow("overloaded");
  expect(await schema()).toEqual([]);
});

test("a first request that dies while it looks at the schema leaves nobody waiting for it", async () => {
  const counted = countedDatabase(bindings.DB);
  counted.before = () => (counted.calls === 1 ? held<never>().promise : undefined);
  const run = openDatabase(counted.database);
  void run(() => Promise.resolve("never"));
  expect(await run(() => Promise.resolve("at work"))).toBe("at work");
});

test("the schema is looked at once, and again after a look that failed", async () => {
  const counted = countedDatabase(bindings.DB);
  await migrate(bindings.DB);
  let fails = true;
  counted.before = () => {
    if (fails) throw new Error("D1_ERROR: Network connection lost.");
  };
  const run = openDatabase(counted.database);
  await expect(run(() => Promise.resolve(1))).rejects.toThrow("Network connection lost");
  fails = false;
  for (const n of [1, 2, 3]) expect(await run(() => Promise.resolve(n))).toBe(n);
  expect(counted.calls).toBe(2);
});

test("a database that is restored to an older schema under a running isolate is brought up again", async () => {
  const run = openDatabase(bindings.DB);
  const ask = () => run((db) => db.prepare("SELECT repeats FROM deliveries").all());
  await ask();
  await bindings.DB.batch([
    bindings.DB.prepare("ALTER TABLE deliveries DROP COLUMN repeats"),
    bindings.DB.prepare("DELETE FROM d1_migrations WHERE name = '0004_repeats.sql'"),
  ]);
  expect((await ask()).results).toEqual([]);
  expect((await recorded()).map(String).toSorted()).toEqual(NAMES);
});

test("a relay whose database was never prepared prepares it for its first event", async () => {
  expect(await rows("SELECT name FROM sqlite_master WHERE name = 'events'")).toEqual([]);
  expect((await github("{}", "1")).status).toBe(200);
  await deliveries("delivered");
  expect(await recorded()).toHaveLength(NAMES.length);
});
