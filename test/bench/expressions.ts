// A condition and a transform of the kind that people write, by our evaluators and by the libraries whose parsers they use.
import { Environment } from "@marcbachmann/cel-js";
import jsonata from "jsonata";
import { readWhen } from "../../src/filter/when.ts";
import { readTransform } from "../../src/transform/read.ts";
import type { Contest } from "./contests.ts";

const WHEN = "body.livemode && body.data.object.amount >= 100000.0 && event.type.startsWith('invoice.')";
const TRANSFORM =
  '{ "text": body.data.object.customer & " pays " & $string($sum(body.data.object.lines.amount)), "lines": body.data.object.lines[amount > 10].name }';

const names = {
  event: { id: "evt_1", type: "invoice.paid", receivedAt: "2026-03-01T12:00:00.000Z" },
  source: "stripe",
  headers: {},
  body: {
    livemode: true,
    data: {
      object: {
        amount: 250_000,
        customer: "cus_1",
        lines: Array.from({ length: 10 }, (_, n) => ({ name: `line ${n}`, amount: n * 7, filler: "m".repeat(60) })),
      },
    },
  },
};

/** Read once, as a configuration is, and evaluated again and again. In workerd alone: that is where they run. */
export function expressions(): Contest[] {
  const when = readWhen(WHEN);
  const transform = readTransform(TRANSFORM);
  if (!when.ok || !transform.ok) throw new Error("the expressions of the bench cannot be read");
  const cel = new Environment().registerVariable("event", "map").registerVariable("body", "dyn").parse(WHEN);
  const library = jsonata(TRANSFORM);
  return [
    {
      provider: "CEL condition",
      library: "@marcbachmann/cel-js",
      hookline: async () => {
        const decided = when.when.decide(names);
        return await Promise.resolve(decided.ok && decided.wanted);
      },
      official: async () => await Promise.resolve(cel(names)),
    },
    {
      provider: "JSONata transform",
      library: "jsonata",
      hookline: async () => await Promise.resolve(transform.transform.apply(names).ok),
      official: async () => JSON.stringify(await library.evaluate(names)),
    },
  ];
}
