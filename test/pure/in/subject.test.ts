// Whether an event is about a subject: which values at a place are meant, and which only look like it.
import { expect, test } from "vitest";
import { digestOf, isAbout } from "../../../src/in/subject.ts";

const encoder = new TextEncoder();
const FORM = { "content-type": "application/x-www-form-urlencoded" };

async function about(place: string, value: string, body: string, headers: Record<string, string> = {}) {
  const digest = await digestOf("salt", value);
  return await isAbout({ place, salt: "salt", digest }, headers, encoder.encode(body));
}

test.each([
  ["body.customer.id", "cus_1", '{"customer":{"id":"cus_1"}}'],
  ["body.customer.id", "12345678901234567890", '{"customer":{"id":12345678901234567890}}'],
  ["body.tags", "b", '{"tags":["a","b"]}'],
  ["body.tags", "b", '{"tags":["a",["b"]]}'],
  ["body.tags.*", "b", '{"tags":["a","b"]}'],
  ["body.items.email", "ann@example.com", '{"items":[{"email":"bob@example.com"},{"email":"ann@example.com"}]}'],
  ["body.payload.id", "7", String.raw`{"payload":"{\"id\":7}"}`],
  ["body.note", "{[", '{"note":"{["}'],
])("%s=%s is at its place in %s", async (place, value, body) => {
  expect(await about(place, value, body)).toBe(true);
});

test.each([
  // Whatever its root is, it is none of a body.
  ["order.id", "cus_1", '{"id":"cus_1","order":{"id":"ord_9"}}'],
  ["body", "5", '{"data":{"qty":5}}'],
  ["", "5", '{"data":{"qty":5}}'],
  // What is inside its end is another place.
  ["body.data", "5", '{"data":{"qty":5}}'],
  ["body.data", "5", '{"data":[{"qty":5}]}'],
  ["body.*", "5", '{"data":{"qty":5}}'],
  ["body.data", "qty", '{"data":{"qty":5}}'],
  ["body.data.qty", "{5", '{"data":"{5"}'],
])("%s=%s is not there in %s", async (place, value, body) => {
  expect(await about(place, value, body)).toBe(false);
});

test.each([
  ["body.items.email", "ann@example.com", "items[0][email]=ann%40example.com", true],
  ["body.items.*.email", "ann@example.com", "items[][email]=ann%40example.com", true],
  ["body.items.1.email", "ann@example.com", "items[0][email]=ann%40example.com", false],
  ["body.items.1.email", "ann@example.com", "items[0][email]=bob&items[1][email]=ann%40example.com", true],
  ["body.items", "ann", "items[]=ann", true],
  ["body.payload.id", "7", "payload=%7B%22id%22%3A7%7D", true],
  // What is inside its end, and what a place leads into that is no JSON.
  ["body.items", "ann", "items[0][name]=ann", false],
  ["body.items.name", "ann", "items=ann", false],
])("of a form, %s=%s in %s: %s", async (place, value, body, expected) => {
  expect(await about(place, value, body, FORM)).toBe(expected);
});

test("a header is the event's own", async () => {
  expect(await about("headers.x-tenant", "7", "", { "x-tenant": "7" })).toBe(true);
  expect(await about("headers.constructor", String(Object), "", { "x-tenant": "7" })).toBe(false);
  expect(await about("headers.constructor", "anything", "{}", {})).toBe(false);
});
