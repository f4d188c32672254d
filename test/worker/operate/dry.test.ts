// A dry run: what transforms and conditions make of an event that is stored, or of one that never came, without a trace.
import { expect, test } from "vitest";
import { PROOF } from "../../../src/ids.ts";
import { ID, Operator } from "../kit/operator.ts";
import { rows } from "../kit/relay.ts";

const operator = new Operator();

const TEXT = '{ "text": body.user.name & " asks for help" }';
const BODY = '{"user":{"name":"Ada"},"size":10}';
const SOURCES = { github: { provider: "github" } };
const ROUTES = {
  chat: { from: "github", to: "crm", when: "body.size >= 10", transform: { default: TEXT, v2: "body.nothing" } },
  plain: { from: "github", to: "billing" },
};

async function dry(order: object, path = "try") {
  const response = await operator.call(`/api/transforms/${path}`, {
    method: "POST",
    body: JSON.stringify(order),
    headers: { "content-type": "application/json" },
  });
  const answer: Record<string, unknown> = await response.json();
  return Object.assign(answer, { status: response.status });
}
const accept = () => operator.accept({ body: BODY, size: BODY.length });

test("of a stored event, what every route of its source makes, beside the body as it came; nothing is kept of it", async () => {
  operator.vars = { SOURCES, ROUTES };
  await accept();
  expect(await dry({ event: ID })).toMatchObject({
    status: 200,
    event: ID,
    source: "github",
    before: BODY,
    tried: [
      {
        route: "chat",
        version: null,
        wanted: true,
        after: '{"text":"Ada asks for help"}',
        content_type: "application/json",
      },
      { route: "chat", version: "v2", after: null, error: expect.stringContaining("gives nothing") },
      { route: "plain", transform: null, after: null, error: null, when: null },
    ],
  });
  expect(await rows("SELECT count(*) AS n FROM audit")).toEqual([{ n: 0 }]);
  expect(operator.rung).toEqual([]);
});

test("another transform and another condition in the place of the routes', with what the condition read", async () => {
  operator.vars = { SOURCES, ROUTES };
  await accept();
  expect(await dry({ event: ID, transform: "'hello ' & body.user.name", when: "body.size == 11.0" })).toMatchObject({
    status: 200,
    tried: [
      {
        route: null,
        wanted: false,
        reads: [{ path: "body.size", value: "10" }],
        after: "hello Ada",
        content_type: "text/plain; charset=utf-8",
      },
    ],
  });
  expect(await dry({ event: ID, route: "plain" })).toMatchObject({ tried: [{ route: "plain" }] });
});

test("a body that never came, and what is wrong with an order", async () => {
  operator.vars = { SOURCES, ROUTES };
  expect(await dry({ source: "github", body: BODY, type: "push" })).toMatchObject({
    event: null,
    tried: [{ wanted: true }, {}, {}],
  });
  const wrong = [
    [{}, /event: is missing/],
    [{ event: "evt_0" }, /./],
    [{ source: "nobody" }, /no source/],
    [{ source: "github", route: "nowhere" }, /no route/],
    [{ source: "github", transform: "$now()" }, /transform: calls \$now/],
    [{ source: "github", when: "bdy" }, /when: is no condition/],
  ] as const;
  for (const [order, says] of wrong) {
    const answer = await dry(order);
    expect([400, 404]).toContain(answer.status);
    expect(JSON.stringify(answer)).toMatch(says);
  }
});

test("neither the sender's proof nor a header that is not kept can be shown by an expression", async () => {
  operator.vars = { SOURCES, ROUTES };
  const headers = { "content-type": "application/json", [PROOF]: '{"x-hub-signature-256":"sha256=c0ffee"}' };
  await operator.accept({ body: BODY, size: BODY.length, headers });
  const answer = await dry({ event: ID, transform: "headers", when: `"${PROOF}" in headers` });
  expect(answer).toMatchObject({ tried: [{ wanted: false, after: '{"content-type":"application/json"}' }] });
  expect(JSON.stringify(answer)).not.toContain("c0ffee");
  const shown = await dry({ event: ID, when: `headers["${PROOF}"] == ""` });
  expect(JSON.stringify(shown)).not.toContain("c0ffee");
  expect(JSON.stringify(await operator.get(`/api/events/${ID}/routes`))).not.toContain("c0ffee");
});

