// Nobody is told for a while: by a rule, about a subject, or both.
import { MOST_MUTES, MUTE, UNMUTE } from "../d1/deeds/mute.ts";
import { DAY_MS, iso } from "../time.ts";
import { toMute } from "./alerts.ts";
import { openOnce } from "./once.ts";
import type { Acts, VerbDeps } from "./operator.ts";
import { badRequest, conflict, notFound, quoted } from "./refuse.ts";

/** Whoever forgets a mute is told again after this. */
const LONGEST_MS = 31 * DAY_MS;
/** Alerts of which a subject may be the name, newest first. */
const LOOKED_AT = 200;

const NOTHING = "name a rule, a subject, or both: GET /api/alerts has them";

/** Both orders. */
export function openMuteActs(deps: VerbDeps): Pick<Acts, "alerts.mute" | "alerts.unmute"> {
  const { config, tables, now, log } = deps;
  const once = openOnce(deps);
  const inForce = async () => ({ ok: true as const, value: { mutes: (await tables.mutes.list(now())).map(toMute) } });

  return {
    async "alerts.mute"(_, by, { rule, subject, until }) {
      if (rule === null && subject === null) return badRequest(NOTHING);
      if (until <= now()) return badRequest(`until: must be in the future; now it is ${iso(now())}`);
      if (until - now() > LONGEST_MS) return badRequest("until: must be within 31 days, so that it is not forgotten");
      if (subject !== null && !(await isKnown(subject)))
        return notFound(
          `no source, destination or alert is named ${quoted(subject)}: GET /api/alerts has the subjects of alerts`,
        );
      const { answer } = await once(
        MUTE,
        nameOf(rule, subject),
        { rule: rule ?? "", subject: subject ?? "", until },
        by,
      );
      if (!answer.done) return conflict(`${MOST_MUTES} mutes are in force, which is the most: end one, or mute a rule`);
      log.info("alerts.muted", { rule, subject, until: iso(until), actor: by.caller.actor });
      return await inForce();
    },

    async "alerts.unmute"(_, by, { rule, subject }) {
      if (rule === null && subject === null) return badRequest(NOTHING);
      const { answer } = await once(UNMUTE, nameOf(rule, subject), { rule: rule ?? "", subject: subject ?? "" }, by);
      if (!answer.done)
        return notFound("this is not muted, or not so: GET /api/alerts has the mutes as they were ordered");
      log.info("alerts.unmuted", { rule, subject, actor: by.caller.actor });
      return await inForce();
    },
  };

  async function isKnown(subject: string): Promise<boolean> {
    if (config.sources.has(subject) || config.destinations.has(subject)) return true;
    return (await tables.alerts.list("all", null, LOOKED_AT)).some((one) => one.subject === subject);
  }
}

/** As the audit has it. */
function nameOf(rule: string | null, subject: string | null): string {
  return [rule, subject].filter((one) => one !== null).join(" of ");
}
