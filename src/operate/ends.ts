// What has an operator to know of old secrets that end? Which end soon, which have ended, and what to do. Pure.
import type { SecretEnd } from "../config/configured.ts";
import type { Overview, SecretState } from "../contract/overview.ts";
import { inUtc, iso } from "../time.ts";
import { isEnded } from "../verify/in-force.ts";

const DAY_MS = 86_400_000;
/** An end that is nearer is worth a warning. */
const SOON_MS = 7 * DAY_MS;
/** Nobody rotates a secret for longer: a date beyond it is a slip of the pen. */
const FARTHEST_MS = 366 * DAY_MS;

type Finding = Overview["findings"][number];

/** The old secrets that are set and end within a week, the next one first. */
export function endingSoon(ends: readonly SecretEnd[], now: number): SecretEnd[] {
  return ends
    .filter(({ set, until }) => set && now < until && until - now <= SOON_MS)
    .toSorted((one, other) => one.until - other.until);
}

/** A warning for each end that asks for something to be done. */
export function endFindings(ends: readonly SecretEnd[], now: number): Finding[] {
  const soon = new Set(endingSoon(ends, now));
  return ends.flatMap((end) => {
    const says = isEnded(end, now) ? ended(end) : !end.set ? unset(end) : soon.has(end) ? near(end, now) : null;
    return says === null ? [] : [{ level: "warning" as const, key: end.key, says }];
  });
}

/** An error for each end that is too far away to be meant: for the check before a deploy. */
export function tooFar(ends: readonly SecretEnd[], now: number): Finding[] {
  return ends
    .filter(({ until }) => until - now > FARTHEST_MS)
    .map(({ key, until, secret }) => ({
      level: "error",
      key,
      says: `${inUtc(until)} is more than a year away: ${secret} would be taken until then. Write a nearer date`,
    }));
}

function ended({ key, secret, until }: SecretEnd): string {
  const name = key.split(".").at(-1) ?? key;
  return `${inUtc(until)} is past: ${secret} has ended. Delete the secret with npx wrangler secret delete ${secret}, and then leave ${name} out`;
}

function unset({ secret, until }: SecretEnd): string {
  return `ends ${secret} at ${inUtc(until)}, and no such secret is set here. Put it with npx wrangler secret put ${secret} before the new one is put in its place`;
}

function near({ secret, until, of, name }: SecretEnd, now: number): string {
  const who =
    of === "source"
      ? `What ${name} still signs with it is refused from then on: look at /sources/${name}, and have the sender use the new one`
      : `Receivers that still verify with it alone refuse everything from then on: have ${of === "relay" ? "them" : name} use the new one`;
  return `${secret} ends in ${inDays(until - now)}, at ${inUtc(until)}. ${who}, or move the date`;
}

function inDays(ms: number): string {
  const hours = Math.ceil(ms / 3_600_000);
  if (hours <= 1) return "less than an hour";
  return hours < 48 ? `${hours} hours` : `${Math.floor(hours / 24)} days`;
}

/** What /health tells of them. */
export function endsInHealth(ends: readonly SecretEnd[], now: number): object[] {
  return ends.map(({ secret, of, name, set, until }) => ({ secret, of, name, set, ...stateOf(until, now) }));
}

/** The end of a secret in the API's words. */
export function stateOf(until: number | undefined, now: number): Omit<SecretState, "name" | "set"> {
  return until === undefined ? {} : { until: iso(until), ended: isEnded({ until }, now) };
}
