// What arrived at the relay's own receivers, and what they are to answer.
import type { Inspection } from "../contract/operations.ts";
import type { InspectionRow, Inspections } from "../d1/inspections.ts";
import type { Config } from "../config/configured.ts";
import { parseScript, stepFor, wordsFor } from "../out/script.ts";
import { readScript } from "../out/inspector.ts";
import type { Log } from "../log.ts";
import type { Acts, Looks } from "./operator.ts";
import { type AskingDeps, askingFor } from "./asking.ts";
import { iso } from "../time.ts";
import { badRequest, conflict, noDestination, quoted, type Refused, reused } from "./refuse.ts";

export interface InspectDeps extends AskingDeps {
  readonly config: Pick<Config, "destinations">;
  readonly inspections: Inspections;
  readonly destination: Looks["destination"];
  readonly log: Log;
}

/** @see Looks.inspections @see Acts.script */
export function openInspecting(deps: InspectDeps): Pick<Looks, "inspections"> & Pick<Acts, "script"> {
  const { config, inspections, destination, now, log } = deps;
  const refuse = (name: string): Refused | null => {
    const found = config.destinations.get(name);
    if (found === undefined) return noDestination(name);
    return found.script === undefined
      ? conflict(`${quoted(name)} is no inspector: it has a URL in the place of inspect = true`)
      : null;
  };
  return {
    async inspections(name, shown) {
      const refused = refuse(name);
      if (refused !== null) return refused;
      const rows = await inspections.of(name, shown === null ? null : Number(shown));
      return { ok: true, value: rows.map(toInspection) };
    },

    async script(name, script, by) {
      const refused = refuse(name);
      if (refused !== null) return refused;
      const read = script === null ? null : parseScript(script);
      if (read !== null && "wrong" in read) return badRequest(`script: ${read.wrong}`);
      const asking = await askingFor("script", name, by, deps);
      if (!(await inspections.script(asking, read?.script.text ?? null, now()))) return reused();
      log.info("script.asked", { destination: name, script });
      return await destination(name);
    },
  };
}

function toInspection(row: InspectionRow): Inspection {
  return {
    id: String(row.seq),
    destination: row.destination,
    event: row.event,
    attempt: row.attempt,
    at: iso(row.at),
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- written by the inspector, from a Record<string, string>
    headers: JSON.parse(row.headers) as Record<string, string>,
    size: row.size,
    encoding: row.encoding,
    body: row.body,
    proven: row.proven === 1,
    answered: wordsFor(stepFor(readScript(row.script), row.nth)),
  };
}
