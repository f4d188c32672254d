// The command that tries transforms: over one event, over the last ones of a source, and what it refuses to guess.
import { expect, test } from "vitest";
import { FakeRelay } from "../../kit/fake-relay.ts";

const tried = {
  route: "chat",
  version: null,
  when: null,
  wanted: null,
  undecided: null,
  reads: [],
  transform: "body.name",
  after: '{"text":"Ada"}',
  content_type: "application/json",
  error: null,
};
const one = { event: "evt_1", source: "acme", type: "ping", before: '{"name":"Ada"}', tried: [tried] };
const of = { received_at: "2026-03-01T12:00:00.000Z", cut: false, skipped: null };
const many = {
  source: "acme",
  complete: false,
  events: [
    { ...one, ...of },
    { ...one, ...of, event: "evt_2", tried: [{ ...tried, after: null, error: "the transform gives nothing" }] },
    { ...one, ...of, event: "evt_3", tried: [], before: "", skipped: "its body is large: try it alone" },
  ],
};
const relay = new FakeRelay(({ url }) => (url.pathname.endsWith("/try-stored") ? many : one));

test("the last events of a source stand below each other, each with before and after, and the errors are counted", async () => {
  const { code, out, err } = await relay.run("transform --last 3 --source acme --type ping --with body.name");
  expect(code).toBe(1);
  expect(out).toMatch(/evt_1 {2}acme {2}ping[^]*"name": "Ada"\s+"text": "Ada"[^]*evt_2/);
  expect(out).toContain("3 events of acme, 1 with an error; there may be more, further back");
  expect(err).toContain("chat: the transform gives nothing");
  expect(err).toContain("evt_3: its body is large: try it alone");
  expect(JSON.parse(relay.asked[0]?.body ?? "")).toEqual({
    source: "acme",
    type: "ping",
    last: 3,
    route: null,
    transform: "body.name",
    when: null,
  });
});

test("--json prints the answer and nothing beside", async () => {
  const { code, out, err } = await relay.run("transform --last 3 --source acme --json");
  expect({ code, out: JSON.parse(out), err }).toEqual({ code: 1, out: many, err: "" });
});

test.each([
  "transform",
  "transform --last 3",
  "transform --last 3 --source acme --try evt_1",
  "transform --source acme",
])("%s is not guessed at", async (line) => {
  const { code, err } = await relay.run(line);
  expect([code, relay.asked]).toEqual([2, []]);
  expect(err).toContain("--last N --source S");
});

test("one event is as it was", async () => {
  expect(await relay.run("transform --try evt_1")).toMatchObject({ code: 0, err: "" });
});
