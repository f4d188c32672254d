// In which shape does a destination get events? Its keys become what an attempt needs, once. Touches nothing.
import { ATTEMPT_MS } from "../deadlines.ts";
import { longestFirst, secretParts, spellingsOf } from "../net/excerpt.ts";
import { destinationUrl } from "../net/egress.ts";
import { withQuery } from "../net/query.ts";
import type { As, Shape } from "../scheme/shape.ts";
import { error, type Finding, show } from "./findings.ts";
import type { Reading } from "./reading.ts";
import { headerFault, memberFault, queryFault } from "./sent-names.ts";
import { fill } from "./filled.ts";

/** What the keys of `shape-keys.ts` came to. */
export interface ShapeKeys {
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly query?: Readonly<Record<string, string>> | undefined;
  readonly members?: Readonly<Record<string, string>> | undefined;
  readonly method?: Shape["method"] | undefined;
  readonly content_type?: string | undefined;
  readonly format?: Shape["format"] | undefined;
  readonly as?: As | undefined;
  readonly gzip?: number | undefined;
  readonly timeout?: number | undefined;
}

/**
 * The shape, or `undefined` where the destination asks for none; `null` with findings where a key is wrong.
 *
 * @param url as it is configured, already judged; `secretUrl` says that it is a secret itself
 */
export function readShape(
  key: string,
  keys: ShapeKeys,
  { url, secretUrl }: { readonly url: string | null; readonly secretUrl: boolean },
  reading: Reading,
): Shape | undefined | null {
  const { headers, query, members, method, content_type: contentType, gzip, timeout, as } = keys;
  const format = as === undefined ? (keys.format ?? "standard") : "as";
  const plain = [headers, query, members, method, contentType, gzip, timeout].every((one) => one === undefined);
  if (plain && format === "standard") return undefined;
  const clashes = clashesOf(key, format, keys);
  reading.findings.push(...clashes);
  if (clashes.length > 0) return null;
  const secrets = new Map<string, string | null>();
  const inHeaders = fill(`${key}.headers`, headers, headerFault, secrets, reading);
  const inQuery = fill(`${key}.query`, query, queryFault, secrets, reading);
  const inBody = fill(`${key}.members`, members, memberFault, secrets, reading);
  if (inHeaders === null || inQuery === null || inBody === null) return null;
  const unset = [...secrets].flatMap(([name, value]) => (value === null ? [name] : []));
  const full = url === null || unset.length > 0 ? null : withQuery(url, inQuery.values);
  const judged = full === null || full === url ? null : destinationUrl(full, reading);
  if (judged?.ok === false) {
    reading.findings.push(error(`${key}.query`, `makes a URL that ${judged.why}`));
    return null;
  }
  const sent = [...secrets.values()].filter((value) => value !== null);
  const values = [...sent.flatMap(spellingsOf), ...sent.map((value) => JSON.stringify(value).slice(1, -1))];
  return {
    method: method ?? "POST",
    format,
    ...(as === undefined ? {} : { as }),
    ...(format.startsWith("cloudevents") ? { origin: reading.origin } : {}),
    url: full,
    headers: contentType === undefined ? inHeaders.values : { ...inHeaders.values, "content-type": contentType },
    ...(members === undefined ? {} : { members: inBody.values }),
    gzipAbove: gzip ?? null,
    timeoutMs: timeout ?? ATTEMPT_MS,
    hidden: longestFirst([...values, ...(secretUrl && full !== null ? secretParts(full) : [])]),
    sent: [...secrets.keys()],
    unset,
    written: {
      headers: inHeaders.written,
      query: inQuery.written,
      ...(members === undefined ? {} : { members: inBody.written }),
    },
  };
}

/** What a format writes itself cannot be asked for as well. */
function clashesOf(
  key: string,
  format: Shape["format"],
  { headers, members, content_type: contentType }: ShapeKeys,
): Finding[] {
  if (format === "passthrough" && members !== undefined)
    return [error(`${key}.members`, "change the body, and its sender has signed it as it came. Leave one of them out")];
  if (!format.startsWith("cloudevents")) return [];
  const theirs = Object.keys(headers ?? {}).filter((name) => /^ce-/i.test(name));
  const faults = theirs.map((name) =>
    error(`${key}.headers.${name}`, "is an attribute of the CloudEvent, which the format writes. Leave it out"),
  );
  if (format !== "cloudevents-structured" || contentType === undefined) return faults;
  const says = `${show(contentType)} cannot be: the body is a CloudEvent, and says so itself. Leave it out`;
  return [...faults, error(`${key}.content_type`, says)];
}
