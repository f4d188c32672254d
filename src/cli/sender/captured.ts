// A request as somebody has captured it: a curl command, an entry of a HAR file, or raw HTTP. Pure.
import * as z from "zod";
import { decodeBase64 } from "../../bytes/encoding.ts";
import { parseJson } from "../../bytes/json.ts";
import type { Inbound } from "../../verify/readings.ts";

/** The request, or why the text is none. */
export type Captured = Inbound | { readonly why: string };

const encoder = new TextEncoder();

/**
 * Reads a capture; which kind it is shows.
 *
 * @param entry which request of a HAR file, from 1
 * @param url stands for the URL of a raw request, which knows only its path
 */
export function captured(bytes: Uint8Array, entry: number, url: string | null): Captured {
  const text = new TextDecoder().decode(bytes);
  if (/^\s*(?:\$ )?curl\s/.test(text)) return fromCurl(text);
  if (/^\s*\{/.test(text)) return fromHar(text, entry);
  return fromRaw(bytes, url);
}

const headers = z.array(z.object({ name: z.string(), value: z.string() }));
const har = z.object({
  log: z.object({
    entries: z.array(
      z.object({
        request: z.object({
          method: z.string(),
          url: z.url(),
          headers,
          postData: z.object({ text: z.string().default(""), encoding: z.string().optional() }).optional(),
        }),
      }),
    ),
  }),
});

function fromHar(text: string, entry: number): Captured {
  const parsed = har.safeParse(parseJson(text, Number.POSITIVE_INFINITY));
  if (!parsed.success) return { why: "it is JSON, and no HAR file: it has no log.entries with requests" };
  const { entries } = parsed.data.log;
  const request = entries[entry - 1]?.request;
  if (request === undefined) return { why: `it has ${entries.length} requests: choose one with --entry` };
  const { postData } = request;
  const body = postData?.encoding === "base64" ? decodeBase64(postData.text) : encoder.encode(postData?.text ?? "");
  // HTTP/2's own names, such as :method, are no headers.
  const real = request.headers.filter(({ name }) => !name.startsWith(":"));
  return made(
    request.method,
    request.url,
    real.map(({ name, value }) => [name, value] as const),
    body ?? new Uint8Array(),
  );
}

/** Options of curl that take a value which says nothing of the request. */
const BESIDE = new Set([
  "-o",
  "--output",
  "-m",
  "--max-time",
  "--connect-timeout",
  "-x",
  "--proxy",
  "--retry",
  "-w",
  "--write-out",
]);
const DATA = new Set(["-d", "--data", "--data-raw", "--data-binary", "--data-ascii"]);

function fromCurl(text: string): Captured {
  const words = shellWords(text);
  if (words === null) return { why: "the curl command has a quote that is not closed" };
  let method: string | null = null;
  let url: string | null = null;
  const found: [string, string][] = [];
  const data: string[] = [];
  for (let n = 1; n < words.length; n += 1) {
    const [option = "", inline] = /^--[a-z-]+=/.test(words[n] ?? "") ? split(words[n] ?? "", "=") : [words[n]];
    const value = () => inline ?? words[(n += 1)] ?? "";
    if (option === "-X" || option === "--request") method = value();
    else if (option === "-H" || option === "--header") found.push(split(value(), ":"));
    else if (DATA.has(option)) data.push(value());
    else if (option === "-u" || option === "--user")
      found.push(["authorization", `Basic ${Buffer.from(value()).toString("base64")}`]);
    else if (option === "-A" || option === "--user-agent") found.push(["user-agent", value()]);
    else if (option === "--url") url = value();
    else if (BESIDE.has(option)) value();
    else if (!option.startsWith("-")) url = option;
  }
  if (data.some((one) => one.startsWith("@")))
    return { why: "its body is in another file (@…): put it into the command, or capture the request as raw HTTP" };
  if (url === null || !URL.canParse(url)) return { why: "the curl command has no whole URL" };
  if (data.length > 0 && !found.some(([name]) => name.toLowerCase() === "content-type"))
    found.push(["content-type", "application/x-www-form-urlencoded"]);
  return made(method ?? (data.length > 0 ? "POST" : "GET"), url, found, encoder.encode(data.join("&")));
}

/** As a POSIX shell splits it, without expansion; `$'…'` as Chrome writes it. `null` where a quote stays open. */
function shellWords(text: string): string[] | null {
  const words: string[] = [];
  let word: string | null = null;
  const joined = text.replaceAll(/\\\r?\n/g, " ").trim();
  const piece = /\$'((?:\\.|[^'\\])*)'|'([^']*)'|"((?:\\.|[^"\\])*)"|\\(.)|(\s+)|([^\s'"\\]+)|(.)/gsy;
  for (const [, ansi, single, double, escaped, space, bare, stray] of joined.matchAll(piece)) {
    if (stray !== undefined) return null;
    if (space === undefined)
      word =
        (word ?? "") +
        (ansi === undefined
          ? (single ?? double?.replaceAll(/\\(["\\$`])/g, "$1") ?? escaped ?? bare ?? "")
          : unescaped(ansi));
    else if (word !== null) {
      words.push(word);
      word = null;
    }
  }
  return word === null ? words : [...words, word];
}

const ESCAPES: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t" };

function unescaped(text: string): string {
  return text.replaceAll(/\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|(.))/gs, (_, u?: string, x?: string, one = "") =>
    u === undefined && x === undefined ? (ESCAPES[one] ?? one) : String.fromCharCode(Number.parseInt(u ?? x ?? "", 16)),
  );
}

function split(text: string, at: string): [string, string] {
  const n = text.indexOf(at);
  return n < 0 ? [text, ""] : [text.slice(0, n).trim(), text.slice(n + 1).trim()];
}

/** The body is what stands behind the first empty line, byte for byte. */
function fromRaw(bytes: Uint8Array, url: string | null): Captured {
  const latin = Buffer.from(bytes).toString("latin1");
  const end = /\r?\n\r?\n/.exec(latin);
  const [first = "", ...lines] = (end === null ? latin : latin.slice(0, end.index)).split(/\r?\n/);
  const [, method, target = ""] = /^([A-Z]+) (\S+)(?: HTTP\/[\d.]+)?$/.exec(first.trim()) ?? [];
  if (method === undefined)
    return {
      why: "it is no curl command, no HAR file, and does not begin with a request line such as POST /in/github HTTP/1.1",
    };
  const found = lines.filter((line) => line.trim() !== "").map((line) => split(line, ":"));
  const host = found.find(([name]) => name.toLowerCase() === "host")?.[1] ?? "unknown.invalid";
  const whole = url ?? (URL.canParse(target) ? target : `https://${host}${target}`);
  if (!URL.canParse(whole)) return { why: `${whole} is no URL` };
  return made(method, whole, found, end === null ? new Uint8Array() : bytes.subarray(end.index + end[0].length));
}

function made(method: string, url: string, pairs: readonly (readonly [string, string])[], body: Uint8Array): Captured {
  try {
    return {
      method: method.toUpperCase(),
      url,
      headers: new Headers(pairs.map(([name, value]): [string, string] => [name, value])),
      body,
    };
  } catch (error) {
    return { why: `a header of it cannot be sent: ${error instanceof Error ? error.message : String(error)}` };
  }
}
