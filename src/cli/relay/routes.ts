// hookline routes and route: which events go where, which route an event would take, and routing what went nowhere.
import type { RouteVerdict, RoutesTried } from "../../contract/routing.ts";
import { verdictInWords } from "../../dashboard/words/routing.ts";
import { answered, type Client, given, remote } from "./client.ts";
import { EVENT, readBody } from "./tried.ts";
import { flag, NARROWED, ONCE, taking } from "../options.ts";
import { plain, table } from "../table.ts";
import { type Asked, Misused, type Terminal } from "../verb.ts";

const routes = remote(
  {
    summary: "lists routes, and says why one does not take an event",
    usage: "routes [--try EVENT|FILE|- [--source S] [--type T]]",
    help: "Lists the routes, or says for each whether it would take an event now, and if not, why.",
    options: {
      try: taking("EVENT|FILE", "a stored event, or a file with a body; a file needs --source"),
      source: taking("S", "with a file: the source that it would come from"),
      type: taking("T", "with a file: its event type, if the body does not contain it"),
    },
    examples: [
      "routes",
      "routes --try evt_0123456789abcdef0123456789abcdef",
      "routes --try body.json --source github --type push",
    ],
    names: 0,
  },
  async (client, asked, terminal) => {
    const { out } = terminal;
    const wanted = asked.options["try"];
    if (typeof wanted === "string") return await tried(client, wanted, asked, terminal);
    const answer = await answered(client.routes.$get());
    if (asked.json) out(JSON.stringify(answer));
    else
      for (const line of table(
        ["route", "from", "events", "to", "when", "transform"],
        answer.routes.map(({ name, from, events, to, when, transform = [], enabled }) => [
          enabled ? name : `${name} (disabled)`,
          from.join(", "),
          events.length === 0 ? "every event" : events.join(", "),
          to.join(", "),
          when,
          transform.map(({ version, text }) => (version === null ? text : `${version}: ${text}`)).join("; "),
        ]),
        "no routes yet",
      ))
        out(line);
    return 0;
  },
);

async function tried(client: Client, wanted: string, asked: Asked, terminal: Terminal): Promise<number> {
  const { out, err } = terminal;
  const { source, type } = given(asked, "source", "type");
  let answer: RoutesTried;
  if (EVENT.test(wanted)) {
    answer = await answered(client.events[":id"].routes.$get({ param: { id: wanted } }));
  } else {
    if (source === undefined) {
      throw new Misused("hookline routes --try FILE needs --source, the source of the event");
    }
    const body = await readBody(wanted, asked.json, terminal);
    if (body === null) return 1;
    const order = { source, type: type ?? null, body };
    answer = await answered(client.routes.try.$post({ json: order }));
  }
  if (asked.json) {
    out(JSON.stringify(answer));
    return 0;
  }
  out(`${answer.event ?? "this body"}  ${plain(answer.source)}  ${plain(answer.type)}`);
  // No table: its columns cut what is long, and why is what was asked for.
  for (const one of answer.routes) out(`${one.route}: ${sign(one)}, ${plain(verdictInWords(one, answer))}`);
  if (!answer.routes.some(({ verdict }) => verdict === "taken")) err("no route takes it: it is unrouted");
  return 0;
}

function sign({ verdict }: RouteVerdict): string {
  return verdict === "taken" ? "yes" : verdict === "undecided" ? "undecided" : "no";
}

const route = remote(
  {
    summary: "routes an event again, or all unrouted events",
    usage:
      "route EVENT [--to DESTINATION] | --unrouted | --undecided [--source S] [--type T] [--since TIME] [--until TIME] [--once NAME]",
    help: [
      "Applies the current routes, and opens the deliveries that are missing. Earlier deliveries do not change.",
      "You can interrupt and repeat it: routed events leave the list of unrouted events.",
      "With --to, EVENT also goes to that destination, whatever the routes say.",
    ].join("\n"),
    options: {
      to: taking("DESTINATION", "with an event: to this destination, which its routes do not name"),
      unrouted: flag("every event that no route took"),
      undecided: flag("every event for which a route's condition failed"),
      ...NARROWED,
      ...ONCE,
    },
    examples: [
      "route evt_0123456789abcdef0123456789abcdef",
      "route evt_0123456789abcdef0123456789abcdef --to billing",
      "route --unrouted --source github --since 2026-03-01",
    ],
    names: 0,
    optional: 1,
  },
  async (client, asked, terminal) => {
    const { names, options, json } = asked;
    const { out, err } = terminal;
    const [id] = names;
    const many = [options["unrouted"] === true, options["undecided"] === true].filter(Boolean).length;
    if ((id === undefined ? 0 : 1) + many !== 1) {
      throw new Misused("hookline route takes an event, or --unrouted, or --undecided: hookline route --help");
    }
    const { to } = options;
    if (typeof to === "string") {
      if (id === undefined) throw new Misused("hookline route takes --to only with an event: hookline route --help");
      const sent = await answered(client.events[":id"].send.$post({ param: { id }, json: { destination: to } }));
      if (json) out(JSON.stringify(sent));
      else {
        for (const line of table(
          ["delivery", "opened", "state"],
          [[sent.delivery, sent.created ? "yes" : "no, it was there", sent.state]],
          "",
        ))
          out(line);
        err(sent.created ? `see: hookline event ${id}` : `once more: hookline replay ${sent.delivery}`);
      }
      return 0;
    }
    if (id === undefined) return await apply(client, asked, terminal);
    const answer = await answered(client.events[":id"].route.$post({ param: { id } }));
    if (json) {
      out(JSON.stringify(answer));
      return 0;
    }
    for (const line of table(
      ["delivery", "opened", "state"],
      answer.deliveries.map((one) => [one.id, one.created ? "yes" : "no, it was there", one.state]),
      "no route takes it",
    ))
      out(line);
    for (const one of answer.undecided) err(`${one.route} cannot decide: ${plain(one.error)}`);
    err(`see why: hookline routes --try ${id}`);
    return 0;
  },
);

/** Step after step until the last; the numbers of all of them. */
async function apply(client: Client, asked: Asked, { out, err }: Terminal): Promise<number> {
  const routing = asked.options["undecided"] === true ? ("undecided" as const) : ("unrouted" as const);
  const filter = { routing, ...given(asked, "source", "type", "since", "until") };
  const sums = { looked: 0, routed: 0, deliveries: 0, undecided: 0 };
  for (let cursor: string | null = null; ;) {
    const step: StepAnswer = await answered(client.routes.apply.$post({ json: { filter, cursor } }));
    for (const name of ["looked", "routed", "deliveries", "undecided"] as const) sums[name] += step[name];
    cursor = step.next;
    if (cursor === null) break;
    if (!asked.json) err(`${sums.looked} looked at, ${sums.routed} routed so far`);
  }
  if (asked.json) out(JSON.stringify(sums));
  else
    out(
      `${sums.looked} events looked at: ${sums.routed} routed, ${sums.deliveries} deliveries opened, ${sums.undecided} undecided`,
    );
  return 0;
}

interface StepAnswer {
  readonly looked: number;
  readonly routed: number;
  readonly deliveries: number;
  readonly undecided: number;
  readonly next: string | null;
}

export const verbs = { routes, route };
