#!/usr/bin/env node
// Which command was asked for? Reads the arguments, loads that verb alone and leaves with its exit code.
import { type Listed, programOf, understand } from "./command.ts";
import { complete, COMPLETION } from "./completion.ts";
import packaged from "../../package.json" with { type: "json" };
import { endWithReader } from "./reader.ts";
import { Misused, misused, refused, type RemoteVerb, type Terminal, type Verb } from "./verb.ts";

/**
 * On this machine: each is a file of its own, loaded only when it is asked for.
 * `check` runs on every deploy and should be quick.
 */
const LOCAL = new Map<string, { summary: string; load: () => Promise<{ verb: Verb }> }>([
  [
    "demo",
    { summary: "runs a demonstration of the whole relay, in half a minute", load: () => import("./demo/demo.ts") },
  ],
  ["init", { summary: "adds a sender and a receiver to wrangler.toml", load: () => import("./local/init.ts") }],
  ["check", { summary: "checks wrangler.toml without starting anything", load: () => import("./local/check.ts") }],
  [
    "send",
    { summary: "sends a test request as a sender would, genuine or forged", load: () => import("./local/send.ts") },
  ],
  ["verify", { summary: "verifies a request that was captured elsewhere", load: () => import("./local/verify.ts") }],
  [
    "secret",
    {
      summary: "prints the secret that a destination verifies with",
      load: () => import("./local/secret.ts"),
    },
  ],
  [
    "providers",
    { summary: "prints the description of one provider, or of all", load: () => import("./local/providers.ts") },
  ],
  ["mcp", { summary: "prints the configuration of an AI assistant", load: () => import("./local/mcp.ts") }],
]);

/** Against a relay: what each file exports as `verbs` are its commands, in the order of the overview. */
const REMOTE: readonly (() => Promise<{ verbs: Readonly<Record<string, RemoteVerb>> }>)[] = [
  () => import("./relay/standing.ts"),
  () => import("./relay/doctor.ts"),
  () => import("./relay/tail.ts"),
  () => import("./listen/listen.ts"),
  () => import("./relay/alerts.ts"),
  () => import("./relay/mutes.ts"),
  () => import("./relay/gaps.ts"),
  () => import("./relay/costs.ts"),
  () => import("./relay/past.ts"),
  () => import("./relay/looks.ts"),
  () => import("./relay/routes.ts"),
  () => import("./relay/transform.ts"),
  () => import("./relay/acts.ts"),
  () => import("./relay/delete.ts"),
  () => import("./relay/erasures.ts"),
  () => import("./relay/post.ts"),
  () => import("./relay/export.ts"),
  () => import("./relay/import.ts"),
  () => import("./relay/replays.ts"),
  () => import("./relay/keys.ts"),
];

/** Runs a command line. 0 is success, 1 a refusal, 2 a command that was not understood. */
export async function hookline(args: readonly string[], terminal: Terminal): Promise<number> {
  const [name = "", ...others] = args;
  if (name === "help") return await hookline([...others.slice(0, 1), "--help"], terminal);
  if (name === "--version" || name === "-V") {
    terminal.out(`hookline ${packaged.version}`);
    return 0;
  }
  if (name === "completion" || name === "complete") {
    const { shown, verbs } = await everyVerb();
    return await complete(args, (to) => programOf(shown, verbs, to), terminal);
  }
  const local = LOCAL.get(name);
  // `check` runs on every deploy: nothing else is loaded for it.
  const loaded: ReadonlyMap<string, Verb> =
    local === undefined ? await remote() : new Map([[name, (await local.load()).verb]]);
  const shown =
    local === undefined
      ? [...summaries(LOCAL), ...summaries(await remote()), COMPLETION]
      : [{ name, summary: local.summary }];
  const program = programOf(shown, loaded, terminal);
  if (["", "--help", "-h"].includes(name)) {
    terminal.out(program.helpInformation().trimEnd());
    return 0;
  }
  const understood = understand(program, args, terminal);
  if ("code" in understood) return understood.code;
  try {
    return (await loaded.get(understood.name)?.run(understood.asked, terminal)) ?? 2;
  } catch (error) {
    if (!(error instanceof Misused)) throw error;
    const says = error.message.includes("hookline") ? "" : `: hookline ${understood.name} --help`;
    return misused(`${error.message}${says}`, understood.asked, terminal);
  }
}

async function remote(): Promise<Map<string, RemoteVerb>> {
  const files = await Promise.all(REMOTE.map(async (load) => await load()));
  return new Map(files.flatMap(({ verbs }) => Object.entries(verbs)));
}

/** Every verb, whole: for the completion, and for the test of all examples. */
export async function everyVerb(): Promise<{ shown: readonly Listed[]; verbs: ReadonlyMap<string, Verb> }> {
  const others = await remote();
  const local = await Promise.all(
    [...LOCAL].map(async ([name, { load }]): Promise<[string, Verb]> => [name, (await load()).verb]),
  );
  return { shown: [...summaries(LOCAL), ...summaries(others)], verbs: new Map<string, Verb>([...local, ...others]) };
}

const summaries = (verbs: ReadonlyMap<string, { readonly summary: string }>): Listed[] =>
  [...verbs].map(([name, { summary }]) => ({ name, summary }));

/** Asks on the terminal, beside the results. */
async function ask(question: string): Promise<string> {
  const { createInterface } = await import("node:readline/promises");
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return await lines.question(question);
  } catch {
    // Ctrl-C and Ctrl-D are no answer, and no answer is no.
    process.stderr.write("\n");
    return "";
  } finally {
    lines.close();
  }
}

/** A fault of ours: a sentence for whoever typed the command, the stack for whoever asks for it. */
function unexpected(error: unknown, args: readonly string[], terminal: Terminal): number {
  const debugs = process.env["HOOKLINE_DEBUG"] === "1";
  const says = error instanceof Error ? (debugs ? error.stack : error.message) : null;
  const where = debugs ? "" : "\nWith HOOKLINE_DEBUG=1 it says where.";
  const json = args.includes("--json");
  return refused(`hookline: this should not have happened: ${says ?? String(error)}${where}`, { json }, terminal);
}

/** Beside the results. */
function beside(line: string): void {
  process.stderr.write(`${line}\n`);
}

if (import.meta.main) {
  endWithReader();
  const terminal: Terminal = {
    out: (line) => void process.stdout.write(`${line}\n`),
    err: beside,
    ...(process.stdin.isTTY && process.stderr.isTTY ? { ask } : {}),
    ...(process.stderr.isTTY ? { progress: beside } : {}),
  };
  const args = process.argv.slice(2);
  process.exitCode = await hookline(args, terminal).catch((error: unknown) => unexpected(error, args, terminal));
}
