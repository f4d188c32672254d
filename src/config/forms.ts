// How a single value of the configuration is written: times, sizes, names of secrets, lists; touches nothing.
import * as z from "zod/mini";

/** A name becomes part of addresses, ids and secret names. No name of an object's own members can be written so. */
export const NAME = /^[a-z0-9][a-z0-9-]{0,62}$/;

export const MIB = 1024 * 1024;
/** GitHub's own maximum, and the largest of the senders in the catalogue. */
const LARGEST_BODY = 25 * MIB;
/** The longest time that a key may hold. */
export const LONGEST_WAIT_MS = 7 * 86_400_000;

const UNITS = new Map([
  ["s", 1_000],
  ["m", 60_000],
  ["h", 3_600_000],
  ["d", 86_400_000],
]);
const SIZES = new Map([
  ["KiB", 1024],
  ["MiB", MIB],
]);

/** `"5s"`, `"30m"`, `"2h"`, `"1d"` in milliseconds, up to seven days. */
export function parseDuration(text: string): number | null {
  const [, count, unit] = /^([1-9]\d{0,5})([a-z])$/.exec(text) ?? [];
  const ms = Number(count) * (UNITS.get(unit ?? "") ?? Number.NaN);
  return ms <= LONGEST_WAIT_MS ? ms : null;
}

/** `"512KiB"`, `"1MiB"` in bytes, up to 25 MiB. */
export function parseSize(text: string): number | null {
  const [, count, unit] = /^([1-9]\d{0,5})([A-Za-z]+)$/.exec(text) ?? [];
  const bytes = Number(count) * (SIZES.get(unit ?? "") ?? Number.NaN);
  return bytes <= LARGEST_BODY ? bytes : null;
}

/** What `parse` understands, or a refusal that says how it is written; `hides` keeps values out of the refusal. */
export function understood<T>(
  parse: (value: unknown) => T | null,
  fix: string,
  hides: boolean | ((value: unknown) => boolean) = false,
) {
  const read = z.transform((input: unknown, { issues }): T => {
    const value = parse(input);
    if (value !== null) return value;
    const hidden = typeof hides === "boolean" ? hides : hides(input);
    issues.push({ code: "custom", message: fix, input, params: { hidden } });
    return z.NEVER;
  });
  return z.pipe(z.unknown(), read);
}

/** Text that `parse` understands. */
export function written<T>(parse: (text: string) => T | null, fix: string) {
  return understood((value) => (typeof value === "string" ? parse(value) : null), fix);
}

/** Text that fits a form. */
export function spelled(form: RegExp, fix: string) {
  return written((text) => (form.test(text) ? text : null), fix);
}

/** One of them, or a list of them. */
export function list<T extends z.ZodMiniType>(item: T, fixEmpty: string) {
  return z.pipe(
    z.transform((input: unknown) => (input === undefined || Array.isArray(input) ? (input ?? []) : [input])),
    z.array(item, fixEmpty).check(z.minLength(1, fixEmpty)),
  );
}

/**
 * The relay's own secrets are no choice here: one that a provider or a receiver knows as well would open the API, or
 * let it derive every destination's key.
 */
export const SECRET_NAME = /^(?!(?:ADMIN_TOKEN|(?:SIGNING|ENCRYPTION)_KEY(?:_OLD)?)$)[A-Z][A-Z0-9_]{0,127}$/;

/** Name of the secret that a source has if it names none. */
export function conventionalSecret(source: string): string {
  return `${source.toUpperCase().replaceAll("-", "_")}_SECRET`;
}

/** Whoever writes the secret in the place of its name must not find it in a log as well. */
export const secretName = understood(
  (value) => (typeof value === "string" && SECRET_NAME.test(value) ? value : null),
  "is not the name of a secret. Write a name such as BILLING_KEY, not its value, and none that the relay uses itself",
  true,
);
