// The commands about routes: why one does not take an event, and what went nowhere, routed to its end.
import { writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { FakeRelay } from "../../kit/fake-relay.ts";
import { tried } from "../../kit/fixture-records.ts";

const EVENT = `evt_${"a".repeat(32)}`;
const relay = new FakeRelay(({ url, body }) => {
  if (url.pathname.endsWith("/routes")) return tried(EVENT);
  if (url.pathname.endsWith("/try")) return { ...tried(null), routes: [] };
  if (url.pathname.endsWith("/apply")) {
    const first = body.includes('"cursor":null');
    return {
      looked: first ? 25 : 3,
      routed: first ? 20 : 2,
      deliveries: 22,
      undecided: 1,
      next: first ? "more" : null,
    };
  }
  return {
    routed: 1,
    deliveries: [{ id: `${EVENT}:ci`, created: true, state: "pending" }],
    undecided: [{ route: "big", error: "No such key: size" }],
  };
});

test("why not: a line for each route, with the values that its condition read", async () => {
  const { code, out } = await relay.run(`routes --try ${EVENT}`);
  expect(code).toBe(0);
  expect(out).toContain("it takes from github, and this is of stripe");
  expect(out).toContain("body.livemode && body.data.object.amount >= 100000 is false: body.livemode is false");
  expect(out).toContain("body.data is missing");
  expect(out).toContain("where payments leads too, the delivery is its");
  expect(out).toContain("it is turned off: enabled = false");
  expect(JSON.parse((await relay.run(`routes --try ${EVENT} --json`)).out)).toEqual(tried(EVENT));
});

test("a body out of a file is asked about, and takes the name of its source", async () => {
  const file = join(tmpdir(), `hookline-tried-${process.pid}.json`);
  writeFileSync(file, '{"size":3}');
  expect((await relay.run(`routes --try ${file}`)).code).toBe(2);
  const { code, err } = await relay.run(`routes --try ${file} --source github --type push`);
  expect({ code, err }).toEqual({ code: 0, err: "no route takes it: it is unrouted" });
  expect(JSON.parse(relay.asked.at(-1)?.body ?? "")).toEqual({ source: "github", type: "push", body: '{"size":3}' });
  expect((await relay.run("routes --try nowhere.json --source github")).code).toBe(1);
});

test("an event is routed, and what still cannot decide is named", async () => {
  const { code, out, err } = await relay.run(`route ${EVENT}`);
  expect(code).toBe(0);
  expect(out).toContain(`${EVENT}:ci`);
  expect(err).toContain("big cannot decide: No such key: size");
});

test("all that went nowhere are routed step by step to the last, with the filter in each", async () => {
  const { code, out } = await relay.run("route --unrouted --source github");
  expect({ code, out }).toEqual({
    code: 0,
    out: "28 events looked at: 22 routed, 44 deliveries opened, 2 undecided",
  });
  const filter = { routing: "unrouted", source: "github" };
  expect(relay.asked.map(({ body }) => JSON.parse(body) as unknown)).toEqual([
    { filter, cursor: null },
    { filter, cursor: "more" },
  ]);
});

test.each(["route", `route ${EVENT} --unrouted`, "route --unrouted --undecided"])(
  "%s is not understood",
  async (line) => {
    expect((await relay.run(line)).code).toBe(2);
    expect(relay.asked).toEqual([]);
  },
);

test.each([
  ["--unrouted", "unrouted"],
  ["--undecided", "undecided"],
])("events %s asks for them", async (option, routing) => {
  await relay.run(`events ${option}`).catch(() => {});
  expect(relay.asked[0]?.url.searchParams.get("routing")).toBe(routing);
});
