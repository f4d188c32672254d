// Every key of a source, a destination and a route, and how its value is written; touches nothing.
import * as z from "zod/mini";
import {
  list,
  LONGEST_WAIT_MS,
  MIB,
  NAME,
  parseDuration,
  parseSize,
  secretName,
  spelled,
  understood,
  written,
} from "./forms.ts";
import { parseNetwork } from "../net/cidr.ts";
import { breakerKeys } from "./breaker-keys.ts";
import { PRESETS } from "../out/retry.ts";
import { destinationEndKeys, sourceEndKeys } from "./ending.ts";
import { gapKeys } from "./gap-keys.ts";
import { hydrateKeys } from "./hydrate-keys.ts";
import { orderKeys } from "./order-keys.ts";
import { replyKeys } from "./reply-keys.ts";
import { retentionKeys } from "./retention.ts";
import { sealKeys } from "./seal-keys.ts";
import { shapeKeys } from "./shape-keys.ts";
import type { Rate } from "../types.ts";

const LARGEST_BURST = 1_000_000;
/** Of a destination: its object remembers each of them for as long as the period lasts, in 128 MB. */
const LARGEST_RATE = 100_000;
const MOST_AT_ONCE = 1_000;
/** Attempts cost rows; nobody reads about the fortieth. */
const MOST_WAITS = 30;

const PERIODS = new Map([
  ["s", 1_000],
  ["min", 60_000],
  ["h", 3_600_000],
  ["day", 86_400_000],
]);

/** `"600/min"`: that many at once, refilled evenly over the period. At most a million. */
function parseRate(text: string, most = LARGEST_BURST): Rate | null {
  const [, count, unit] = /^([1-9]\d{0,6})\/([a-z]+)$/.exec(text) ?? [];
  const periodMs = PERIODS.get(unit ?? "");
  const burst = Number(count);
  return periodMs === undefined || burst > most ? null : { burst, periodMs };
}

/** `300` or `"10m"` in seconds, up to seven days. */
function parseTolerance(value: unknown): number | null {
  const ms = typeof value === "string" ? parseDuration(value) : typeof value === "number" ? value * 1000 : null;
  return ms !== null && Number.isInteger(ms / 1000) && ms >= 1000 && ms <= LONGEST_WAIT_MS ? ms / 1000 : null;
}

/** When the next attempt is made, and after which answers none is. */
interface RetryRule {
  readonly waits: readonly number[];
  readonly statuses?: { readonly giveUpOn: readonly number[]; readonly retryOn: readonly number[] };
}

/** A schedule, or `{ schedule = "standard", give_up_on = ["4xx"], retry_on = [404] }`. */
function parseRetry(value: unknown): RetryRule | null {
  const waits = parseWaits(value);
  if (waits !== null) return { waits };
  if (typeof value !== "object" || value === null || Array.isArray(value)) return null;
  if (Object.keys(value).some((key) => !["schedule", "give_up_on", "retry_on"].includes(key))) return null;
  const { schedule = "standard", give_up_on: ends = [], retry_on: goesOn = [] }: Record<string, unknown> = { ...value };
  const [own, giveUpOn, retryOn] = [parseWaits(schedule), parseStatuses(ends), parseStatuses(goesOn)];
  if (own === null || giveUpOn === null || retryOn === null || giveUpOn.some((one) => retryOn.includes(one)))
    return null;
  return { waits: own, ...(giveUpOn.length + retryOn.length === 0 ? {} : { statuses: { giveUpOn, retryOn } }) };
}

/** Statuses from 300 on as they are, and hundreds of them as their first digit. */
function parseStatuses(value: unknown): readonly number[] | null {
  if (!Array.isArray(value)) return null;
  const read = value.flatMap((one) => {
    const [, hundred] = /^([345])xx$/.exec(String(one)) ?? [];
    if (hundred !== undefined) return [Number(hundred)];
    return /^[345]\d\d$/.test(String(one)) ? [Number(one)] : [];
  });
  return read.length === value.length ? read : null;
}

