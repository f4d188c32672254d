// The body of an event as a page shows it: its first piece only, as JSON in order, as text, or as bytes. Pure.
import type { EventStory } from "../../contract/history.ts";
import { decodeBody } from "../../bytes/body.ts";
import { encodeHex } from "../../bytes/encoding.ts";
import { parsedStrictly } from "../../bytes/json.ts";
import { Locked } from "../../bytes/vault.ts";

export type BodyStyle = "pretty" | "raw" | "hex";

/** Largest body that is put in order, in bytes. */
const PRETTY_BYTES = 256 * 1024;
/** What is shown of a larger one, in bytes; as rows of 16, a fourth of it. */
const OPENING_BYTES = 64 * 1024;
const HEX_BYTES = 4 * 1024;

export interface BodyView {
  readonly style: BodyStyle;
  /** The styles that this body can be shown in. */
  readonly styles: readonly BodyStyle[];
  readonly text: string;
  /** The body as it came, where all of it was read and it is text. */
  readonly whole: string | null;
  /** How many bytes of it are shown; less than its size where it was cut. */
  readonly shown: number;
  /** Why it is not shown as was asked, in words. */
  readonly note: string | null;
}

/** @param pieces as `Operator.event` gives them: no more is read of them than is shown */
export async function viewBody(
  { encoding, size }: Pick<EventStory, "encoding" | "size">,
  pieces: AsyncIterable<string>,
  asked: string | undefined,
): Promise<BodyView> {
  const opened = await opening(pieces, encoding, size <= PRETTY_BYTES ? PRETTY_BYTES : OPENING_BYTES).catch(whyClosed);
  if (typeof opened === "string")
    return { style: "raw", styles: ["raw"], text: "", whole: null, shown: 0, note: `It cannot be shown: ${opened}.` };
  const bytes = opened;
  if (encoding === "base64" || asked === "hex") {
    const styles: BodyStyle[] = encoding === "base64" ? ["hex"] : ["pretty", "raw", "hex"];
    const shown = bytes.subarray(0, HEX_BYTES);
    const note = encoding === "base64" ? "Not text, so it is shown as bytes." : null;
    return { style: "hex", styles, text: hexDump(shown), whole: null, shown: shown.length, note };
  }
  const styles: BodyStyle[] = ["pretty", "raw", "hex"];
  const text = new TextDecoder("utf-8", { fatal: false, ignoreBOM: true }).decode(bytes).replace(/\ufffd$/, "");
  const whole = bytes.length === size ? text : null;
  const raw = { style: "raw", styles, text, whole, shown: bytes.length } as const;
  if (asked === "raw") return { ...raw, note: null };
  if (whole === null) return { ...raw, note: "Too large to be formatted, so it is shown as received." };
  const pretty = indentJson(text);
  return pretty === null
    ? { ...raw, note: size === 0 || asked !== "pretty" ? null : "Not JSON, so it is shown as received." }
    : { ...raw, style: "pretty", text: pretty, note: null };
}

/** What there is to do, where the rest of the event can be shown. */
function whyClosed(error: unknown): string {
  if (error instanceof Locked) return error.message;
  throw error;
}

/** The first bytes of a body, without asking for the rest of it. */
async function opening(
  pieces: AsyncIterable<string>,
  encoding: EventStory["encoding"],
  most: number,
): Promise<Uint8Array> {
  let text = "";
  // A character is three bytes of text at most, and base64 has four characters for three bytes.
  for await (const piece of pieces) {
    text += piece.slice(0, most * 2 - text.length);
    if (text.length >= most * 2) break;
  }
  return decodeBody(encoding, text.slice(0, text.length - (encoding === "base64" ? text.length % 4 : 0))).subarray(
    0,
    most,
  );
}

/**
 * JSON with a line for every member. Its tokens stay as they were written: a number of 20 digits is not rounded, and
 * what is twice in an object is shown twice. `null` for what is no JSON.
 */
export function indentJson(text: string): string | null {
  if (parsedStrictly(text) === undefined) return null;
  const out: string[] = [];
  let [depth, length, previous] = [0, 0, ""];
  for (const [token] of text.matchAll(TOKEN)) {
    const closes = token === "}" || token === "]";
    if (closes) depth -= 1;
    const opened = previous === "{" || previous === "[";
    const breaks = opened ? !closes : closes || previous === ",";
    const written = (breaks ? `\n${"  ".repeat(Math.min(depth, DEEPEST))}` : "") + (token === ":" ? ": " : token);
    length += written.length;
    if (length > LONGEST_PRETTY) return null;
    out.push(written);
    if (token === "{" || token === "[") depth += 1;
    previous = token;
  }
  return out.join("");
}

/**
 * Levels that are indented, and characters that are put in order:
 * JSON that is nothing but brackets would be gigabytes of blanks.
 */
const DEEPEST = 24;
const LONGEST_PRETTY = 1024 * 1024;
const TOKEN = /"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\]:,]|[^\s{}[\]:,"]+/g;

/** Sixteen bytes a row: where, which, and what they are in ASCII. */
export function hexDump(bytes: Uint8Array): string {
  const rows = [];
  for (let at = 0; at < bytes.length; at += 16) {
    const row = [...bytes.subarray(at, at + 16)];
    const digits = row.map((byte) => encodeHex(Uint8Array.of(byte)));
    const left = digits.slice(0, 8).join(" ").padEnd(23);
    const right = digits.slice(8).join(" ").padEnd(23);
    const text = row.map((byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : "·")).join("");
    rows.push(`${at.toString(16).padStart(6, "0")}  ${left}  ${right}  ${text}`);
  }
  return rows.join("\n");
}
