// Under which key does an event become an object? A template, whose places each stay one piece. Pure.

/** What a place stands for. */
export interface Keyed {
  readonly id: string;
  readonly source: string;
  readonly type: string;
  /** When it was accepted, in ms. */
  readonly receivedAt: number;
}

const PLACES: Readonly<Record<string, (event: Keyed) => string>> = {
  event: ({ id }) => id,
  source: ({ source }) => source,
  type: ({ type }) => type,
  date: ({ receivedAt }) => new Date(receivedAt).toISOString().slice(0, "2026-03-01".length),
  hour: ({ receivedAt }) => new Date(receivedAt).toISOString().slice("2026-03-01T".length, "2026-03-01T09".length),
};

/** The key of a destination that names none. */
export const USUAL_KEY = "{source}/{date}/{event}";

/**
 * Longest template, and longest value of a place, in characters: a key may have 1,024 bytes
 * (https://developers.cloudflare.com/r2/platform/limits/).
 */
const LONGEST = { template: 200, value: 150 };

const PLACE = /\{([^{}]*)\}/g;

/** What is wrong with a template, as the end of a sentence that begins with it; `null` for nothing. */
export function keyFault(template: string): string | null {
  const names = [...template.matchAll(PLACE)].map(([, name = ""]) => name);
  const unknown = names.find((name) => !Object.hasOwn(PLACES, name));
  const all = Object.keys(PLACES).map((name) => `{${name}}`);
  if (unknown !== undefined) return `has a place that there is not. Take one of ${all.join(", ")}`;
  if (!names.includes("event"))
    return "would be the same for several events, each of which would take the other's place. Add {event}";
  if (new Set(names).size < names.length) return "has a place twice. Leave one of them out";
  if (template.length > LONGEST.template) return `is too long. Write ${LONGEST.template} characters at most`;
  const text = template.replaceAll(PLACE, "x");
  if (!/^[A-Za-z0-9._=@+/-]+$/.test(text))
    return "holds a character that is not taken. Write letters, digits, and . _ = @ + - / between the places";
  if (text.split("/").some((step) => /^\.*$/.test(step)))
    return 'is no path. Begin and end without a slash, and leave out empty steps, "." and ".."';
  return null;
}

/** The key of an event; the same over all its attempts, so that a repeat takes the place of what was there. */
export function objectKey(template: string, event: Keyed): string {
  return template.replaceAll(PLACE, (_, name: string) => piece(PLACES[name]?.(event) ?? ""));
}

/** As one step of a path, whatever the sender has written: no slash, no dot at its beginning, and not too long. */
function piece(value: string): string {
  let written = "";
  for (const character of value.toWellFormed()) {
    const more = encodeURIComponent(character);
    if (written.length + more.length > LONGEST.value) break;
    written += more;
  }
  return written.replace(/^\./, "%2E");
}
