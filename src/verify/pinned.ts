// Which URLs out of a request may be fetched:
// https ones at a host and a path of the provider's own, and nothing more. Pure.

/** What a provider pins: regular expressions, each for the whole of its part of the URL. */
export interface Pin {
  readonly host: string;
  readonly path: string;
  /** Without the question mark; a URL has no query where this is not set. */
  readonly query?: string | undefined;
}

/**
 * The URL, or `null` where it is not one of the provider's: it is fetched by us, so nobody else may choose it. It must
 * be written as a parser writes it back, so that one address has one name:
 * no port, user, fragment or empty query, no dots, no other case.
 */
export function pinnedUrl(url: string | null, pin: Pin): string | null {
  if (url === null || !URL.canParse(url)) return null;
  const { hostname, pathname, search } = new URL(url);
  const query = pin.query === undefined ? "" : search;
  if (url !== `https://${hostname}${pathname}${query}`) return null;
  const fits = isWhole(pin.host, hostname) && isWhole(pin.path, pathname);
  return fits && (pin.query === undefined || isWhole(pin.query, query.slice(1))) ? url : null;
}

function isWhole(pattern: string, text: string): boolean {
  return whole(pattern).test(text);
}

function whole(pattern: string): RegExp {
  return new RegExp(`^(?:${pattern})$`);
}

/** Names in which `$1`, `$2` … stand for what the groups of the host's pattern have matched. */
export function namesFor(url: string, { host }: Pin, names: readonly string[]): readonly string[] {
  const groups = whole(host).exec(new URL(url).hostname) ?? [];
  return names.map((name) => name.replaceAll(/\$(\d)/g, (_, n: string) => groups[Number(n)] ?? ""));
}
