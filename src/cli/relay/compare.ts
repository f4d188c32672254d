// What would a deploy change at the relay that runs? Asks it for its configuration, and what waits for what would go.
import { type Change, changesBetween, secretsLacking } from "../local/changes.ts";
import { asDeployed } from "../local/examine.ts";
import { type Table, table } from "../local/wrangler-file.ts";
import type { Finding } from "../../config/findings.ts";
import type { Asked, Terminal } from "../verb.ts";
import { answered, type Client, connect, Fault } from "./client.ts";

/** What a deploy would change, and what would be missing after it; or why that is not known. */
export type Compared =
  | { readonly ok: true; readonly changes: readonly Change[]; readonly findings: readonly Finding[] }
  | { readonly ok: false; readonly why: string };

/**
 * @param file the parsed wrangler.toml
 * @param environment of the file, that is deployed there; `null` for its top level
 */
export async function compare(
  file: Table,
  environment: string | null,
  asked: Asked,
  terminal: Terminal,
): Promise<Compared> {
  const scope = environment === null ? file : table(file["env"])[environment];
  if (scope === undefined) return { ok: false, why: `the file has no environment ${environment}` };
  const { vars, missing } = asDeployed(table(scope));
  try {
    const client = connect(asked, terminal);
    const running = await answered(client.configuration.$get());
    const changes: Change[] = [];
    for (const change of changesBetween(running.vars, vars)) {
      changes.push({ ...change, ...(await meaning(client, change)) });
    }
    return { ok: true, changes, findings: secretsLacking(missing, running) };
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return { ok: false, why: error.message };
  }
}

/** What goes with an entry that is taken out. */
async function meaning(client: Client, { change, key }: Change): Promise<Pick<Change, "says">> {
  const [kind, name = "", ...deeper] = key.split(".");
  if (change !== "removed" || deeper.length > 0) return {};
  if (kind === "DESTINATIONS") {
    const { destinations } = await answered(client.destinations.$get());
    const { waiting = 0, held = 0, waiting_more: more = false } = destinations.find((one) => one.name === name) ?? {};
    const count = waiting + held;
    return count === 0
      ? {}
      : { says: `${count}${more ? " or more" : ""} deliveries wait for it, and will be cancelled` };
  }
  if (kind === "SOURCES") {
    const { sources } = await answered(client.sources.$get());
    const last = sources.find((one) => one.name === name)?.last_event_at ?? null;
    return last === null ? {} : { says: `its sender is refused from then on, and was heard last at ${last}` };
  }
  return {};
}
