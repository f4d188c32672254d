// What an operator is told of a source: how it is set up, without the value of any secret.
import { expect, test } from "vitest";
import { Operator } from "../kit/operator.ts";

const operator = new Operator();

test("a source tells from where objects are fetched, by which headers, and which secrets are there, and no value of one", async () => {
  operator.vars = {
    SOURCES: {
      stripe: {
        provider: "stripe",
        hydrate: {
          from: "https://api.stripe.com",
          headers: { authorization: "Bearer $STRIPE_API_KEY", "stripe-context": "$NOBODY_PUT_IT" },
        },
      },
      plain: { provider: "github" },
    },
    STRIPE_API_KEY: "sk_live_0123456789",
  };
  const response = await operator.call("/api/sources");
  const text = await response.clone().text();
  const { sources } = await response.json<{ sources: { hydrate?: object }[] }>();
  expect(sources.map(({ hydrate }) => hydrate)).toEqual([
    {
      from: "https://api.stripe.com",
      path: "related_object.url",
      headers: ["authorization", "stripe-context"],
      secrets: [
        { name: "STRIPE_API_KEY", set: true },
        { name: "NOBODY_PUT_IT", set: false },
      ],
    },
    undefined,
  ]);
  expect(text).not.toContain("sk_live");
});
