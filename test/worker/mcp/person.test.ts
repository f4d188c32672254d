// A client that can put a question to a person: their answer confirms, and nothing that the model could say.
import { expect, test } from "vitest";
import { Assistant } from "../kit/assistant.ts";
import { FAILED, ID, Operator, OTHER } from "../kit/operator.ts";
import { rows } from "../kit/relay.ts";

const operator = new Operator();
const assistant = new Assistant(operator);

const audit = async () => await rows("SELECT actor, action, target FROM audit");
const can = (elicitation: unknown) => ({ "io.modelcontextprotocol/clientCapabilities": { elicitation } });

test("where the client can ask a person, they are asked, and the model cannot answer for them", async () => {
  await operator.accept();
  await operator.attempt(1, FAILED);
  operator.rung = [];
  const order = { name: "replay_event", arguments: { event: ID } };
  const ask = async (more: object = {}, elicitation: unknown = {}) =>
    (await assistant.askNew("tools/call", { ...order, ...more }, {}, can(elicitation))).body.result ?? {};
  const before = await audit();

  const asked = await ask();
  expect(asked).toMatchObject({
    resultType: "input_required",
    inputRequests: {
      agree: {
        method: "elicitation/create",
        params: {
          mode: "form",
          message: expect.stringContaining("Replay an event? 1 delivery would be sent again."),
          requestedSchema: { type: "object", required: ["agree"] },
        },
      },
    },
  });
  const state = String(asked["requestState"]);
  const says = (action: string, agree: unknown, requestState: unknown = state) => ({
    requestState,
    inputResponses: { agree: { action, content: { agree } } },
  });
  for (const [what, more] of [
    ["declined", says("decline", true)],
    ["cancelled", says("cancel", true)],
    ["left the box empty", says("accept", false)],
    ["wrote into it", says("accept", "true")],
    ["answered another question", says("accept", true, `${state.slice(0, -1)}x`)],
    ["answered for another event", { ...says("accept", true), arguments: { event: OTHER } }],
    ["brought the question's token", { arguments: { event: ID, confirm: state } }],
  ] as const)
    expect([what, await ask(more)]).toEqual([what, expect.objectContaining({ isError: true })]);
  // Nobody has answered: the question is put again.
  for (const more of [{ requestState: state }, { inputResponses: {} }, { inputResponses: 7, requestState: state }])
    expect(await ask(more)).toMatchObject({ resultType: "input_required" });
  const { confirm } = (await assistant.call("replay_event", { event: ID })).facts;
  expect(await ask(says("accept", true, confirm))).toMatchObject({ isError: true });
  expect(operator.rung).toEqual([]);
  expect(await audit()).toEqual(before);

  for (let n = 0; n < 2; n++) {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what the protocol says of it
    const { resultType, content } = (await ask(says("accept", true))) as {
      resultType: string;
      content: { text: string }[];
    };
    expect([resultType, JSON.parse(content[0]?.text ?? "")]).toMatchObject(["complete", { done: true, replayed: 1 }]);
  }
  expect((await audit()).slice(before.length)).toHaveLength(1);
  // One that shows addresses alone cannot ask: the model is given the token, as by the older revisions.
  for (const elicitation of [{ url: {} }, null, true])
    expect(await ask({}, elicitation)).toMatchObject({ resultType: "complete", content: [{ type: "text" }] });
});
