// What is known of a sender, or of all of them? Reads the provider data, writes the terminal.
import { suggest } from "../../config/findings.ts";
import { findProvider, providerIds } from "../../providers/catalogue.ts";
import type { ProviderFacts } from "../../scheme/facts.ts";
import { flag } from "../options.ts";
import { row } from "../columns.ts";
import { factLines, providerFacts, providersPage } from "./provider-page.ts";
import { refused, type Verb } from "../verb.ts";

const COLUMNS = ["provider", "sender", "proven by", "scheme"];

export const verb: Verb = {
  usage: "providers [NAME] [--markdown]",
  help: [
    "Prints the description of the provider NAME: what to set, what its signature covers, how repeats are recognized,",
    "and its handshake. Without NAME, a line for every provider.",
    "With --json, the provider data as well, in the form that wrangler.toml takes.",
  ].join("\n"),
  options: { markdown: flag("the page docs/providers.md") },
  examples: ["providers", "providers stripe"],
  names: 0,
  optional: 1,
  run({ names: [name], options, json }, { out, err }) {
    if (name !== undefined && findProvider(name) === null) {
      const fault = `there is no provider ${JSON.stringify(name)}.${suggest(name, [...providerIds()])}`;
      return Promise.resolve(refused(fault, { json }, { out, err }));
    }
    const all = (name === undefined ? providerIds() : [name]).flatMap((id) => providerFacts(id) ?? []);
    if (json) {
      const described = all.map((facts) => ({ ...facts, data: findProvider(facts.id) }));
      out(JSON.stringify(name === undefined ? described : described[0]));
    } else if (options["markdown"] === true) out(providersPage(all).trimEnd());
    else for (const line of name === undefined ? listed(all) : all.flatMap(entry)) out(line);
    return Promise.resolve(0);
  },
};

function listed(all: readonly ProviderFacts[]): string[] {
  const cells = [COLUMNS, ...all.map(({ id, name, provenBy, scheme }) => [id, name, provenBy, scheme])];
  const columns = COLUMNS.map((title, n) => ({ title, width: Math.max(...cells.map((line) => line[n]?.length ?? 0)) }));
  return cells.map((line) => row(columns, line));
}

/** For a terminal: without the marks of Markdown. */
function entry(facts: ProviderFacts): string[] {
  return [
    facts.name,
    ...factLines(facts).map((line) => line.replaceAll("**", "").replaceAll("`", "").replace(/^- /, "  ")),
  ];
}