function parseWaits(value: unknown): readonly number[] | null {
  if (value === "standard" || value === "quick") return PRESETS[value];
  if (!Array.isArray(value) || value.length > MOST_WAITS) return null;
  const waits = value.flatMap((wait) => (typeof wait === "string" ? (parseDuration(wait) ?? []) : []));
  return waits.length === value.length ? waits : null;
}

/** What a receiver pins: it becomes a header, and the name of a transform. */
export const VERSION = /^(?!default$)[A-Za-z0-9][A-Za-z0-9._-]{0,31}$/;

/** Under which name the transform of all other versions stands. */
export const OTHERWISE = "default";

const transformText = written(
  (text) => (text.trim() === "" ? null : text),
  `is no transform. Write it in quotes, as in transform = '{ "text": body.user.name }', or one for each version: { default = "…", "2026-11-01" = "…" }`,
);

/** How repeats of a source are told: by a template, `null` for not at all, and for how long. */
interface DedupeRule {
  readonly by: string | null;
  readonly windowMs: number | null;
}

/** What `dedupe = "body"` stands for. */
const BODY = "{body-sha256-hex}";

function parseDedupe(value: unknown): DedupeRule | null {
  if (typeof value === "string") return dedupeBy(value, null);
  if (typeof value !== "object" || value === null || Object.keys(value).some((key) => key !== "by" && key !== "window"))
    return null;
  const { by, window }: { by?: unknown; window?: unknown } = value;
  const windowMs = typeof window === "string" ? parseDuration(window) : null;
  if (typeof by !== "string" || (window !== undefined && windowMs === null)) return null;
  // Nothing to tell apart, so nothing that could end.
  if (by === "none" && windowMs !== null) return null;
  return dedupeBy(by, windowMs);
}

function dedupeBy(by: string, windowMs: number | null): DedupeRule | null {
  if (by === "none") return { by: null, windowMs };
  if (by === "body") return { by: BODY, windowMs };
  // Text without a place would be the same for every request: all of them would be one event.
  return by.includes("{") ? { by, windowMs } : null;
}

function parseUrl(value: string): string | null {
  const protocol = URL.parse(value)?.protocol;
  return protocol === "https:" || protocol === "http:" ? value : null;
}

/** A binding of wrangler.toml, which is the name of a member of `env`. */
function bindingName(kind: string) {
  return z.optional(
    spelled(
      /^[A-Za-z_$][\w$]{0,63}$/,
      `is not the name of a binding. Write one as it stands in wrangler.toml, such as ${kind} = "ARCHIVE"`,
    ),
  );
}

/** Stands among the networks of `allow` for those that the provider publishes. */
export const PUBLISHED = "provider";

export const sourceKeys = z.strictObject({
  /** A name of the catalogue, `hmac` or `token` with `settings`, or a whole table: `resolveProvider` judges it. */
  provider: z.optional(z.unknown()),
  settings: z.optional(
    z.record(
      z.string(),
      understood(
        (value) => (["string", "number", "boolean"].includes(typeof value) ? String(value) : null),
        "is not text, a number, true or false. Write it in quotes",
      ),
      'is not a table. Write it as { header = "X-Signature" }',
    ),
  ),
  secrets: z.optional(list(secretName, "names no secret. Leave it out to use the one named after the source")),
  allow: z.optional(
    list(
      written(
        (text) => (text === PUBLISHED ? PUBLISHED : parseNetwork(text)),
        'is not a network. Write an address, or a range whose host bits are zero, such as 192.30.252.0/22 or 2a0a:a440::/29, or "provider" for those that the provider publishes',
      ),
      "admits nobody. Leave it out to admit every address",
    ),
  ),
  rate: z.optional(
    written(
      parseRate,
      'is not a rate. Write it as "600/min"; the units are s, min, h and day, and the most is 1000000',
    ),
  ),
  max_body: z._default(written(parseSize, 'is not a size. Write it as "512KiB" or "1MiB"; the most is "25MiB"'), MIB),
  tolerance: z.optional(
    understood(
      parseTolerance,
      'is no time. Write seconds, such as 300, or "10m"; the units are s, m, h and d, and the most is 7d',
    ),
  ),
  dedupe: z.optional(
    understood(
      parseDedupe,
      'is no rule. Write "body", "none", a template such as "{json:id}/{json:status}", or with an end, { by = "body", window = "5m" }; the units are s, m, h and d, and the most is 7d',
    ),
  ),
  hydrate: z.optional(hydrateKeys),
  gaps: z.optional(gapKeys),
  ...sealKeys,
  ...retentionKeys,
  ...sourceEndKeys,
  public_url: z.optional(
    written(
      parseUrl,
      'is not a URL. Write the one that the provider was given, such as "https://hooks.example.com/in/acme"',
    ),
  ),
});

