// The page of the documentation that lists every sender, from the facts about each. Pure.

import { findProvider } from "../../providers/catalogue.ts";
import { factsOf, type ProviderFacts } from "../../scheme/facts.ts";

/** The facts about a sender of the catalogue, or `null` where there is none of that name. */
export function providerFacts(id: string): ProviderFacts | null {
  const provider = findProvider(id);
  return provider === null ? null : factsOf(id, provider);
}

const INTRODUCTION = `# Senders

<!-- Made by \`npm run docs:providers\` from \`src/providers\`. Do not edit it here. -->

Hookline knows COUNT senders by name. Put the name into \`wrangler.toml\` and the secret into the Worker:

\`\`\`toml
[vars.SOURCES.github]
provider = "github"
\`\`\`

\`\`\`sh
npx wrangler secret put GITHUB_SECRET
\`\`\`

The secret is named after the source, here \`github\`, whatever its provider is. Some senders need more, which their notes say:
\`settings = { webhook_id = "…" }\` and \`public_url = "https://…"\` stand beside \`provider\`. \`npm run providers -- github\` prints one
entry of this page. A sender that is not here takes ten lines: [Add your own provider](own-provider.md).

**Proven by** says how the facts were established: the sender's own **official library** was read and agrees with ours on the
same requests (LIBRARY senders), a **published document** of the sender (DOCUMENT), code of a **third party** (THIRD), or
nobody: **unverified** (UNVERIFIED), to be tried with a real request before you rely on it.

**Repeats** says what makes two requests the same event. A repeat gets the id of the first and is not delivered again. Where the sender's id
is not under its signature, the body counts too, so that nobody can use up an id with a captured request.

**Age** is how old a request may be when it arrives. Where it is not judged, a captured request can be sent again for ever, and the
sender's id alone tells that it is a repeat.

**Not signed** is what somebody who has captured a request, or sits between, could change unnoticed. \`{…}\` is a place in the request:
\`{json:data.id}\` in the body, \`{header:X-Event}\` in a header; what stands in square brackets is left out where it is missing.
`;

/** The whole page. */
export function providersPage(all: readonly ProviderFacts[]): string {
  const sorted = all.toSorted((a, b) => a.name.localeCompare(b.name, "en"));
  const count = (label: string): string => String(all.filter(({ provenBy }) => provenBy === label).length);
  const introduction = INTRODUCTION.replace("COUNT", String(all.length))
    .replace("LIBRARY", count("official library"))
    .replace("DOCUMENT", count("published document"))
    .replace("THIRD", count("third party"))
    .replace("UNVERIFIED", count("unverified"));
  return [introduction, "## All of them\n", summary(sorted), "## One by one", ...sorted.map(entry), ""].join("\n");
}

function summary(all: readonly ProviderFacts[]): string {
  const rows = all.map((facts) => [
    `[${facts.name}](#${anchor(facts.name)})`,
    `\`${facts.id}\``,
    facts.provenBy,
    facts.scheme,
    facts.tolerance ?? "–",
    facts.repeats.short,
    brief(facts.notSigned),
  ]);
  return table([["Sender", "`provider =`", "Proven by", "Scheme", "Age up to", "Repeats", "Not signed"], ...rows]);
}

/** The subject of a sentence such as "The headers: delivery id and event name are not signed." */
function brief(sentence: string): string {
  return /^[^:.,]+/.exec(sentence)?.[0] ?? sentence;
}

/** Columns in line, as the formatter wants them. */
function table([head = [], ...rows]: readonly (readonly string[])[]): string {
  const cells = [head, ...rows].map((row) => row.map((cell) => cell.replaceAll("|", "\\|")));
  const widths = head.map((_, column) => Math.max(...cells.map((row) => (row[column] ?? "").length)));
  const line = (row: readonly string[], fill = " "): string =>
    `| ${row.map((cell, column) => cell + fill.repeat((widths[column] ?? 0) - cell.length)).join(" | ")} |`;
  const [first = [], ...others] = cells;
  return [
    line(first),
    line(
      first.map(() => ""),
      "-",
    ),
    ...others.map((row) => line(row)),
    "",
  ].join("\n");
}

/** As GitHub makes them: lower case, no punctuation, hyphens for spaces. */
function anchor(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N} _-]/gu, "")
    .replaceAll(" ", "-");
}

function entry(facts: ProviderFacts): string {
  return `\n### ${facts.name}\n\n${factLines(facts).join("\n")}`;
}

/** One sender as a list. */
export function factLines(facts: ProviderFacts): string[] {
  const lines: [string, string | null][] = [
    ["Provider", `\`${facts.id}\`; ${facts.provenBy}${facts.docs === null ? "" : `: ${titled(facts.docs)}`}`],
    ["Secret", facts.secret],
    ["Signed", facts.signed],
    ["Not signed", facts.notSigned],
    ["Age", facts.tolerance === null ? "not judged" : `up to ${facts.tolerance}`],
    ["Event type", facts.type],
    ["Repeats", facts.repeats.long],
    ...facts.handshakes.map((sentence): [string, string] => ["Handshake", sentence]),
    ["Addresses", facts.addresses],
    ...facts.limits.map((sentence): [string, string] => ["Note", sentence]),
  ];
  return lines.flatMap(([title, text]) => (text === null ? [] : [`- **${title}**: ${text}`]));
}

/** A path in a repository is no prose: its underscores are not emphasis. */
function titled(docs: string): string {
  return docs.includes(" ") ? docs : `\`${docs}\``;
}
