// hookline mute and unmute: nobody is told for a while, by a rule, about a subject, or both.
import type { ALERT_RULES } from "../../contract/alerts.ts";
import { answered, remote } from "./client.ts";
import { muteInWords } from "../../dashboard/words/alerts.ts";
import { ONCE, taking } from "../options.ts";
import { plain } from "../table.ts";
import { type Asked, Misused } from "../verb.ts";

const MUTED = {
  rule: taking("R", "of this rule, such as source-silent; hookline alerts has their names"),
  subject: taking("S", "about this source, destination, or whatever else an alert names"),
};

const mute = remote(
  {
    summary: "holds back notices for a while",
    usage: "mute [--rule R] [--subject S] (--for LENGTH | --until TIME) [--once NAME]",
    help: "Holds back the notices of alerts that begin, until a time. Alerts are still recorded; if one is still open then, its notice is sent then. Without options, lists all mutes.",
    options: {
      ...MUTED,
      for: taking("LENGTH", "how long, from now on: 30m, 4h or 7d"),
      until: taking("TIME", "until then, ISO 8601 such as 2026-03-01T09:30:00Z; within 31 days"),
      ...ONCE,
    },
    examples: ["mute", "mute --subject billing --for 4h", "mute --rule source-silent --until 2026-03-02T08:00:00Z"],
    names: 0,
  },
  async (client, asked, { out }) => {
    const wish = wanted(asked);
    if (wish.rule === null && wish.subject === null) {
      if (asked.options["for"] !== undefined || asked.options["until"] !== undefined)
        throw new Misused(
          "mute takes --rule or --subject, or both, with --for and --until: hookline alerts has their names",
        );
      const { mutes } = await answered(client.alerts.$get({ query: { limit: "1" } }));
      print({ mutes }, asked, out);
      return 0;
    }
    const until = endOf(asked);
    if (until === null) {
      throw new Misused("mute takes --for 30m, 4h or 7d, or --until TIME: hookline mute --help");
    }
    print(await answered(client.alerts.mute.$post({ json: { ...wish, until } })), asked, out);
    return 0;
  },
);

const unmute = remote(
  {
    summary: "ends a mute",
    usage: "unmute [--rule R] [--subject S] [--once NAME]",
    help: "Ends a mute early. Give its rule, its subject, or both, as in the mute.",
    options: { ...MUTED, ...ONCE },
    examples: ["unmute --subject billing"],
    names: 0,
  },
  async (client, asked, { out }) => {
    const wish = wanted(asked);
    if (wish.rule === null && wish.subject === null)
      throw new Misused("unmute takes --rule or --subject, or both, as it was muted: hookline mute lists what is");
    print(await answered(client.alerts.unmute.$post({ json: wish })), asked, out);
    return 0;
  },
);

function wanted({ options }: Asked) {
  const text = (name: string) => {
    const value = options[name];
    return typeof value === "string" ? value : null;
  };
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the relay names the rules in its refusal
  return { rule: text("rule") as (typeof ALERT_RULES)[number] | null, subject: text("subject") };
}

const UNITS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 };

/** When the mute ends; `null` where that was not said, or cannot be read. */
function endOf({ options }: Asked): string | null {
  const { for: length, until } = options;
  if (typeof until === "string") return until;
  const [, n, unit = ""] = typeof length === "string" ? (/^(\d{1,4})([mhd])$/.exec(length) ?? []) : [];
  return n === undefined ? null : new Date(Date.now() + Number(n) * (UNITS[unit] ?? 0)).toISOString();
}

type Muted = { readonly mutes: readonly { rule: string | null; subject: string | null; until: string; by: string }[] };

function print(answer: Muted, { json }: Asked, out: (line: string) => void): void {
  if (json) return out(JSON.stringify(answer));
  for (const one of answer.mutes) out(`${plain(muteInWords(one))}: muted until ${one.until} by ${plain(one.by)}`);
  if (answer.mutes.length === 0) out("nothing is muted");
}

export const verbs = { mute, unmute };
