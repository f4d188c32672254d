// How long events are kept, and how long their bodies, of each source: its keys, and the defaults; touches nothing.
import * as z from "zod/mini";
import type { Keeping } from "../contract/retention.ts";
import type { ConfiguredSource } from "./configured.ts";
import { type Finding, warning } from "./findings.ts";
import { written } from "./forms.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const LONGEST_DAYS = 3_650;

/** `"12h"`, `"30d"` in milliseconds, from an hour to ten years. */
function parseKept(text: string): number | null {
  const [, count, unit] = /^([1-9]\d{0,4})([hd])$/.exec(text) ?? [];
  const ms = Number(count) * (unit === "d" ? DAY_MS : HOUR_MS);
  return ms <= LONGEST_DAYS * DAY_MS ? ms : null;
}

const kept = (example: string) =>
  z.optional(
    written(
      parseKept,
      `is not a time to keep something. Write it as "${example}"; the units are h and d, from 1h to ${LONGEST_DAYS}d`,
    ),
  );

/** Of a source. */
export const retentionKeys = { retention: kept("30d"), body_retention: kept("7d") };

/** What they come to, and a warning where one of them says nothing. */
export function readRetention(
  key: string,
  keys: { readonly retention?: number | undefined; readonly body_retention?: number | undefined },
  findings: Finding[],
): Pick<ConfiguredSource, "retentionMs" | "bodyRetentionMs"> {
  const { retention: retentionMs, body_retention: bodyRetentionMs } = keys;
  if (retentionMs !== undefined && bodyRetentionMs !== undefined && bodyRetentionMs >= retentionMs)
    findings.push(
      warning(`${key}.body_retention`, "is no shorter than retention, with which the bodies go anyway. Leave it out"),
    );
  return {
    ...(retentionMs === undefined ? {} : { retentionMs }),
    ...(bodyRetentionMs === undefined ? {} : { bodyRetentionMs }),
  };
}

/** How long events are kept, and their bodies, in ms; `null` for bodies that go with their events. */
interface Times {
  readonly events: number;
  readonly bodies: number | null;
}

type Sources = ReadonlyMap<string, Pick<ConfiguredSource, "retentionMs" | "bodyRetentionMs">>;

function timesOf(
  { retentionMs, bodyRetentionMs }: Partial<Pick<ConfiguredSource, "retentionMs" | "bodyRetentionMs">>,
  unset: Times,
): Times {
  const events = retentionMs ?? unset.events;
  const bodies = bodyRetentionMs ?? unset.bodies;
  return { events, bodies: bodies !== null && bodies < events ? bodies : null };
}

/**
 * Every such time once, events before bodies: what goes as a whole needs no other end before.
 *
 * @param unset of sources that do not say it
 */
export function keepings(sources: Sources, unset: Times): Keeping[] {
  const usual = timesOf({}, unset);
  const all = [...sources].map(([name, source]) => ({ name, of: timesOf(source, unset) }));
  const listOf = (of: Keeping["of"]): Keeping[] => {
    const others = all.filter((one) => one.of[of] !== usual[of]);
    const times = [...new Set(others.map((one) => one.of[of]))];
    const own = times.flatMap((ms) => {
      const named = others.filter((one) => one.of[of] === ms).map(({ name }) => name);
      return ms === null ? [] : [{ of, ms, sources: named, except: false }];
    });
    const ms = usual[of];
    const rest = others.map(({ name }) => name);
    return ms === null ? own : [{ of, ms, sources: rest, except: true }, ...own];
  };
  return [...listOf("events"), ...listOf("bodies")];
}
