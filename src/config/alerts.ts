// The table `ALERTS`: of which rules nobody is told, how often of the same thing, and where links lead. Pure.
import * as z from "zod/mini";
import { parseJson } from "../bytes/json.ts";
import { ALERT_RULES, type AlertRule } from "../contract/alerts.ts";
import { error, explain, type Finding, show, suggest } from "./findings.ts";
import { parseDuration, written } from "./forms.ts";

/** What the operator says about being told. */
export interface Alerting {
  /** Their alerts are on record, and nobody is told. */
  readonly mute: readonly AlertRule[];
  /** From one notice that something has begun to the next one of the same thing, in ms. */
  readonly quietMs: number;
  /** Where the relay's pages are, without a slash at the end; `null` where nobody has said it. */
  readonly url: string | null;
}

const DEFAULT: Alerting = { mute: [], quietMs: 15 * 60_000, url: null };

const WRITTEN = " Write it as docs/alerts.md has it, such as source-silent";
const rule = z.enum(ALERT_RULES, {
  error: ({ input }) => `is not a rule.${typeof input === "string" ? suggest(input, ALERT_RULES) : WRITTEN}`,
});
export const alertKeys = z.strictObject({
  mute: z._default(z.array(rule, 'is not a list. Write it as ["source-silent"]'), []),
  quiet: z._default(written(quietOf, 'is no time of an hour at most. Write it as "15m"'), DEFAULT.quietMs),
  url: z._default(
    z.nullable(
      written(originOf, 'is not the address of a relay. Write it as "https://relay.example.com", without a path'),
    ),
    null,
  ),
});

/** @param source the relay's own origin as a source tells it by its `public_url`, where nothing else says it */
export function readAlerts(value: unknown, source: string | null, findings: Finding[]): Alerting {
  const unset = { ...DEFAULT, url: source };
  if (value === undefined) return unset;
  const table = typeof value === "string" ? parseJson(value) : value;
  if (typeof table !== "object" || table === null || Array.isArray(table)) {
    findings.push(error("ALERTS", `${show(value)} is not a table. Write it as [vars.ALERTS]`));
    return unset;
  }
  const parsed = alertKeys.safeParse(table);
  if (!parsed.success) {
    findings.push(...explain("ALERTS", table, parsed.error.issues));
    return unset;
  }
  const { mute, quiet, url } = parsed.data;
  return { mute, quietMs: quiet, url: url ?? source };
}

function originOf(text: string): string | null {
  const url = URL.parse(text);
  return url !== null &&
    /^https?:$/.test(url.protocol) &&
    url.pathname === "/" &&
    url.search === "" &&
    url.username === ""
    ? url.origin
    : null;
}

/** An hour at most: what has failed for good is looked at for so long, and must be told before that. */
function quietOf(text: string): number | null {
  const ms = parseDuration(text);
  return ms === null || ms > 3_600_000 ? null : ms;
}
