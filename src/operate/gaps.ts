// A sender is asked now for what never came.
import { LOOK_NOW } from "../d1/deeds/gaps.ts";
import { iso } from "../time.ts";
import { openOnce } from "./once.ts";
import type { Verb, VerbDeps } from "./operator.ts";
import { conflict, notFound, quoted } from "./refuse.ts";

/** Makes the source's next look due, and has it taken. */
export function openLookNow(deps: VerbDeps): Verb<"gaps.look"> {
  const { config, tables, remind, now, log } = deps;
  const once = openOnce(deps);
  return async (name, by) => {
    const source = config.sources.get(name);
    if (source === undefined) return notFound(`the configuration has no source ${quoted(name)}`);
    if (source.gaps === undefined)
      return notFound(
        `${quoted(name)} has no gaps, so that nobody knows whom to ask: docs/gaps.md says how to set them`,
      );
    const { everyMs, unset } = source.gaps;
    if (unset.length > 0)
      return conflict(`nobody can be asked, because a secret is not set: npx wrangler secret put ${unset.join(" ")}`);
    const { answer } = await once(LOOK_NOW, name, { every: everyMs }, by);
    if (answer.asked) log.info("gaps.asked", { source: name, actor: by.caller.actor });
    // The alarm does what the cron does each minute.
    if (answer.asked) await remind(now());
    const look = (await tables.gaps.all()).find((one) => one.source === name)?.look ?? null;
    return { ok: true, value: { source: name, asked: answer.asked, looked_at: iso(look?.at ?? null) } };
  };
}
