// hookline events, event and deliveries: what came in, lists deliveries and their states.
import { wholeEvent } from "../../api/routes.ts";
import { unfetched } from "../../dashboard/words/headline.ts";
import { answered, given, heard, remote } from "./client.ts";
import { flag, NARROWED, PAGED, taking } from "../options.ts";
import { plain, table } from "../table.ts";
import type { Asked, Terminal } from "../verb.ts";

const FILTERS = { ...NARROWED, ...PAGED };

const events = remote(
  {
    summary: "lists events",
    usage:
      "events [--archived] [--unrouted | --undecided] [--source S] [--type T] [--text WORDS] [--since TIME] [--until TIME] [--limit N] [--cursor C]",
    help: "Lists events, newest first.",
    options: {
      ...FILTERS,
      text: taking("WORDS", "only events whose body contains these words"),
      archived: flag("only events that retention has moved to the archive"),
      unrouted: flag("only events that no route took"),
      undecided: flag("only events for which a route's condition failed"),
    },
    examples: ["events --source github --since 2026-03-01", "events --text order-4711", "events --unrouted --json"],
    names: 0,
  },
  async (client, asked, terminal) => {
    const query = {
      ...given(asked, "source", "type", "text", "since", "until", "limit", "cursor"),
      ...routingOf(asked),
    };
    const archived = asked.options["archived"] === true;
    const page = await goOn(query, terminal, async (more) => {
      // What the archive cannot be asked for, it refuses by name.
      const asking = archived ? client.archive.$get({ query: more }) : client.events.$get({ query: more });
      const { events: rows, ...rest } = await answered(asking);
      return { rows, ...rest };
    });
    const { sealed_skipped: sealed = 0, bucket_skipped: away = 0 } = page;
    if (sealed > 0) terminal.err(`not searched: ${sealed} events that are kept encrypted`);
    if (away > 0) terminal.err(`not searched: ${away} events whose large bodies are in the bucket EVENT_BODIES`);
    return show(asked, terminal, page, "events", (rows) =>
      table(
        ["event", "received", "source", "type", "bytes", "routing"],
        rows.map((one) => [one.id, one.received_at, one.source, one.type, one.size, routingInWords(one)]),
        noneOf("events", asked, page),
      ),
    );
  },
);

/** Both at once is what the relay refuses: an event has one parameter for it. */
function routingOf({ options }: Asked): { routing?: "unrouted" | "undecided" } {
  if (options["undecided"] === true) return { routing: "undecided" };
  return options["unrouted"] === true ? { routing: "unrouted" } : {};
}

/** What is to be said of where an event goes; nothing where it is on its way. */
function routingInWords({ deliveries: to, undecided }: { deliveries: readonly unknown[]; undecided: boolean }): string {
  return undecided ? "undecided" : to.length === 0 ? "unrouted" : "";
}

const deliveries = remote(
  {
    summary: "lists deliveries and their states",
    usage:
      "deliveries [--state S] [--destination D] [--source S] [--type T] [--since TIME] [--until TIME] [--limit N] [--cursor C]",
    help: "Lists deliveries, newest first.",
    options: {
      ...FILTERS,
      state: taking("S", "pending, delivering, delivered, failed or held"),
      destination: taking("D", "to this destination"),
    },
    examples: ["deliveries --state failed", "deliveries --destination billing --since 2026-03-01"],
    names: 0,
  },
  async (client, asked, terminal) => {
    const query = given(asked, "state", "destination", "source", "type", "since", "until", "limit", "cursor");
    const page = await goOn(query, terminal, async (more) => {
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the relay names the states in its refusal better than a check here
      const asking = client.deliveries.$get({ query: more as Omit<typeof more, "state"> });
      const { deliveries: rows, ...rest } = await answered(asking);
      return { rows, ...rest };
    });
    return show(asked, terminal, page, "deliveries", (rows) =>
      table(
        ["delivery", "received", "state", "reason", "attempts", "status", "fault", "next attempt"],
        rows.map((one) => [
          one.id,
          one.received_at,
          one.state,
          // As much as a cell shows.
          one.reason ?? (one.waits_behind === undefined ? one.waits : `behind ${one.waits_behind}`),
          one.attempt,
          one.status,
          one.fault,
          one.next_attempt_at,
        ]),
        noneOf("deliveries", asked, page),
      ),
    );
  },
);

