// hookline events, event and deliveries: what came in, where it went, and what became of it.
import { wholeEvent } from "../../api/routes.ts";
import { answered, given, heard, remote } from "./client.ts";
import { plain, table } from "../table.ts";
import type { Asked, Terminal } from "../verb.ts";

const FILTERS = {
  source: { type: "string" },
  type: { type: "string" },
  since: { type: "string" },
  until: { type: "string" },
  limit: { type: "string" },
  cursor: { type: "string" },
} as const;

const FILTER_HELP = [
  "Newest first, 50 at a time. Times are ISO 8601, such as 2026-03-01 or 2026-03-01T09:30:00Z.",
  "  --limit N  up to 200; --cursor C goes on where an earlier page ended",
].join("\n");

export const events = remote(
  {
    usage: "events [--source S] [--type T] [--text WORDS] [--since TIME] [--until TIME] [--limit N] [--cursor C]",
    help: `Lists events. --text looks into their bodies.\n${FILTER_HELP}`,
    options: { ...FILTERS, text: { type: "string" } },
    names: 0,
  },
  async (client, asked, terminal) => {
    const query = given(asked, "source", "type", "text", "since", "until", "limit", "cursor");
    const page = await answered(client.events.$get({ query }));
    return show(asked, terminal, page, () =>
      table(
        ["event", "received", "source", "type", "bytes"],
        page.events.map(({ id, received_at, source, type, size }) => [id, received_at, source, type, size]),
        noneOf("events", asked, page),
      ),
    );
  },
);

export const deliveries = remote(
  {
    usage:
      "deliveries [--state S] [--destination D] [--source S] [--type T] [--since TIME] [--until TIME] [--limit N] [--cursor C]",
    help: `Lists deliveries. States: pending, delivering, delivered, failed, held.\n${FILTER_HELP}`,
    options: { ...FILTERS, state: { type: "string" }, destination: { type: "string" } },
    names: 0,
  },
  async (client, asked, terminal) => {
    const query = given(asked, "state", "destination", "source", "type", "since", "until", "limit", "cursor");
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the relay names the states in its refusal better than a check here
    const page = await answered(client.deliveries.$get({ query: query as Omit<typeof query, "state"> }));
    return show(asked, terminal, page, () =>
      table(
        ["delivery", "received", "state", "reason", "attempts", "status", "fault", "next attempt"],
        page.deliveries.map((one) => [
          one.id,
          one.received_at,
          one.state,
          one.reason,
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

export const event = remote(
  {
    usage: "event ID [--body]",
    help: "Shows one event: how it was proven, and every attempt of every delivery.\n  --body  its body alone, byte for byte",
    options: { body: { type: "boolean", default: false } },
    names: 1,
  },
  async (client, { names: [id = ""], options, json }, { out, err }) => {
    if (options["body"] === true) {
      const response = await heard(client.events[":id"].body.$get({ param: { id } }));
      process.stdout.write(new Uint8Array(await response.arrayBuffer()));
      return 0;
    }
    const response = await heard(client.events[":id"].$get({ param: { id } }));
    const text = await response.text();
    if (json) {
      out(text);
      return 0;
    }
    const story = wholeEvent.parse(JSON.parse(text));
    out(`${story.id}  ${plain(story.source)}  ${plain(story.type)}`);
    out(`  received ${story.received_at}, ${story.size} bytes, proven by ${story.verified_by ?? "nothing"}`);
    for (const { destination, state, reason, next_attempt_at: next, attempts } of story.deliveries) {
      out("");
      const why = reason === null ? "" : ` (${reason})`;
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
    if (story.deliveries.length === 0) out("no deliveries: no route led anywhere when it came");
    err(`body: hookline event ${id} --body`);
    return 0;
  },
);

interface Page {
  readonly next: string | null;
  readonly complete: boolean;
  readonly looked_back_to?: string | undefined;
}

/** Why nothing is listed: nothing is there, nothing fits, or the search has only stopped early. */
function noneOf(things: string, { options }: Asked, { complete }: Page): string {
  if (!complete) return `no ${things} found so far`;
  const filters = Object.keys(options).filter((name) => !["json", "help", "limit"].includes(name));
  return filters.length === 0 ? `no ${things} yet` : `no ${things} fit`;
}

/** A page, and how to go on. */
function show({ json }: Asked, { out, err }: Terminal, page: Page, lines: () => string[]): number {
  if (json) {
    out(JSON.stringify(page));
    return 0;
  }
  for (const line of lines()) out(line);
  if (!page.complete) err(`looked back to ${page.looked_back_to ?? "?"} so far`);
  if (page.next !== null) err(`more: the same with --cursor ${page.next}`);
  return 0;
}
