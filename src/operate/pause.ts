// A destination gets nothing for a while, and then all of it.
import { PAUSE, RESUME } from "../d1/deeds/pause.ts";
import { openOnce } from "./once.ts";
import type { Verb, VerbDeps } from "./operator.ts";
import { noDestination } from "./refuse.ts";

/** Holds what is for a destination. */
export function openPause(deps: VerbDeps): Verb<"pause"> {
  const once = openOnce(deps);
  return async (name, by) => {
    if (!deps.config.destinations.has(name)) return noDestination(name);
    await once(PAUSE, name, {}, by);
    deps.log.info("pause.asked", { destination: name });
    // Events that are being accepted are sent without a look at D1.
    const unconfirmed = await deps.confirmPause(name);
    if (unconfirmed.length > 0) deps.log.warn("pause.unconfirmed", { destination: name, unconfirmed });
    const stands = await deps.destination(name);
    return stands.ok && unconfirmed.length > 0 ? { ok: true, value: { ...stands.value, unconfirmed } } : stands;
  };
}

/** Sends what was held, and what comes from now on. */
export function openResume(deps: VerbDeps): Verb<"resume"> {
  const once = openOnce(deps);
  return async (name, by) => {
    if (!deps.config.destinations.has(name)) return noDestination(name);
    await once(RESUME, name, {}, by);
    deps.log.info("resume.asked", { destination: name });
    // Also where the answer to an earlier asking was lost: what is held must not wait for the next minute's sweep.
    await deps.remind(deps.now());
    return await deps.destination(name);
  };
}
