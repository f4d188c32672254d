// hookline completion: a script that completes commands and options in a shell, and the suggestions it asks for.
import tab from "@bomb.sh/tab/commander";
import type { Command } from "commander";
import type { Listed } from "./command.ts";
import { misused, type Terminal } from "./verb.ts";

export const COMPLETION: Listed = { name: "completion", summary: "prints the completion script of a shell" };

const SHELLS = new Set(["bash", "zsh", "fish", "powershell"]);
const HELP = [
  "usage: hookline completion <bash|zsh|fish|powershell>",
  "",
  "Prints a script that completes commands and options. The shell must find `hookline`: run `npm link` in the clone once.",
  "",
  "Examples:",
  "  $ source <(hookline completion bash)      in ~/.bashrc",
  "  $ source <(hookline completion zsh)       in ~/.zshrc",
  "  $ hookline completion fish > ~/.config/fish/completions/hookline.fish",
].join("\n");

/** The script asks this of the package bash-completion, which many machines do not have. */
const WITHOUT_BASH_COMPLETION = [
  "if ! declare -F _get_comp_words_by_ref >/dev/null; then",
  "  _get_comp_words_by_ref() {",
  '    words=("${COMP_WORDS[@]}"); cword=$COMP_CWORD; cur=${COMP_WORDS[COMP_CWORD]}; prev=${COMP_WORDS[COMP_CWORD-1]}',
  "  }",
  "fi",
].join("\n");

/** `completion SHELL` prints the script; `complete -- WORDS` is what the script asks. Both write as they go. */
export async function complete(
  args: readonly string[],
  programFor: (terminal: Terminal) => Command,
  terminal: Terminal,
): Promise<number> {
  const [asked, shell = ""] = args;
  if (asked === "completion" && !SHELLS.has(shell)) {
    const help = ["--help", "-h"].includes(shell);
    if (!help) return misused(HELP, { json: args.includes("--json") }, terminal);
    terminal.out(HELP);
    return 0;
  }
  if (asked === "completion" && shell === "bash") terminal.out(WITHOUT_BASH_COMPLETION);
  const program = programFor(terminal);
  // A shell takes each line for a candidate.
  for (const command of program.commands) command.description(command.summary());
  tab(program, { completionCommandName: "completion" });
  await program.parseAsync(args, { from: "user" });
  return 0;
}
