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

async function dry(order: object) {
  const response = await operator.call("/api/transforms/try", {
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