const event = remote(
  {
    summary: "shows one event with its deliveries and attempts",
    usage: "event ID [--body]",
    help: "Shows one event: how it was verified, and every attempt of every delivery.",
    options: { body: flag("only its body, byte for byte") },
    examples: [
      "event evt_0123456789abcdef0123456789abcdef",
      "event evt_0123456789abcdef0123456789abcdef --body > body.json",
    ],
    names: 1,
  },
  async (client, { names: [id = ""], options, json }, { out, err }) => {
    if (options["body"] === true) {
      const response = await heard(client.events[":id"].body.$get({ param: { id } }));
      const bytes = new Uint8Array(await response.arrayBuffer());
      if (json) out(JSON.stringify({ event: id, ...written(bytes) }));
      else process.stdout.write(bytes);
      return 0;
    }
    const response = await heard(client.events[":id"].$get({ param: { id } }));
    const answer: unknown = JSON.parse(await response.text());
    if (json) {
      out(JSON.stringify(answer));
      return 0;
    }
    const story = wholeEvent.parse(answer);
    out(`${story.id}  ${plain(story.source)}  ${plain(story.type)}`);
    out(`  received ${story.received_at}, ${story.size} bytes, verified with ${story.verified_by ?? "nothing"}`);
    if (story.body_gone !== undefined) out(`  ${story.body_gone.says}`);
    if (story.trace_id !== null) out(`  trace ${story.trace_id}`);
    if (story.archived !== undefined) out(`  archived in ${story.archived}: a replay restores it`);
    if (story.edited_from !== null) out(`  edited from ${story.edited_from}`);
    for (const one of story.edited_as) out(`  edited as ${one.event} for ${one.destination}`);
    for (const told of story.deliveries) {
      const { destination, state, reason, waits, next_attempt_at: next, attempts } = told;
      out("");
      const behind = told.waits_behind === undefined ? `waits: ${waits}` : `waits behind ${told.waits_behind}`;
      const because = reason ?? (waits === null ? null : behind);
      const why = because === null ? "" : ` (${because})`;
      out(`${destination}: ${state}${why}${next === null ? "" : `, next attempt ${next}`}`);
      const lines = attempts.map((one) => [
        one.attempt,
        one.started_at,
        one.outcome,
        one.status,
        one.fault,
        one.latency_ms,
        one.answer,
      ]);
      const titles = ["attempt", "at", "outcome", "status", "fault", "ms", "answer"];
      for (const line of table(titles, lines, "  not attempted yet")) out(line);
    }
    if (story.object !== undefined) out(`object: fetched ${story.object.fetched_at} from ${plain(story.object.path)}`);
    const why = unfetched(story);
    if (why !== null) out(`object: not fetched: ${plain(why)}`);
    for (const one of story.undecided) out(`undecided: ${plain(one.route)} failed: ${plain(one.error)}`);
    if (story.body_gone !== undefined) return 0;
    if (story.deliveries.length === 0)
      out(`unrouted: no route took it. Why: hookline routes --try ${id}; after a change: hookline route ${id}`);
    err(`body: hookline event ${id} --body`);
    return 0;
  },
);

/** A body in JSON: as text where it is some, as the API writes it. */
function written(bytes: Uint8Array): { encoding: "text" | "base64"; body: string } {
  try {
    return { encoding: "text", body: new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes) };
  } catch {
    return { encoding: "base64", body: Buffer.from(bytes).toString("base64") };
  }
}

interface Page<Row> {
  readonly rows: readonly Row[];
  readonly next: string | null;
  readonly complete: boolean;
  readonly scanned?: number | undefined;
  readonly looked_back_to?: string | undefined;
  readonly binary_skipped?: number | undefined;
  readonly sealed_skipped?: number | undefined;
  readonly bucket_skipped?: number | undefined;
}

/** Why nothing is listed: nothing is there, nothing fits, or the search has only stopped early. */
function noneOf(things: string, { options }: Asked, { complete }: Page<unknown>): string {
  if (!complete) return `no ${things} found so far`;
  const filters = Object.keys(options).filter((name) => !["json", "help", "limit"].includes(name));
  return filters.length === 0 ? `no ${things} yet` : `no ${things} fit`;
}

/** Rows that the relay gives where no limit is asked for. */
const USUAL_LIMIT = 50;

/**
 * Goes on where the relay has stopped early, until the page is full or the history has ended: nobody should take a
 * search that has stopped for one that has found nothing.
 * Each answer is bounded, so that this asks as often as it takes.
 */
async function goOn<Row, Query extends { limit?: string; cursor?: string }>(
  query: Query,
  { err }: Terminal,
  ask: (query: Query) => Promise<Page<Row>>,
): Promise<Page<Row>> {
  let page = await ask(query);
  const limit = query.limit === undefined ? USUAL_LIMIT : Number(query.limit);
  while (!page.complete && page.next !== null && page.rows.length < limit) {
    err(`still looking: searched back to ${page.looked_back_to ?? "?"} so far`);
    const more = await ask({ ...query, cursor: page.next, limit: String(limit - page.rows.length) });
    page = {
      ...more,
      rows: [...page.rows, ...more.rows],
      ...sum("scanned", page, more),
      ...sum("binary_skipped", page, more),
      ...sum("sealed_skipped", page, more),
      ...sum("bucket_skipped", page, more),
    };
  }
  return page;
}

function sum(
  name: "scanned" | "binary_skipped" | "sealed_skipped" | "bucket_skipped",
  one: Page<unknown>,
  other: Page<unknown>,
) {
  const [a, b] = [one[name], other[name]];
  return a === undefined && b === undefined ? {} : { [name]: (a ?? 0) + (b ?? 0) };
}

/** A page, and how to go on. @param name what its rows are called */
function show<Row>(
  { json }: Asked,
  { out, err }: Terminal,
  { rows, ...rest }: Page<Row>,
  name: "events" | "deliveries",
  lines: (rows: readonly Row[]) => string[],
): number {
  if (json) {
    out(JSON.stringify({ [name]: rows, ...rest }));
    return 0;
  }
  for (const line of lines(rows)) out(line);
  if (rest.next !== null) err(`more: the same with --cursor ${rest.next}`);
  return 0;
}

export const verbs = { events, event, deliveries };
