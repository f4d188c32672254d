// Whoever is on call is told, by the relay itself, in time, once, and again when it is over.
import { expect, test } from "vitest";
import * as z from "zod";
import { startReceiver } from "../kit/receiver.ts";
import { Relay, relayVars, stateFolder } from "../kit/whole-relay.ts";
import { until } from "../kit/until.ts";

const Notice = z.object({
  id: z.string(),
  type: z.string(),
  data: z.object({
    rule: z.string(),
    severity: z.string(),
    subject: z.object({ kind: z.string(), name: z.string() }),
    text: z.string(),
    count: z.number(),
    fix: z.object({ command: z.string() }),
    url: z.string().nullable(),
  }),
});

test("a delivery that has failed for good is told to the destination of a route from hookline, once", async () => {
  const receiver = await startReceiver(({ destination }, response) =>
    response.writeHead(destination === "crm" ? 410 : 200).end(),
  );
  const vars = relayVars({ crm: { url: receiver.address("crm") } });
  const relay = await Relay.start(
    {
      ...vars,
      DESTINATIONS: { crm: { url: receiver.address("crm") }, pager: { url: receiver.address("pager") } },
      ROUTES: { all: { from: "acme", to: "crm" }, alerts: { from: "hookline", events: ["alert.*"], to: "pager" } },
      ALERTS: { url: "https://relay.example.com" },
    },
    await stateFolder(),
  );
  const { id } = await relay.post("invoice-1", Buffer.from('{"paid":true}'), "invoice.paid");
  const [told] = await until("somebody is told", () => {
    const arrived = receiver.arrivals.filter(({ destination }) => destination === "pager");
    return arrived.length > 0 ? arrived : undefined;
  });
  const notice = Notice.parse(JSON.parse(told?.body.toString() ?? ""));
  expect(notice).toMatchObject({
    type: "alert.opened",
    data: { rule: "delivery-failed", severity: "critical", subject: { kind: "destination", name: "crm" }, count: 1 },
  });
  expect(notice.data.url).toBe(`https://relay.example.com/events/${id}`);
  expect(notice.data.fix.command).toBe("hookline replays start --destination crm");
});