export const destinationKeys = z.strictObject({
  url: z.optional(written((text) => text, 'is not text. Write it as "https://…"')),
  url_secret: z.optional(secretName),
  inspect: z.optional(
    z.literal(true, "is not true. Write true without quotes, or leave it out where the destination has a URL"),
  ),
  service: bindingName("service"),
  queue: bindingName("queue"),
  r2: bindingName("r2"),
  email: bindingName("email"),
  tunnel: z.optional(
    z.literal(true, "is not true. Write true without quotes, or leave it out where the destination has a URL"),
  ),
  // What stands there is not repeated: under this name people write secrets, too.
  key: z.optional(
    understood(
      (value) => (typeof value === "string" ? value : null),
      'is not text. Write it as "{source}/{date}/{event}.json"',
      true,
    ),
  ),
  script: z.optional(written((text) => text, 'is not text. Write it as "503x3, ok"')),
  secret: z.optional(secretName),
  retry: z._default(
    understood(
      parseRetry,
      `is no schedule. Write "standard", "quick", or up to ${MOST_WAITS} waits from 1s to 7d, such as ["5s", "1m", "1h"], or with rules for answers from 300 on, { schedule = "standard", give_up_on = ["4xx"], retry_on = [404, 429] }`,
    ),
    { waits: PRESETS.standard },
  ),
  on_failed: z.optional(
    spelled(NAME, "is not the name of a destination. Write one as it stands in [vars.DESTINATIONS.name]"),
  ),
  max_age: z.optional(
    written(parseDuration, 'is no time. Write it as "1d"; the units are s, m, h and d, and the most is 7d'),
  ),
  version: z.optional(
    spelled(VERSION, 'is no version. Write letters, digits, dots and hyphens, as in version = "2026-11-01"'),
  ),
  rate: z.optional(
    written(
      (text) => parseRate(text, LARGEST_RATE),
      `is not a rate. Write it as "10/s"; the units are s, min, h and day, and the most is ${LARGEST_RATE}`,
    ),
  ),
  concurrency: z.optional(
    understood(
      (value) =>
        Number.isInteger(value) && Number(value) >= 1 && Number(value) <= MOST_AT_ONCE ? Number(value) : null,
      `is no number of deliveries at a time. Write one from 1 to ${MOST_AT_ONCE}, without quotes`,
    ),
  ),
  ...orderKeys,
  ...breakerKeys,
  ...destinationEndKeys,
  ...shapeKeys,
});

export const routeKeys = z.strictObject({
  from: list(
    spelled(NAME, "is not the name of a source. Write one as it stands in [vars.SOURCES.name]"),
    "names no source. Write the name of one, or a list of them",
  ),
  events: z.optional(
    list(
      spelled(
        /^\S(?:.{0,254}\S)?$/,
        'is not a pattern. Write the type of an event, in which * stands for anything, such as "invoice.*"',
      ),
      "names no event. Leave it out to route all of them",
    ),
  ),
  to: list(
    spelled(NAME, "is not the name of a destination. Write one as it stands in [vars.DESTINATIONS.name]"),
    "names no destination. Write the name of one, or a list of them",
  ),
  when: z.optional(
    written(
      (text) => (text.trim() === "" ? null : text),
      'is no condition. Write it in quotes, as in when = "body.amount >= 100"',
    ),
  ),
  transform: z.optional(z.union([transformText, z.record(z.string(), transformText)])),
  ...replyKeys,
  enabled: z._default(z.boolean("is neither true nor false. Write true or false, without quotes"), true),
});
