// docs/bodies.md says what the relay does: the binding has its name, and the SQL counts pieces that are objects.
import { readFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { resolve } from "node:path";
import { expect, test } from "vitest";

const read = (path: string) => readFileSync(resolve(import.meta.dirname, "../../..", path), "utf8");
const page = read("docs/bodies.md");
const keyOf = (receipt: string, n: number | string) => `bodies/${receipt}/${n}`;
const database = () => {
  const db = new DatabaseSync(":memory:");
  db.exec(read("src/d1/schema.sql"));
  const insert = db.prepare("INSERT INTO event_parts (receipt, n, event, data) VALUES (?, ?, 'evt_1', ?)");
  for (const [n, data] of ["a piece", "", ""].entries()) insert.run("r", n, data);
  return db;
};

test("the binding and the bucket of the example are those of the text and of the source", () => {
  const name = /binding = "(\w+)"/.exec(page)?.[1];
  expect(read("src/index.ts")).toContain(`env["${name}"]`);
  expect(page).toContain(`r2 bucket create ${/bucket_name = "([\w-]+)"/.exec(page)?.[1]}`);
  expect(page).toContain(`\`${keyOf("<receipt>", "<n>")}\``);
});

test("its SQL counts what is in the bucket", () => {
  const sql = /```sql\n([^]*?)```/.exec(page)?.[1] ?? "";
  expect(database().prepare(sql).get()).toEqual({ pieces: 2 });
});

test("whatever deletes a row leaves the key of its object, and nothing of a piece that was in the row", () => {
  const db = database();
  db.exec("DELETE FROM event_parts");
  expect(db.prepare("SELECT name, value FROM marks ORDER BY name").all()).toEqual(
    [1, 2].map((n) => ({ name: keyOf("r", n), value: "evt_1" })),
  );
});
