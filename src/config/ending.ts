// Until when is an old secret taken? How a date is written, which secrets it ends, and what is wrong with it. Pure.
import * as z from "zod/mini";
import type { Secret, SigningKey } from "../types.ts";
import { needsKey } from "../out/formats.ts";
import type { Format } from "../scheme/shape.ts";
import { isEnded, secretOf } from "../verify/in-force.ts";
import { error, suggest } from "./findings.ts";
import { understood } from "./forms.ts";
import type { Reading } from "./reading.ts";

/** The var that ends SIGNING_KEY_OLD for all destinations. */
export const SIGNING_KEY_END = "SIGNING_KEY_OLD_UNTIL";

const HOW =
  'Write a day in quotes, which begins at midnight UTC, such as "2026-12-31", or a moment in UTC, such as "2026-12-31T12:00:00Z"';

/** A day of this century, or a moment of it in UTC, in ms; `null` where it is neither. */
function parseMoment(value: unknown): number | null {
  const [, day, time = "00:00"] =
    /^(20\d\d-\d\d-\d\d)(?:T(\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?)Z)?$/.exec(typeof value === "string" ? value : "") ?? [];
  const at = day === undefined ? Number.NaN : Date.parse(`${day}T${time}Z`);
  // Date.parse takes the 31st of a month that has 30 days for the first of the next.
  return Number.isNaN(at) || !new Date(at).toISOString().startsWith(day ?? "") ? null : at;
}

/** One end for what is old, or an end for each secret by its name. */
type Ends = number | Readonly<Record<string, number>>;

const BY_NAME = '{ STRIPE_2025 = "2026-12-31" }';

/** Beside the name of a secret people write the secret itself: what is unlike a date is not repeated. */
function isUnlikeADate(value: unknown): boolean {
  return typeof value === "string" && !/^[\d.:/TZ +-]{0,30}$/.test(value);
}

const named = z.record(z.string(), understood(parseMoment, `is no date. ${HOW}`, isUnlikeADate));

/** `old_until` of a source, whose secrets may have any names. */
export const sourceEndKeys = {
  old_until: z.optional(
    z.union([understood(parseMoment, `is no date. ${HOW}; or for secrets by their names, ${BY_NAME}`), named]),
  ),
};

/** `old_until` of a destination. */
export const destinationEndKeys = { old_until: z.optional(understood(parseMoment, `is no date. ${HOW}`)) };

/**
 * The ends of a source's secrets by their names, `null` with a finding where nothing would end, or everything.
 *
 * @param names of its secrets, newest first
 */
export function endsOfSource(
  { key, name }: { readonly key: string; readonly name: string },
  given: Ends | undefined,
  names: readonly string[],
  { secret, ends, findings }: Reading,
): ReadonlyMap<string, number> | null {
  const at = `${key}.old_until`;
  if (given === undefined) return new Map();
  const old = names.filter((one) => one.endsWith("_OLD"));
  const found = new Map(typeof given === "number" ? old.map((one) => [one, given]) : Object.entries(given));
  const stray = [...found.keys()].find((one) => !names.includes(one));
  if (stray !== undefined) {
    findings.push(error(`${at}.${stray}`, `is no secret of this source.${suggest(stray, names)}`));
    return null;
  }
  const says =
    found.size === 0
      ? `ends nothing: none of ${names.join(", ")} ends in _OLD. Name the one that ends, as in old_until = { ${names.at(-1)} = "2026-12-31" }`
      : names.every((one) => found.has(one))
        ? "would end every secret of this source, which then refuses everything. Leave out the one that goes on"
        : null;
  if (says !== null) {
    findings.push(error(at, says));
    return null;
  }
  for (const [one, until] of found)
    ends.push({ key: at, of: "source", name, secret: one, until, set: secret(one) !== null });
  return found;
}

/** The keys of a destination with the end of the old one, `null` with a finding where there is none to end. */
export function endKeys(
  { key, name }: { readonly key: string; readonly name: string },
  until: number | undefined,
  { own, format, keys }: { own: string | undefined; format: Format; keys: readonly SigningKey[] },
  { secret, ends, findings }: Reading,
): readonly SigningKey[] | null {
  if (until === undefined) return keys;
  const at = `${key}.old_until`;
  if (!needsKey(format)) {
    findings.push(error(at, `ends nothing: format is "${format}", which the relay does not sign. Leave it out`));
    return null;
  }
  const old = `${own ?? "SIGNING_KEY"}_OLD`;
  ends.push({ key: at, of: "destination", name, secret: old, until, set: secret(old) !== null });
  return keys.map((one) => (secretOf(one).name === old ? ending(one, until) : one));
}

/** The key with that end, unless it ends before. */
function ending(key: SigningKey, until: number): SigningKey {
  const held = withEnd(secretOf(key), until);
  return key.kind === "own" ? { kind: "own", secret: held } : { kind: "derived", from: held };
}

/** The secret with that end, unless it ends before, or there is none. */
export function withEnd(secret: Secret, until: number | undefined): Secret {
  return until === undefined || isEnded(secret, until) ? secret : { ...secret, until };
}

/**
 * When SIGNING_KEY_OLD ends; `undefined` where nothing is said. One that cannot be read ends nothing: no receiver is
 * worse off for a signature more, and one that has the old key alone would refuse everything.
 */
export function readSigningKeyEnd(value: unknown, { findings }: Pick<Reading, "findings">): number | undefined {
  if (value === undefined) return undefined;
  const until = parseMoment(value);
  if (until === null) findings.push(error(SIGNING_KEY_END, `is no date. ${HOW}`));
  return until ?? undefined;
}

/** Notes the end of SIGNING_KEY_OLD, once all destinations are read: it ends something where one is signed with it. */
export function noteSigningKeyEnd(until: number | undefined, { secret, ends, asked, findings }: Reading): void {
  if (until === undefined) return;
  const name = "SIGNING_KEY_OLD";
  if (asked.has("SIGNING_KEY"))
    ends.push({ key: SIGNING_KEY_END, of: "relay", name, secret: name, until, set: secret(name) !== null });
  else
    findings.push(
      error(
        SIGNING_KEY_END,
        "ends nothing: no destination's key is derived from SIGNING_KEY. Leave it out, or write old_until at the destination",
      ),
    );
  for (const one of ends.filter(({ of, secret: ended }) => of === "destination" && ended === name))
    if (one.until > until)
      findings.push(
        error(one.key, `is after ${SIGNING_KEY_END}, which ends ${name} for every destination. Leave one of them out`),
      );
}
