// hookline alerts: what is wrong, what was, and what fixes it.
import type { AlertAnswer } from "../../contract/alerts.ts";
import { answered, given, remote } from "./client.ts";
import { lasting, muteInWords, TELLING, toldInWords } from "../../dashboard/words/alerts.ts";
import { flag, PAGED } from "../options.ts";
import { plain } from "../table.ts";

const alerts = remote(
  {
    summary: "lists alerts, each with its fix",
    usage: "alerts [--open] [--limit N] [--cursor C]",
    help: "Lists alerts, newest first: begin, count, last answer, and the command that fixes it.",
    options: { open: flag("only open alerts"), ...PAGED },
    examples: ["alerts --open", "alerts --json"],
    names: 0,
  },
  async (client, asked, { out, err }) => {
    const open = asked.options["open"] === true;
    const query = { ...(open ? { state: "open" as const } : {}), ...given(asked, "limit", "cursor") };
    const page = await answered(client.alerts.$get({ query }));
    if (asked.json) {
      out(JSON.stringify(page));
      return 0;
    }
    // No table: its columns cut what is long, and what is wrong was asked for.
    for (const one of page.alerts) for (const line of linesOf(one)) out(line);
    if (page.alerts.length === 0)
      out(open ? "no alert is open" : asked.options["cursor"] === undefined ? "no alerts yet" : "no older ones");
    if (page.next !== null) err(`more: the same with --cursor ${page.next}`);
    const muted = page.rules.flatMap((rule) => (rule.muted ? [rule.name] : []));
    if (muted.length > 0) err(`muted: ${muted.join(", ")}`);
    for (const one of page.mutes) err(`muted until ${one.until}: ${plain(muteInWords(one))}`);
    if (!page.routed) {
      err(
        "no notices are sent: no route sends events of hookline. Add to wrangler.toml, with one of your destinations:",
      );
      for (const line of TELLING) err(`  ${line}`);
    }
    return 0;
  },
);

function linesOf(one: AlertAnswer): string[] {
  const state = one.ended_at === null ? one.severity : "over";
  return [
    `${one.since}  ${state}  ${plain(one.rule)}: ${plain(one.title)}`,
    `  ${lasting(one, Date.now())}; ${toldInWords(one)}`,
    ...(one.ended_at === null ? [`  ${plain(one.fix.says)}: ${plain(one.fix.command)}`] : []),
  ];
}

export const verbs = { alerts };
