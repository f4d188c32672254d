// What a destination's headers and parameters hold: secrets in their places, and what people may see of it. Pure.
import { error, type Finding, show, warning } from "./findings.ts";
import { type Filling, parseFilling } from "./filling.ts";
import type { Reading } from "./reading.ts";

/** Headers and parameters of a destination, and what each may hold, in characters: more is a slip, or a body. */
const MOST = 30;
const LONGEST = 4_096;
/** What no header can carry, and a parameter has no use for. */
const UNSENDABLE = /[^\x20-\x7e]/;
/** What stands under such a name is a credential. */
const CREDENTIAL = /auth|token|secret|passw|credential|cookie|api[-_]?key|access[-_]?key|^key$|^sig(?:nature)?$/i;

export type Given = Readonly<Record<string, string>> | undefined;

/** Each of a table's values: filled in, and as it may be shown. */
interface Filled {
  readonly values: Readonly<Record<string, string>>;
  readonly written: Readonly<Record<string, string>>;
}

/** @param secrets what the values name is added, `null` for what is not set or cannot be sent */
export function fill(
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
