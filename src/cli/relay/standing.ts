// hookline overview, sources and destinations: how the relay does.
import type { DestinationAnswer } from "../../contract/operations.ts";
import { MOST_UNROUTED, type SecretState, type SecretUse, type SourceAnswer } from "../../contract/overview.ts";
import { answered, given, remote } from "./client.ts";
import { openInWords } from "../../dashboard/words/alerts.ts";
import { amount, limitInWords, meterName, nearness, sizeInWords } from "../../dashboard/words/use.ts";
import { untilInWords } from "../../dashboard/words/secrets.ts";
import { shapeInALine } from "../../dashboard/words/shape.ts";
import { span } from "../../dashboard/words/words.ts";
import { taking } from "../options.ts";
import { table } from "../table.ts";

const overview = remote(
  {
    summary: "shows counts, backlog and limits of a running relay",
    usage: "overview [--hours 1|24|168]",
    help: "Counts, backlog, use and limits of the plan, and missing configuration.",
    options: { hours: taking("N", "counts of the last 1, 24 or 168 hours") },
    examples: ["overview", "overview --hours 1 --json"],
    names: 0,
  },
  async (client, asked, { out, err }) => {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the relay names the choices in its refusal
    const query = given(asked, "hours") as { hours?: "24" };
    const { points: _, ...answer } = await answered(client.overview.$get({ query }));
    if (asked.json) {
      out(JSON.stringify(answer));
      return 0;
    }
    const { totals, backlog, since, use, missing, findings } = answer;
    out(`since ${since}`);
    for (const line of table(Object.keys(totals), [Object.values(totals)], "nothing is counted")) out(line);
    const more = backlog.more ? " or more" : "";
    out(`waiting: ${backlog.open}${more}, held: ${backlog.held}, oldest: ${backlog.oldest_received_at ?? "none"}`);
    if (backlog.behind !== undefined) out(`behind another, in order: ${backlog.behind}`);
    const failed = `${backlog.replayable}${backlog.replayable_more ? " or more" : ""}`;
    out(`to replay: ${failed}${backlog.replayable === 0 ? "" : "  (hookline deliveries --state failed)"}`);
    if (backlog.unrouted > 0) out(`unrouted: ${atMost(backlog.unrouted)}  (hookline events --unrouted)`);
    if (backlog.undecided > 0) out(`undecided: ${atMost(backlog.undecided)}  (hookline events --undecided)`);
    if (backlog.alerts > 0) out(`${openInWords(backlog.alerts)}  (hookline alerts --open)`);
    const { plan, resets_in_s: left, meters, database, reached } = use;
    if (database !== null) out(sizeInWords(database));
    out(`use of the ${plan} plan, until midnight UTC in ${span(left * 1000)}:`);
    const lines = meters.map((meter) => {
      const { share, word } = nearness(meter);
      const of = share === null ? null : `${Math.floor(share * 100)} %`;
      return [meterName(meter), amount(meter, meter.used), limitInWords(meter), of, word === "" ? null : word];
    });
    for (const line of table(["metered", "used", "limit", "of it", ""], lines, "nothing is metered")) out(line);
    for (const { name, says } of reached) err(`limit reached: ${meterName({ name })}. ${says}`);
    for (const name of missing) err(`not set: wrangler secret put ${name}`);
    for (const { key, level, says } of findings) err(`${level}: ${key} ${says}`);
    return 0;
  },
);

