// In which shape does a destination get events? Reads its keys into what an attempt needs, with its secrets filled in:
// once, when the configuration is read. Touches nothing.
import { ATTEMPT_MS } from "../deadlines.ts";
import { longestFirst, secretParts, spellingsOf } from "../net/excerpt.ts";
import { destinationUrl } from "../net/egress.ts";
import type { Shape } from "../types.ts";
import { error, type Finding, show, warning } from "./findings.ts";
import type { Reading } from "./reading.ts";
import { headerFault, queryFault } from "./sent-names.ts";
import { parseFilling, type Filling } from "./filling.ts";

/** What the keys of `shape-keys.ts` came to. */
export interface ShapeKeys {
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly query?: Readonly<Record<string, string>> | undefined;
  readonly method?: Shape["method"] | undefined;
  readonly content_type?: string | undefined;
  readonly gzip?: number | undefined;
  readonly timeout?: number | undefined;
}

/** Headers and parameters of a destination, and what each may hold, in characters: more is a slip, or a body. */
const MOST = 30;
const LONGEST = 4_096;
/** What no header can carry, and a parameter has no use for. */
const UNSENDABLE = /[^\x20-\x7e]/;
/** What stands under such a name is a credential. */
const CREDENTIAL = /auth|token|secret|passw|credential|cookie|api[-_]?key|access[-_]?key|^key$|^sig(?:nature)?$/i;

type Given = Readonly<Record<string, string>> | undefined;

/** Each of a table's values: filled in, and as it may be shown. */
interface Filled {
  readonly values: Readonly<Record<string, string>>;
  readonly written: Readonly<Record<string, string>>;
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
  const { headers, query, method, content_type: contentType, gzip, timeout } = keys;
  if ([headers, query, method, contentType, gzip, timeout].every((one) => one === undefined)) return undefined;
  const secrets = new Map<string, string | null>();
  const inHeaders = fill(`${key}.headers`, headers, headerFault, secrets, reading);
  const inQuery = fill(`${key}.query`, query, queryFault, secrets, reading);
  if (inHeaders === null || inQuery === null) return null;
  const unset = [...secrets].flatMap(([name, value]) => (value === null ? [name] : []));
  const full = url === null || unset.length > 0 ? null : withQuery(url, inQuery.values);
  const judged = full === null || full === url ? null : destinationUrl(full, reading);
  if (judged?.ok === false) {
    reading.findings.push(error(`${key}.query`, `makes a URL that ${judged.why}`));
    return null;
  }
  const values = [...secrets.values()].flatMap((value) => (value === null ? [] : spellingsOf(value)));
  return {
    method: method ?? "POST",
    url: full,
    headers: contentType === undefined ? inHeaders.values : { ...inHeaders.values, "content-type": contentType },
    gzipAbove: gzip ?? null,
    timeoutMs: timeout ?? ATTEMPT_MS,
    hidden: longestFirst([...values, ...(secretUrl && full !== null ? secretParts(full) : [])]),
    sent: [...secrets.keys()],
    unset,
    written: { headers: inHeaders.written, query: inQuery.written },
  };
}

/** The URL with more parameters. What they hold is percent-encoded: it can be nothing else than a parameter. */
export function withQuery(url: string, parameters: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(parameters).map((pair) =>
    pair.map((text) => encodeURIComponent(text.toWellFormed())).join("="),
  );
  return pairs.length === 0 ? url : `${url}${url.includes("?") ? "&" : "?"}${pairs.join("&")}`;
}

/** @param secrets what the values name is added, `null` for what is not set or cannot be sent */
function fill(
  key: string,
  given: Given,
  nameFault: (name: string) => string | null,
  secrets: Map<string, string | null>,
  reading: Reading,
): Filled | null {
  const faults: Finding[] = [];
  const values: Record<string, string> = {};
  const shown: Record<string, string> = {};
  const entries = Object.entries(given ?? {});
  if (entries.length > MOST) faults.push(error(key, `has ${entries.length} entries. Write ${MOST} at most`));
  for (const [written, text] of entries) {
    const name = key.endsWith(".headers") ? written.toLowerCase() : written;
    const at = `${key}.${written}`;
    const parsed = parseFilling(text);
    const wrong = Object.hasOwn(values, name)
      ? "is named twice, in another case. Leave one of them out"
      : (nameFault(name) ?? (typeof parsed === "string" ? parsed : textFault(parsed)));
    if (wrong !== null || typeof parsed === "string") {
      faults.push(error(at, wrong ?? ""));
      continue;
    }
    const plain = !parsed.some((piece) => "secret" in piece);
    if (plain && CREDENTIAL.test(name)) {
      const says =
        'stands in this file, where everybody who reads it can read it. If it is a secret, put it with npx wrangler secret put NAME, and write "$NAME" here';
      reading.findings.push(warning(at, says));
    }
    for (const piece of parsed) if ("secret" in piece) secrets.set(piece.secret, held(piece.secret, at, reading));
    values[name] = parsed.map((piece) => ("secret" in piece ? (secrets.get(piece.secret) ?? "") : piece.text)).join("");
    // Whoever may look at a destination need not see what was meant to be a secret.
    shown[name] = plain && CREDENTIAL.test(name) ? "…" : text;
  }
  reading.findings.push(...faults);
  return faults.length > 0 ? null : { values, written: shown };
}

function textFault(filling: Filling): string | null {
  const texts = filling.map((piece) => ("text" in piece ? piece.text : ""));
  if (texts.some((text) => UNSENDABLE.test(text)))
    return "holds a control character or a letter beyond ASCII, which is not sent. Write printable ASCII";
  if (texts.join("").length > LONGEST) return `is too long. Write ${LONGEST} characters at most`;
  return filling.length === 0 ? "is empty. Write something, or leave it out" : null;
}

/** The value of a secret, without the white space that a prompt or a file leaves at its end. */
function held(name: string, at: string, { secret, asked, findings }: Reading): string | null {
  asked.add(name);
  const value = secret(name)?.value.trim();
  if (value === undefined) return null;
  if (!UNSENDABLE.test(value) && value.length <= LONGEST) return value;
  const what =
    value.length > LONGEST ? `more than ${LONGEST} characters` : "a control character or a letter beyond ASCII";
  findings.push(
    error(
      at,
      `cannot be sent: the secret ${show(name)} holds ${what}. Put it once more: npx wrangler secret put ${name}`,
    ),
  );
  return null;
}
