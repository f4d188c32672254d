// The command that pauses a destination: what it says where not every Intake object has confirmed it.
import { expect, test } from "vitest";
import { FakeRelay } from "../../kit/fake-relay.ts";

const stands = { name: "billing", state: "paused", held: 2, waiting: 0 };
let answer: object = stands;
const relay = new FakeRelay(() => answer);
const LINE = "billing: paused, 2 held, 0 waiting";

test("a pause that all have confirmed is one line", async () => {
  answer = stands;
  expect(await relay.run("pause billing")).toMatchObject({ code: 0, out: LINE, err: "" });
});

test("objects that have not confirmed it are named, with what that means and what to do", async () => {
  answer = { ...stands, unconfirmed: ["intake-1", "intake-3"] };
  const { code, out, err } = await relay.run("pause billing");
  expect({ code, out }).toEqual({ code: 0, out: LINE });
  expect(err).toContain("not confirmed by intake-1, intake-3");
  expect(err).toContain("may still be sent");
  expect(err).toContain("hookline pause billing");
});

test("--json prints them as they are answered, and nothing beside", async () => {
  answer = { ...stands, unconfirmed: ["intake-1"] };
  const { code, out, err } = await relay.run("pause billing --json");
  expect({ code, out: JSON.parse(out), err }).toEqual({ code: 0, out: answer, err: "" });
});
