// Whether an event is about a subject: the value at a place of it, known by its digest alone. Pure.
import { encodeHex } from "../bytes/encoding.ts";
import { textsAt } from "./redact.ts";

/** What is looked for. */
interface Sought {
  /** `body.customer.id`. */
  readonly place: string;
  readonly salt: string;
  readonly digest: string;
}

const encoder = new TextEncoder();

/** By a salt, two jobs about one subject cannot be told to be about the same; it keeps nobody from trying values. */
export async function digestOf(salt: string, value: string): Promise<string> {
  const bytes = encoder.encode(`${salt}\n${value}`);
  return encodeHex(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)));
}

/** `null` where it cannot be judged: its body is no JSON and no form. */
export async function isAbout(
  { place, salt, digest }: Sought,
  headers: Readonly<Record<string, string>>,
  body: Uint8Array,
): Promise<boolean | null> {
  const texts = textsAt(place.split("."), headers, body);
  if (texts === null) return null;
  for (const text of new Set(texts)) if ((await digestOf(salt, text)) === digest) return true;
  return false;
}
