// What a real relay says of its costs: by meter, and for the source and the destination that caused them.
import { exports } from "cloudflare:workers";
import { expect, test } from "vitest";
import { costs as schema } from "../../../src/contract/costs.ts";
import { Operator } from "../kit/operator.ts";
import { deliveries, setUp, signed, until } from "../kit/relay.ts";

setUp();
const operator = new Operator();

const AUTHORIZED = { authorization: "Bearer test-admin-token-0123456789abcdef" };

test("three events at once are three of their source, three of their destination, and nine rows", async () => {
  for (const id of ["one", "two", "three"]) await signed("lone", "{}", { "x-id": id });
  await deliveries("delivered");
  const feed = async () => {
    const request = new Request("https://relay.example.com/api/overview?hours=1", { headers: AUTHORIZED });
    const { totals } = await (await exports.default.fetch(request)).json<{ totals: { delivered: number } }>();
    return totals.delivered === 3;
  };
  await until(feed);
  const answer = await exports.default.fetch(
    new Request("https://relay.example.com/api/costs", { headers: AUTHORIZED }),
  );
  expect(answer.status).toBe(200);
  const costs = schema.parse(await answer.json());
  expect(costs.sources).toMatchObject([{ name: "lone", month: { accepted: 3 }, last_day: { accepted: 3 } }]);
  expect(costs.destinations).toMatchObject([{ name: "first", month: { delivered: 3, retried: 0, failed: 0 } }]);
  expect(costs.days.at(-1)).toMatchObject({ accepted: 3 });
  const requests = costs.meters.find(({ name }) => name === "worker_requests");
  expect(requests?.today).toBeGreaterThanOrEqual(3);
  expect(costs.sources[0]?.month.d1_rows_written).toBeLessThanOrEqual(6);
  expect(costs.usd.last_day).toBeGreaterThan(0);
});

const unreachable = async () => await Promise.reject(new Error("the Feed object does not answer"));

test("strangers hear nothing of costs, and where the counts cannot be had it says what to do", async () => {
  const request = new Request("https://relay.example.com/api/costs");
  expect((await exports.default.fetch(request)).status).toBe(401);
  const answer = await operator.call("/api/costs", {}, { feed: { ...operator.deps.feed, spent: unreachable } });
  expect(answer.status).toBe(503);
  expect(await answer.json()).toMatchObject({ detail: expect.stringContaining("ask again in a minute") });
});
