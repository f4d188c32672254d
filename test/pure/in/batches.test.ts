// A batch is typed by all that is in it: every element counts for the routes, and is named as far as there is room.

import { expect, test } from "vitest";
import { identify, type Identity } from "../../../src/in/identify.ts";
import { findProvider, providerIds } from "../../../src/providers/catalogue.ts";

function of(id: string, body: string): Identity {
  const request = {
    method: "POST",
    url: "https://x.example/in/a",
    headers: new Headers(),
    body: new TextEncoder().encode(body),
  };
  return identify(request, findProvider(id)!, {});
}

test("a batch has every type in it, and says them in the order in which they first come", () => {
  const events = [
    { id: "EV1", resource_type: "mandates", action: "created" },
    { id: "EV2", resource_type: "payments", action: "confirmed" },
    { id: "EV3", resource_type: "mandates", action: "created" },
  ];
  const { type, types } = of("gocardless", JSON.stringify({ events }));
  expect(types).toEqual(["mandates.created", "payments.confirmed"]);
  expect(type).toBe("mandates.created,payments.confirmed");
});

test.for([
  ["sendgrid", '[{"event":"open"},{"event":"bounce"}]', ["open", "bounce"]],
  [
    "mandrill",
    "mandrill_events=%5B%7B%22event%22%3A%22send%22%7D%2C%7B%22event%22%3A%22open%22%7D%5D",
    ["send", "open"],
  ],
  [
    "meta",
    '{"object":"page","entry":[{"changes":[{"field":"feed"}]},{"changes":[{"field":"leadgen"}]}]}',
    ["page.feed", "page.leadgen"],
  ],
  ["meta", '{"object":"page","entry":[{"messaging":[{}]}]}', ["page"]],
  [
    "quickbooks",
    JSON.stringify({
      eventNotifications: [
        {
          dataChangeEvent: {
            entities: [
              { name: "Customer", operation: "Create" },
              { name: "Invoice", operation: "Update" },
            ],
          },
        },
      ],
    }),
    ["Customer.Create", "Invoice.Update"],
  ],
  [
    "ms-graph",
    '{"value":[{"changeType":"created"},{"lifecycleEvent":"subscriptionRemoved"}]}',
    ["created", "subscriptionRemoved"],
  ],
  ["x-twitter", '{"for_user_id":"1","user_has_blocked":false,"tweet_create_events":[]}', ["tweet_create_events"]],
  [
    "mautic",
    '{"mautic.lead_post_save_new":[],"mautic.form_on_submit":[],"timestamp":"t"}',
    ["mautic.lead_post_save_new", "mautic.form_on_submit"],
  ],
  [
    "gocardless",
    '{"events":[{"action":"created"},{"resource_type":"payments","action":"confirmed"}]}',
    ["unknown", "payments.confirmed"],
  ],
  ["gocardless", '{"events":[]}', ["unknown"]],
] as const)("%s: %s", ([id, body, types]) => {
  expect(of(id, body).types).toEqual(types);
});

test("no sender is typed by the first of several", () => {
  for (const id of providerIds()) expect(findProvider(id)!.type ?? "", id).not.toMatch(/[:.]\d+[.}|]/);
});

test("what there is no room for in a type is said, and routes see all of it", () => {
  const names = Array.from({ length: 40 }, (_, index) => `event.number.${index}`);
  const { type, types } = of("sendgrid", JSON.stringify(names.map((event) => ({ event }))));
  expect(types).toEqual(names);
  expect(type.length).toBeLessThanOrEqual(200);
  const [, shown = "", more = ""] = /^(.*),\+(\d+)$/.exec(type) ?? [];
  expect(shown.split(",").length + Number(more)).toBe(40);
  const long = of("stripe", JSON.stringify({ id: "e", type: `${"a".repeat(300)}.paid` }));
  expect(long.types).toEqual([`${"a".repeat(300)}.paid`]);
  expect(long.type).toBe(`${"a".repeat(197)}...`);
});
