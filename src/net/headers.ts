// Which headers of a request are kept and sent on, in what form, and how many relays it has passed. Pure.

/**
 * Longest value that is kept, and all of them together, in characters:
 * receivers refuse requests with more than 8 to 16 KB of headers.
 */
const VALUE_LIMIT = 1024;
const ALL_LIMIT = 8 * 1024;

/** How many relays have sent an event before this one. */
export const HOP = "hookline-hop";
/** So many relays may send an event, one after another; a destination that leads back to its relay ends here. */
export const MOST_HOPS = 5;

const TOKEN = "[\\w!#$%&'*+.^`|~-]+";
/** RFC 9110, 8.3.1, with parameters in printable ASCII. */
const MEDIA_TYPE = new RegExp(`^${TOKEN}/${TOKEN}(?:[ \\t]*;[\\x20-\\x7e]*)?$`);
const FORMS: Readonly<Record<string, RegExp>> = {
  "content-type": MEDIA_TYPE,
  "content-encoding": new RegExp(`^${TOKEN}(?:, *${TOKEN}){0,3}$`),
};

/** Whether a text says what a body is, and a header can carry it. */
export function isMediaType(text: string): boolean {
  return text.length <= VALUE_LIMIT && MEDIA_TYPE.test(text);
}

/**
 * The type alone, without parameters; what is none is bytes of no particular type,
 * so that their receiver does not guess.
 */
function typeIn(value: string): string {
  const [type = ""] = value.slice(0, VALUE_LIMIT).split(";", 1);
  return type.length <= 127 && MEDIA_TYPE.test(type.trim()) ? type.trim() : "application/octet-stream";
}

/**
 * The values that another server takes as they are: printable, and of a bounded length.
 *
 * @param names in lower case, in the order in which they are kept while there is room
 * @returns what is kept, and the names of what is not
 */
export function clean(
  values: { get(name: string): string | null | undefined },
  names: readonly string[],
): { readonly kept: Record<string, string>; readonly dropped: readonly string[] } {
  const kept: Record<string, string> = {};
  const dropped: string[] = [];
  let size = 0;
  for (const name of names) {
    const value = values.get(name);
    if (value === null || value === undefined) continue;
    const takes = FORMS[name] ?? /^[\x20-\x7e]*$/;
    const fits = value.length <= VALUE_LIMIT && size + name.length + value.length <= ALL_LIMIT;
    if (fits && takes.test(value)) {
      kept[name] = value;
      size += name.length + value.length;
    } else {
      dropped.push(name);
      if (name === "content-type") kept[name] = typeIn(value);
    }
  }
  return { kept, dropped };
}

/**
 * What is noted of the way that an event has come: the relays before this one, and this relay's own host where a
 * destination has it, so that the attempt sees the loop. `null` where there is nothing to note.
 *
 * @param hop the header as it came
 * @param host that the event came to
 * @param urls of the destinations that it goes to
 */
export function wayOf(hop: string | null, host: string, urls: readonly (string | null)[]): string | null {
  const hops = /^\d{1,3}$/.test(hop ?? "") ? Number(hop) : 0;
  const back = urls.some((url) => url !== null && leadsTo(url, host));
  if (hops === 0 && !back) return null;
  return back ? `${hops} ${host}` : String(hops);
}

/** Whether a URL is an address at which the relay of that host takes events. */
export function leadsTo(url: string, host: string): boolean {
  const parsed = URL.parse(url);
  return parsed !== null && bare(parsed.host) === bare(host) && /^\/+in(?:\/|$)/i.test(parsed.pathname);
}

/** A name with a dot at its end is the same name. */
function bare(host: string): string {
  return host.replace(/\.(?=$|:)/, "").toLowerCase();
}

/** The hop that an attempt sends, or `null` where it must not be sent: to this relay itself, or on and on. */
export function nextHop(way: string | undefined, url: string | null): string | null {
  const [before = "0", host] = (way ?? "0").split(" ");
  const hops = Number(before);
  const back = host !== undefined && url !== null && leadsTo(url, host);
  return back || !(hops < MOST_HOPS) ? null : String(hops + 1);
}

/**
 * A text as a header takes it: a type may hold any character, a header value may not (RFC 9110, 5.5).
 * Half a surrogate pair cannot be encoded at all.
 */
export function headerText(text: string): string {
  return text.toWellFormed().replaceAll(/[^\x20-\x7e]/gu, (character) => encodeURIComponent(character));
}
