#!/usr/bin/env node
// Which command was asked for? Reads the arguments, loads that verb alone and leaves with its exit code.
import { parseArgs } from "node:util";
import { endWithReader } from "./reader.ts";
import type { Asked, Terminal, Verb } from "./verb.ts";

const past = () => import("./relay/past.ts");
const acts = () => import("./relay/acts.ts");
const standing = () => import("./relay/standing.ts");

/** Each verb is a file of its own, loaded only when it is asked for: `check` runs on every deploy and should be quick. */
const VERBS = new Map<string, { summary: string; load: () => Promise<{ verb: Verb }> }>([
  ["demo", { summary: "shows the whole relay at work, in half a minute", load: () => import("./demo/demo.ts") }],
  ["check", { summary: "checks wrangler.toml without starting anything", load: () => import("./local/check.ts") }],
  [
    "secret",
    {
      summary: "prints the secret that a destination verifies with",
      load: () => import("./local/secret.ts"),
    },
  ],
  [
    "providers",
    { summary: "prints what is known of one sender, or of all", load: () => import("./local/providers.ts") },
  ],
  ["overview", { summary: "how a running relay does", load: async () => ({ verb: (await standing()).overview }) }],
  [
    "sources",
    { summary: "its sources, and when they were last heard", load: async () => ({ verb: (await standing()).sources }) },
  ],
  [
    "destinations",
    {
      summary: "its destinations, and what waits for them",
      load: async () => ({ verb: (await standing()).destinations }),
    },
  ],
  ["events", { summary: "what came in", load: async () => ({ verb: (await past()).events }) }],
  ["event", { summary: "what happened to one event", load: async () => ({ verb: (await past()).event }) }],
  [
    "deliveries",
    { summary: "where it went, and what became of it", load: async () => ({ verb: (await past()).deliveries }) },
  ],
  ["replay", { summary: "delivers an event once more", load: async () => ({ verb: (await acts()).replay }) }],
  ["cancel", { summary: "ends what is waiting", load: async () => ({ verb: (await acts()).cancel }) }],
  ["pause", { summary: "holds what is for a destination", load: async () => ({ verb: (await acts()).pause }) }],
  ["resume", { summary: "sends what was held", load: async () => ({ verb: (await acts()).resume }) }],
  [
    "replays",
    { summary: "replays many at once", load: async () => ({ verb: (await import("./relay/replays.ts")).replays }) },
  ],
  [
    "keys",
    {
      summary: "lists, makes and revokes API keys",
      load: async () => ({ verb: (await import("./relay/keys.ts")).keys }),
    },
  ],
  ["audit", { summary: "who did what", load: async () => ({ verb: (await import("./relay/keys.ts")).audit }) }],
]);

const EVERY_VERB = { json: { type: "boolean" }, help: { type: "boolean", short: "h" } } as const;

/** Runs a command line. 0 is success, 1 a refusal, 2 a command that was not understood. */
export async function hookline(args: readonly string[], terminal: Terminal): Promise<number> {
  const [name = "", ...rest] = args;
  const known = VERBS.get(name);
  if (known === undefined) {
    const asked = ["", "help", "--help", "-h"].includes(name);
    if (!asked) terminal.err(`hookline: there is no command ${JSON.stringify(name)}`);
    for (const line of overview()) (asked ? terminal.out : terminal.err)(line);
    return asked ? 0 : 2;
  }
  const { verb } = await known.load();
  const asked = understand(verb, rest);
  if (typeof asked === "string") {
    terminal.err(`hookline ${name}: ${asked}\nusage: hookline ${verb.usage} [--json]`);
    return 2;
  }
  if (asked.options["help"] === true) {
    terminal.out(`usage: hookline ${verb.usage} [--json]\n\n${verb.help}`);
    return 0;
  }
  return verb.run(asked, terminal);
}

/** The arguments of a verb, or why they are none. */
function understand(verb: Verb, args: readonly string[]): Asked | string {
  try {
    const options = { ...verb.options, ...EVERY_VERB };
    const parsed = parseArgs({ args, options, allowPositionals: true });
    const { values, positionals: names } = parsed;
    const most = verb.names + (verb.optional ?? 0);
    if ((names.length < verb.names || names.length > most) && values["help"] !== true) {
      return names.length > most ? `there is no place for ${names.at(-1)}` : "a name is missing";
    }
    return { names, options: values, json: values["json"] === true };
  } catch (error) {
    return error instanceof Error ? error.message : "not understood";
  }
}

function overview(): string[] {
  const width = Math.max(...[...VERBS.keys()].map((name) => name.length));
  const verbs = [...VERBS].map(([name, { summary }]) => `  ${name.padEnd(width)}  ${summary}`);
  return ["usage: hookline <command> [--json] [--help]", "", ...verbs];
}

/** Asks on the terminal, beside the results. */
async function ask(question: string): Promise<string> {
  const { createInterface } = await import("node:readline/promises");
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return await lines.question(question);
  } finally {
    lines.close();
  }
}

if (import.meta.main) {
  endWithReader();
  process.exitCode = await hookline(process.argv.slice(2), {
    out: (line) => process.stdout.write(`${line}\n`),
    err: (line) => process.stderr.write(`${line}\n`),
    ...(process.stdin.isTTY && process.stderr.isTTY ? { ask } : {}),
  });
}
