#!/usr/bin/env node
// Which command was asked for? Reads the arguments, loads that verb alone and leaves with its exit code.
import { parseArgs } from "node:util";
import { endWithReader } from "./reader.ts";
import type { Asked, RemoteVerb, Terminal, Verb } from "./verb.ts";

/**
 * On this machine: each is a file of its own, loaded only when it is asked for.
 * `check` runs on every deploy and should be quick.
 */
const LOCAL = new Map<string, { summary: string; load: () => Promise<{ verb: Verb }> }>([
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
]);

/** Against a relay: what each file exports as `verbs` are its commands, in the order of the overview. */
const REMOTE: readonly (() => Promise<{ verbs: Readonly<Record<string, RemoteVerb>> }>)[] = [
  () => import("./relay/standing.ts"),
  () => import("./relay/alerts.ts"),
  () => import("./relay/past.ts"),
  () => import("./relay/routes.ts"),
  () => import("./relay/transform.ts"),
  () => import("./relay/acts.ts"),
  () => import("./relay/post.ts"),
  () => import("./relay/replays.ts"),
  () => import("./relay/keys.ts"),
];

const EVERY_VERB = { json: { type: "boolean" }, help: { type: "boolean", short: "h" } } as const;

/** Runs a command line. 0 is success, 1 a refusal, 2 a command that was not understood. */
export async function hookline(args: readonly string[], terminal: Terminal): Promise<number> {
  const [name = "", ...rest] = args;
  const verb = (await LOCAL.get(name)?.load())?.verb ?? (await remote()).get(name);
  if (verb === undefined) {
    const asked = ["", "help", "--help", "-h"].includes(name);
    if (!asked) terminal.err(`hookline: there is no command ${JSON.stringify(name)}`);
    for (const line of await overview()) (asked ? terminal.out : terminal.err)(line);
    return asked ? 0 : 2;
  }
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

async function remote(): Promise<Map<string, RemoteVerb>> {
  const files = await Promise.all(REMOTE.map(async (load) => await load()));
  return new Map(files.flatMap(({ verbs }) => Object.entries(verbs)));
}

async function overview(): Promise<string[]> {
  const all = [...LOCAL, ...(await remote())];
  const width = Math.max(...all.map(([name]) => name.length));
  const verbs = all.map(([name, { summary }]) => `  ${name.padEnd(width)}  ${summary}`);
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