const sources = remote(
  {
    summary: "lists sources, and when each last sent an event",
    usage: "sources [NAME]",
    help: "Lists sources: whether each is set up, and when it last sent an event. With NAME: which of its secrets its events use.",
    options: {},
    examples: ["sources", "sources github"],
    names: 0,
    optional: 1,
  },
  async (client, { names: [name], json }, { out }) => {
    if (name !== undefined) {
      const use = await answered(client.sources[":name"].secrets.$get({ param: { name } }));
      for (const line of json ? [JSON.stringify(use)] : secretLines(use)) out(line);
      return 0;
    }
    const answer = await answered(client.sources.$get());
    if (json) out(JSON.stringify(answer));
    else {
      const lines = answer.sources.map((one) => [
        one.name,
        one.state,
        one.last_event_at,
        one.last_refusal === null ? null : `${one.last_refusal.at} ${one.last_refusal.advice}`,
        one.why,
        one.secrets.flatMap((secret) => (secret.until === undefined ? [] : [inAWord(secret)])).join(", ") || null,
        one.url,
        fetchesInALine(one.hydrate),
        gapsInALine(one.gaps),
      ]);
      const told = ["last event", "last refusal", "why", "old secret", "url", "objects from", "never came"];
      const titles = ["source", "state"].concat(told);
      for (const line of table(titles, lines, "no sources are configured")) out(line);
    }
    return 0;
  },
);

const destinations = remote(
  {
    summary: "lists destinations and their waiting deliveries",
    usage: "destinations [NAME]",
    help: "Lists all destinations, or one: its health and its waiting deliveries.",
    options: {},
    examples: ["destinations", "destinations billing --json"],
    names: 0,
    optional: 1,
  },
  async (client, { names: [only], json }, { out }) => {
    if (only !== undefined && json) {
      out(JSON.stringify(await answered(client.destinations[":name"].$get({ param: { name: only } }))));
      return 0;
    }
    const answer =
      only === undefined
        ? await answered(client.destinations.$get())
        : { destinations: [await answered(client.destinations[":name"].$get({ param: { name: only } }))] };
    if (json) out(JSON.stringify(answer));
    else {
      const lines = answer.destinations.map(({ name, health, breaker, waiting, held, window, shape, ...where }) => {
        const { delivered, failed, latency } = window;
        const now = breaker === null || breaker.state === "counting" ? health : `${health}, breaker ${breaker.state}`;
        return [
          name,
          now,
          waiting,
          held,
          delivered,
          failed,
          latency?.p95_ms ?? null,
          placeOf(where),
          shapeInALine(shape),
        ];
      });
      const plain = ["destination", "now", "waiting", "held", "delivered", "failed", "p95 ms", "url"];
      const shaped = answer.destinations.some(({ shape }) => shape !== undefined);
      const titles = shaped ? [...plain, "shape"] : plain;
      for (const line of table(
        titles,
        shaped ? lines : lines.map((cells) => cells.slice(0, -1)),
        "no destinations are configured",
      ))
        out(line);
    }
    return 0;
  },
);

function inAWord(secret: SecretState): string {
  return `${secret.name} ${untilInWords(secret)}`;
}

function secretLines({ secrets, looked_back_to: since }: SecretUse): string[] {
  const lines = secrets.map((one) => [one.name, untilInWords(one), one.events, one.last_event_at]);
  const titles = ["secret", "taken", since === null ? "events in 24 h" : `events since ${since}`, "last event"];
  return table(titles, lines, "it has no secrets");
}

/** What its sender was last asked for; nothing where it is not asked. */
function gapsInALine(gaps: SourceAnswer["gaps"]): string | null {
  if (gaps === undefined) return null;
  if (gaps.fault !== null) return gaps.fault;
  const { last } = gaps;
  return last === null ? "nothing" : `${last.missed} (${last.recovered} recovered) at ${last.at}`;
}

/** From where the objects of thin events are fetched, and what is missing for that. */
function fetchesInALine(hydrate: SourceAnswer["hydrate"]): string | null {
  if (hydrate === undefined) return null;
  const missing = hydrate.secrets.flatMap(({ name, set }) => (set ? [] : name));
  return missing.length === 0 ? hydrate.from : `${hydrate.from}, not set: ${missing.join(", ")}`;
}

/** These counts stop at a thousand. */
function atMost(count: number): string {
  return count >= MOST_UNROUTED ? `${count} or more` : String(count);
}

export const verbs = { overview, sources, destinations };

/** The URL, or the binding that stands in its place. */
function placeOf({ kind, url, binding }: Pick<DestinationAnswer, "kind" | "url" | "binding">): string | null {
  return binding === undefined ? url : `${kind} ${binding}`;
}
