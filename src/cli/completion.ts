// hookline completion: a script that completes commands and options in a shell, and the suggestions it asks for.
import tab from "@bomb.sh/tab/commander";
import type { Command } from "commander";
import type { Listed } from "./command.ts";
import type { Terminal } from "./verb.ts";

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

/** `completion SHELL` prints the script; `complete -- WORDS` is what the script asks. Both write as they go. */
export async function complete(
  args: readonly string[],
  programFor: (terminal: Terminal) => Command,
  terminal: Terminal,
): Promise<number> {
  const [asked, shell = ""] = args;
  if (asked === "completion" && !SHELLS.has(shell)) {
    const help = ["--help", "-h"].includes(shell);
    (help ? terminal.out : terminal.err)(HELP);
    return help ? 0 : 2;
  }
  const program = programFor(terminal);
  tab(program, { completionCommandName: "completion" });
  await program.parseAsync(args, { from: "user" });
  return 0;
}
