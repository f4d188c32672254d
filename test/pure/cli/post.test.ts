// The command that sends an event of one's own: what it asks the relay for, and what it tells.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { FakeRelay } from "../../kit/fake-relay.ts";

const ID = `evt_${"a".repeat(32)}`;
const relay = new FakeRelay(() => ({ id: ID, status: "accepted" }));
const folder = mkdtempSync(join(tmpdir(), "hookline-post-"));
afterAll(() => rmSync(folder, { recursive: true }));
const file = join(folder, "data.json");
writeFileSync(file, '{ "amount": 7 }');

test("an event goes to the API, with what was said of it alone, and its id is told", async () => {
  const { code, out, err } = await relay.run(`post invoice.paid --data @${file} --source app --id inv_7 --once monday`);
  expect([code, out, err]).toEqual([0, `${ID}  accepted`, `see: hookline event ${ID}`]);
  expect(relay.asked.map(({ method, url }) => `${method} ${url.pathname}${url.search}`)).toEqual([
    "POST /api/events?source=app",
  ]);
  expect(JSON.parse(relay.asked[0]?.body ?? "")).toEqual({ type: "invoice.paid", data: { amount: 7 }, id: "inv_7" });
  const plain = await relay.run("post invoice.paid --data 7 --json");
  expect(JSON.parse(plain.out)).toEqual({ id: ID, status: "accepted" });
  expect(JSON.parse(relay.asked.at(-1)?.body ?? "")).toEqual({ type: "invoice.paid", data: 7 });
});

test.for([
  ["post invoice.paid", 2, "--data JSON"],
  ["post --data 1", 2, "missing required argument"],
  ["post a --data {", 1, "the data cannot be read: Expected property name"],
  [`post a --data @${file}-none`, 1, "the data cannot be read: ENOENT"],
] as const)("%s asks nothing and says why: exit code %d", async ([line, code, why]) => {
  const ran = await relay.run(line);
  expect([ran.code, ran.err]).toEqual([code, expect.stringContaining(why)]);
  expect(relay.asked).toEqual([]);
});
