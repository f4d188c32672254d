// What hookline init asks a person. Loaded only where one sits there.
import { autocomplete, cancel, confirm, isCancel, note, password, text } from "@clack/prompts";
import type { ProviderFacts } from "../../scheme/facts.ts";

/** Ctrl-C ends the command, and nothing was written. */
function answered<T>(answer: T): Exclude<T, symbol> {
  if (isCancel(answer)) {
    cancel("Nothing was written.");
    process.exit(130);
  }
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the only symbol is the one that says it was cancelled
  return answer as Exclude<T, symbol>;
}

/** Which provider sends. */
export async function provider(all: readonly string[]): Promise<string> {
  const options = all.map((value) => ({ value, label: value }));
  return answered(await autocomplete({ message: "Who sends?", options, maxItems: 8, placeholder: "type to search" }));
}

const validate = (value: string | undefined) =>
  URL.canParse(value ?? "") ? undefined : "Write the whole URL, as in https://app.example.com/webhooks";

/** Where events go. */
export async function address(): Promise<string> {
  return answered(
    await text({ message: "Where do its events go?", placeholder: "https://app.example.com/webhooks", validate }),
  );
}

/** The sender's secret; empty for later. It is not shown. */
export async function secret(name: string, { name: sender, secret: form }: ProviderFacts): Promise<string> {
  return (
    answered(
      await password({
        message: `${name}: the secret that ${sender} shows (${form}). Leave it empty to set it later.`,
      }),
    ) ?? ""
  );
}

/** Whether the section may be written. */
export async function agree(config: string, section: string): Promise<boolean> {
  note(section.trim(), `At the end of ${config}`);
  return answered(await confirm({ message: "Write it?" }));
}
