// An event whose body is gone is known, and nothing of it can be sent: whoever asks hears why, and whoever does not ask cannot either.
import { expect, test } from "vitest";
import { openOnce } from "../../../src/d1/once.ts";
import { openDatabase } from "../../../src/d1/database.ts";
import { REPLAY } from "../../../src/d1/deeds/replay.ts";
import { SEND_TO } from "../../../src/d1/deeds/send-to.ts";
import { FAILED, ID, NOON, Operator } from "../kit/operator.ts";
import { bindings, rows } from "../kit/relay.ts";

const operator = new Operator();
const DAY = 24 * 60 * 60_000;
const SAYS = "was deleted on 2026-11-08, after its retention of 7 days";

async function emptied(): Promise<void> {
  await operator.accept();
  await operator.attempt(1, { ...FAILED, reason: "exhausted", status: 500 });
  await rows(
    "UPDATE events SET body = NULL, gone = ?1",
    JSON.stringify({ why: "retention", at: Date.parse("2026-11-08T00:00:00Z"), after: 7 * DAY }),
  );
}

async function ask(path: string, body?: object) {
  const request =
    body === undefined
      ? { method: "POST" }
      : { method: "POST", body: JSON.stringify(body), headers: { "content-type": "application/json" } };
  const response = await operator.call(path, request);
  return { status: response.status, detail: (await response.json<{ detail?: string }>()).detail };
}

test.each([
  ["replay", undefined],
  ["send", { destination: "crm" }],
  ["edit", { destination: "crm", body: "{}" }],
  ["route", undefined],
])("%s says that the body is gone, when and why", async (what, order) => {
  await emptied();
  expect(await ask(`/api/events/${ID}/${what}`, order)).toEqual({
    status: 410,
    detail: `the body of ${ID} ${SAYS}: nothing of it can be sent, edited or tried. Have its sender send it again as a new event`,
  });
  expect(operator.rung).toEqual([]);
});

test("the story stays, with an empty body and the reason; the body itself is 410", async () => {
  await emptied();
  const story = await operator.get(`/api/events/${ID}`);
  expect(story).toMatchObject({
    id: ID,
    body: "",
    body_gone: { why: "retention", at: "2026-11-08T00:00:00.000Z", says: `The body ${SAYS}.` },
  });
  const body = await operator.call(`/api/events/${ID}/body`);
  expect([body.status, (await body.json<{ detail: string }>()).detail]).toEqual([410, `The body ${SAYS}.`]);
});

test("who has looked before the body went opens nothing after that", async () => {
  await emptied();
  const once = openOnce(openDatabase(bindings.DB));
  const asking = { target: ID, actor: "admin", receipt: "r", key: null };
  const replayed = await once(REPLAY, { ...asking, action: "replay" }, { event: 1, destinations: ["billing"] }, NOON);
  expect(replayed).toEqual({
    answer: [{ destination: "billing", replayed: false, state: "failed" }],
    first: true,
    bells: [],
  });
  const sent = await once(SEND_TO, { ...asking, action: "send" }, { event: 1, destination: "crm" }, NOON);
  expect([sent.answer, sent.bells]).toEqual([{ created: false, state: null }, []]);
  expect(await rows("SELECT 1 FROM audit")).toEqual([]);
});

test("the sender's repeat is a duplicate, and opens nothing that it could not send", async () => {
  await emptied();
  await operator.accept({ receipt: "second" });
  expect(await rows("SELECT state FROM deliveries")).toEqual([{ state: "failed" }]);
  expect(await rows("SELECT body FROM events")).toEqual([{ body: null }]);
});

test("a bulk replay counts none of them", async () => {
  await emptied();
  const response = await operator.call("/api/replays/preview");
  expect(await response.json()).toMatchObject({ matching: 0 });
});
