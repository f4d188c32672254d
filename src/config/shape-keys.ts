// The keys of a destination that say in which shape it gets events, and how their values are written; touches nothing.
import * as z from "zod/mini";
import { LONGEST_ATTEMPT_MS, SHORTEST_ATTEMPT_MS } from "../deadlines.ts";
import { isMediaType } from "../net/headers.ts";
import type { Format, Method } from "../scheme/shape.ts";
import type { AsKey } from "./as.ts";
import { parseDuration, parseSize, understood, written } from "./forms.ts";

/** Methods that have a body, which is the event. */
const METHODS: readonly Method[] = ["POST", "PUT", "PATCH", "DELETE"];

const FORMATS: readonly Format[] = [
  "standard",
  "standard-v1a",
  "cloudevents",
  "cloudevents-structured",
  "passthrough",
  "none",
];

/** Names and values as they are written. What stands there is not repeated: it may be a secret in the wrong place. */
export function texts(fix: string) {
  const text = understood(
    (value) => (typeof value === "string" ? value : null),
    "is not text. Write it in quotes",
    true,
  );
  return z.record(z.string(), text, fix);
}

function parseMethod(text: string): Method | null {
  return METHODS.find((method) => method === text) ?? null;
}

/** A name, or the two keys by which a source describes its sender. */
function parseAs(value: unknown): AsKey | null {
  if (typeof value === "string" && value.trim() !== "") return value;
  if (typeof value !== "object" || value === null || !("provider" in value)) return null;
  if (Object.keys(value).some((key) => key !== "provider" && key !== "settings")) return null;
  const settings = "settings" in value ? value.settings : {};
  if (typeof settings !== "object" || settings === null || Array.isArray(settings)) return null;
  const pairs = Object.entries(settings).map(([name, text]: [string, unknown]) => [name, String(text)]);
  return { provider: value.provider, settings: Object.fromEntries(pairs) };
}

/** `"above 8KiB"` in bytes. */
function parseAbove(text: string): number | null {
  const [, size] = /^above (\S+)$/.exec(text) ?? [];
  return size === undefined ? null : parseSize(size);
}

function parseTimeout(text: string): number | null {
  const ms = parseDuration(text);
  return ms !== null && ms >= SHORTEST_ATTEMPT_MS && ms <= LONGEST_ATTEMPT_MS ? ms : null;
}

export const shapeKeys = {
  headers: z.optional(texts('is not a table. Write it as { authorization = "Bearer $CRM_TOKEN" }')),
  query: z.optional(texts('is not a table. Write it as { key = "$CRM_KEY" }')),
  members: z.optional(texts('is not a table. Write it as { routing_key = "$PAGER_KEY" }')),
  method: z.optional(
    written(
      parseMethod,
      `is no method that an event can be sent with. Write one of ${METHODS.join(", ")}, in capitals; the others have no body`,
    ),
  ),
  content_type: z.optional(
    written((text) => (isMediaType(text) ? text : null), 'is no media type. Write it as "application/vnd.acme+json"'),
  ),
  format: z.optional(
    written(
      (text) => FORMATS.find((format) => format === text) ?? null,
      `is no format. Write one of ${FORMATS.join(", ")}`,
    ),
  ),
  as: z.optional(
    understood(
      parseAs,
      'is no sender. Write the name of one, such as "github", or { provider = "…", settings = { … } } as a source has them',
    ),
  ),
  gzip: z.optional(written(parseAbove, 'is no limit. Write it as "above 8KiB"; the units are KiB and MiB')),
  timeout: z.optional(written(parseTimeout, 'is no time that an attempt may take. Write it as "10s", from 1s to 30s')),
};
