// The command that sends an edited body: what it asks the relay for, byte for byte, and what it tells.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { FakeRelay } from "../../kit/fake-relay.ts";

const OLD = `evt_${"a".repeat(32)}`;
const NEW = `evt_${"b".repeat(32)}`;
const answer = { event: NEW, delivery: `${NEW}:crm`, edited_from: OLD, size: 4 };
const relay = new FakeRelay(() => answer);

const folder = mkdtempSync(join(tmpdir(), "hookline-edit-"));
afterAll(() => rmSync(folder, { recursive: true }));
const file = join(folder, "body");
writeFileSync(file, Uint8Array.of(0, 255, 13, 10));

test("the bytes of the file go to the relay as they are, and the new event is told", async () => {
  const { code, out, err } = await relay.run(`edit ${OLD} --to crm --body ${file} --once monday`);
  expect(code).toBe(0);
  expect(relay.asked.map(({ method, url }) => `${method} ${url.pathname}`)).toEqual([`POST /api/events/${OLD}/edit`]);
  expect(relay.asked.map(({ body }) => JSON.parse(body))).toEqual([
    { destination: "crm", body: "AP8NCg==", encoding: "base64", content_type: null },
  ]);
  expect(out).toMatch(new RegExp(`${NEW} +${NEW}:crm +${OLD} +4`));
  expect(err).toBe(`see: hookline event ${NEW}`);
});

test("--json prints the answer alone, and --content-type goes along", async () => {
  const { code, out, err } = await relay.run(`edit ${OLD} --to crm --body ${file} --content-type text/plain --json`);
  expect({ code, out: JSON.parse(out), err }).toEqual({ code: 0, out: answer, err: "" });
  expect(JSON.parse(relay.asked[0]?.body ?? "")).toMatchObject({ content_type: "text/plain" });
});

test.for([
  [`edit ${OLD} --to crm`, 2, "--body FILE"],
  [`edit ${OLD} --body ${file}`, 2, "--to DESTINATION"],
  ["edit --to crm --body -", 2, "missing required argument"],
  [`edit ${OLD} --to crm --body ${file}-none`, 1, "the body cannot be read: ENOENT"],
] as const)("%s asks nothing and says why: exit code %d", async ([line, code, why]) => {
  const ran = await relay.run(line);
  expect(ran.code).toBe(code);
  expect(ran.err).toContain(why);
  expect(relay.asked).toEqual([]);
});

test("--help says what becomes of the event", async () => {
  const { code, out } = await relay.run("edit --help");
  expect(code).toBe(0);
  expect(out).toContain("Usage: hookline edit EVENT --to DESTINATION --body FILE|-");
  expect(out).toContain("EVENT does not change");
});
