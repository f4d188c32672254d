// A command line by commander: what a verb declares becomes its options, its help and its errors; runs nothing itself.
import { Command, CommanderError, InvalidArgumentError, Option } from "commander";
import { paint } from "./columns.ts";
import { type Asked, misused, type Terminal, type Verb } from "./verb.ts";

/** A verb as the overview shows it: only the one that was asked for needs to be loaded. */
export interface Listed {
  readonly name: string;
  readonly summary: string;
}

/** The whole program, of which the verbs that are given whole can be run. */
export function programOf(listed: readonly Listed[], loaded: ReadonlyMap<string, Verb>, terminal: Terminal): Command {
  const program = new Command("hookline");
  settle(program, terminal);
  program
    .usage("<command> [--json] [--help]")
    .description("A webhook relay on Cloudflare Workers, from the command line.")
    .addHelpText("after", FOOT);
  for (const { name, summary } of listed) {
    const verb = loaded.get(name);
    const command = program.command(name).summary(summary);
    settle(command, terminal);
    if (verb !== undefined) fill(command, verb);
  }
  return program;
}

const FOOT = [
  "",
  "Exit codes: 0 done, 1 refused or found wrong, 2 not understood.",
  "Colours follow NO_COLOR and FORCE_COLOR. Completion for your shell: hookline completion --help",
].join("\n");

const line = (write: (line: string) => void) => (text: string) => write(text.replace(/\n$/, ""));

/** Where it writes, and what a mistake leads to: a sentence, the usage and no stack. */
function settle(command: Command, { out, err }: Terminal): void {
  command
    .exitOverride()
    .helpOption("-h, --help", "what it does, its options and examples")
    .helpCommand(false)
    .showSuggestionAfterError()
    .configureOutput({ writeOut: line(out), writeErr: line(err), outputError: () => {} })
    .configureHelp({ styleTitle: (text) => paint("bold", text), subcommandTerm: (of) => of.name() });
}

function fill(command: Command, { usage, help, names, optional = 0, options, examples, json }: Verb): void {
  command.usage(usageOf(usage)).description(help);
  const words = usage.split(" ").slice(1);
  for (let n = 0; n < names + optional; n += 1) command.argument(n < names ? `<${words[n] ?? "NAME"}>` : "[NAME]");
  for (const [name, { type, value, short, help: says, default: given, form }] of Object.entries(options)) {
    const flags = `${short === undefined ? "" : `-${short}, `}--${name}`;
    const option = new Option(type === "string" ? `${flags} <${value ?? name.toUpperCase()}>` : flags, says);
    if (form !== undefined) option.argParser((text) => formed(text, form));
    command.addOption(given === undefined || given === false ? option : option.default(given));
  }
  command.addOption(new Option("--json", json ?? "one JSON document instead of text"));
  command.configureHelp({ visibleArguments: () => [] });
  command.addHelpText(
    "after",
    ["", paint("bold", "Examples:"), ...examples.map((one) => `  $ hookline ${one}`)].join("\n"),
  );
}

/** A value that looks as it must, as it was typed. */
function formed(text: string, [pattern, words]: readonly [RegExp, string]): string {
  if (!pattern.test(text)) throw new InvalidArgumentError(`It takes ${words}.`);
  return text;
}

/** Without the verb's own name, which commander writes. */
function usageOf(usage: string): string {
  return `${usage.split(" ").slice(1).join(" ")} [--json]`.trim();
}

/** How a command line was understood: a verb with its arguments, or an exit code where everything has been said. */
export type Understood = { readonly name: string; readonly asked: Asked } | { readonly code: number };

/**
 * Understands what was typed. Help and mistakes are told to the terminal here.
 *
 * @param args without the name of the program
 */
export function understand(program: Command, args: readonly string[], terminal: Terminal): Understood {
  const [name] = args;
  let understood: Understood = { code: 2 };
  for (const command of program.commands)
    command.action(() => {
      understood = { name: command.name(), asked: askedOf(command) };
    });
  try {
    program.parse(args, { from: "user" });
    return understood;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return { code: 0 };
    const about = program.commands.find((one) => one.name() === name);
    const lines = [
      `hookline${about === undefined ? "" : ` ${about.name()}`}: ${cut(error.message.replace(/^error: /, ""))}`,
      `usage: hookline ${about === undefined ? program.usage() : `${about.name()} ${about.usage()}`}`,
      ...(about === undefined ? ["every command in a line: hookline --help"] : []),
    ];
    return { code: misused(lines.join("\n"), { json: args.includes("--json") }, terminal) };
  }
}

/** What was typed may be long. */
function cut(message: string): string {
  return message.length > 400 ? `${message.slice(0, 400)}\u2026` : message;
}

function askedOf(command: Command): Asked {
  const options = Object.fromEntries(
    command.options.map((option): [string, unknown] => [option.name(), command.getOptionValue(option.attributeName())]),
  );
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
  return { names: command.args, options: given, json: given["json"] === true };
}