const stored = async (order: object) => await dry({ source: "github", ...order }, "try-stored");
const idOf = (n: number) => `evt_${n.toString(16).padStart(32, "0")}`;

test("over the last stored events of a source, each with what becomes of it, newest first; nothing is kept of it", async () => {
  operator.vars = { SOURCES: { ...SOURCES, other: { provider: "github" } }, ROUTES };
  for (const n of [1, 2, 3]) {
    const body = n === 2 ? '{"size":1}' : BODY;
    await operator.accept({ id: idOf(n), receipt: `r${n}`, body, size: body.length, type: n === 3 ? "star" : "push" });
  }
  await operator.accept({ id: idOf(9), receipt: "r9", source: "other", body: BODY, size: BODY.length });
  const all = await stored({ transform: "body.user.name", when: "body.size > 5" });
  expect(all).toMatchObject({
    status: 200,
    source: "github",
    complete: true,
    events: [
      {
        event: idOf(3),
        type: "star",
        before: BODY,
        cut: false,
        skipped: null,
        tried: [{ wanted: true, after: "Ada" }],
      },
      { event: idOf(2), tried: [{ wanted: false, after: null, error: expect.stringContaining("gives nothing") }] },
      { event: idOf(1), tried: [{ wanted: true, after: "Ada" }] },
    ],
  });
  expect(await stored({ last: 1 })).toMatchObject({ complete: false, events: [{ event: idOf(3) }] });
  expect(await stored({ type: "push", route: "plain" })).toMatchObject({
    events: [{ event: idOf(2), tried: [{ route: "plain" }] }, { event: idOf(1) }],
  });
  expect(await stored({ until: "2020-01-01" })).toMatchObject({ status: 200, events: [] });
  expect(await rows("SELECT count(*) AS n FROM audit")).toEqual([{ n: 0 }]);
});

test("of many, a long body is cut, and one that is kept in parts is tried alone", async () => {
  operator.vars = { SOURCES, ROUTES };
  const long = JSON.stringify({ user: { name: "x".repeat(20_000) }, size: 10 });
  await operator.accept({ id: idOf(1), receipt: "r1", body: long, size: long.length });
  await operator.accept({ id: idOf(2), receipt: "r2", body: null, parts: 2, size: 600_000 });
  const answer = await stored({ transform: "body.user.name" });
  expect(answer).toMatchObject({
    events: [
      { event: idOf(2), skipped: expect.stringContaining("alone"), tried: [], before: "" },
      {
        event: idOf(1),
        cut: true,
        skipped: null,
        before: long.slice(0, 16_384),
        tried: [{ after: "x".repeat(16_384), error: null }],
      },
    ],
  });
});

test("more than twenty are not tried at once, and what is wrong with an order over many is said before one is read", async () => {
  operator.vars = { SOURCES, ROUTES };
  const wrong = [
    [{ last: 21 }, /last: must be a whole number from 1 to 20/],
    [{ last: 0 }, /last: must be/],
    [{ last: "3" }, /last: must be/],
    [{ source: "nobody" }, /no source/],
    [{ route: "nowhere" }, /no route/],
    [{ transform: "$now()" }, /transform: calls \$now/],
    [{ when: "bdy" }, /when: is no condition/],
  ] as const;
  for (const [order, says] of wrong) {
    const answer = await stored(order);
    expect([order, answer.status]).toEqual([order, 400]);
    expect(JSON.stringify(answer)).toMatch(says);
  }
});

test("over what the relay itself has said, too: how a notice will look can be tried before somebody is woken", async () => {
  operator.vars = { SOURCES, ROUTES };
  const body = '{"data":{"text":"The breaker of crm is open"}}';
  const notice = { id: idOf(1), receipt: "r1", source: "hookline", type: "alert.opened", body, size: body.length };
  await operator.accept(notice);
  const all = await stored({ source: "hookline", transform: '{ "text": body.data.text }' });
  expect(all).toMatchObject({ status: 200, events: [{ tried: [{ after: '{"text":"The breaker of crm is open"}' }] }] });
});
