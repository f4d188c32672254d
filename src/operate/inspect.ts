// What arrived at the relay's own receivers, and what they are to answer.
import type { Inspection } from "../contract/operations.ts";
import { SCRIPT } from "../d1/deeds/script.ts";
import type { InspectionRow } from "../d1/inspections.ts";
import { readScript } from "../out/inspector.ts";
import { parseScript, stepFor, wordsFor } from "../out/script.ts";
import { iso } from "../time.ts";
import { openOnce } from "./once.ts";
import type { Looks, Verb, VerbDeps } from "./operator.ts";
import { badRequest, conflict, noDestination, quoted, type Refused, reused } from "./refuse.ts";

/** @see Looks.inspections */
export function openInspections({ config, tables }: VerbDeps): Pick<Looks, "inspections"> {
  return {
    async inspections(name, shown) {
      const refused = notInspected(name, config);
      if (refused !== null) return refused;
      const rows = await tables.inspections.of(name, shown === null ? null : Number(shown));
      return { ok: true, value: rows.map(toInspection) };
    },
  };
}

/** Changes what an inspector answers, until it is changed again; `null` goes back to the configured script. */
export function openScript(deps: VerbDeps): Verb<"script"> {
  const once = openOnce(deps);
  return async (name, by, { script }) => {
    const refused = notInspected(name, deps.config);
    if (refused !== null) return refused;
    const read = script === null ? null : parseScript(script);
    if (read !== null && "wrong" in read) return badRequest(`script: ${read.wrong}`);
    const text = read?.script.text ?? null;
    const { answer } = await once(SCRIPT, name, { script: text }, by);
    if (answer[0] !== text) return reused();
    deps.log.info("script.asked", { destination: name, script });
    return await deps.destination(name);
  };
}

function notInspected(name: string, { destinations }: Pick<VerbDeps["config"], "destinations">): Refused | null {
  const found = destinations.get(name);
  if (found === undefined) return noDestination(name);
  return found.script === undefined
    ? conflict(`${quoted(name)} is no inspector: it has a URL in the place of inspect = true`)
    : null;
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
    proven: row.proven === 2 ? null : row.proven === 1,
    answered: wordsFor(stepFor(readScript(row.script), row.nth)),
  };
}
