// A notice becomes an event of the source `hookline`: accepted, journaled, routed, shaped and retried like any other.
import type { Route } from "../config/configured.ts";
import { OWN } from "../config/own.ts";
import { problem } from "../errors.ts";
import { type After, enter, type EnterDeps, type Refuse } from "../in/enter.ts";
import { namesOf } from "../filter/names.ts";
import { match } from "../in/route.ts";
import { toWire } from "../reasons.ts";
import type { Inbound } from "../verify/readings.ts";
import type { Notice } from "./notice.ts";

/**
 * Takes a notice as JSON. Sent twice, it is one event.
 *
 * @returns whether it is one by now, or nobody wants it
 * @throws where Intake does not answer
 */
export type SendNotice = (notice: string) => Promise<boolean>;

/** @param after keeps the invocation alive for first attempts */
export function openSendNotice(deps: EnterDeps, after: After): SendNotice {
  // The very same bytes each time: what they are named by is all that has to be compared.
  const entering = { ...deps, namesake: () => Promise.resolve(false) };
  return async (text) => {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- `judge` wrote it
    if (!isWanted(JSON.parse(text) as Notice, deps.config.routes, deps.now())) return true;
    const inbound: Inbound = {
      method: "POST",
      url: "https://hookline.invalid/",
      headers: new Headers({ "content-type": "application/json" }),
      body: new TextEncoder().encode(text),
    };
    return (await enter(inbound, OWN, { verifiedBy: null, news: null }, entering, refuse, after)).ok;
  };
}

const refuse: Refuse = (rejection) => problem(toWire(rejection));

/** Whether a route takes it: what nobody is told would otherwise stand among the events that went nowhere. */
export function isWanted(notice: Notice, routes: readonly Route[], now: number): boolean {
  const told = { id: notice.id, source: OWN.name, type: notice.type, receivedAt: now, headers: {} };
  const { matched, undecided } = match(
    routes,
    OWN.name,
    [notice.type],
    namesOf(told, () => notice),
  );
  return matched.length + undecided.length > 0;
}
