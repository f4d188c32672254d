// Which URLs out of a request may be fetched: https ones on a host of the provider's own. Pure.

/** What a provider pins. */
export interface Pin {
  /** A regular expression for the whole host name. */
  readonly host: string;
  /** How the path must end. */
  readonly suffix?: string | undefined;
}

/** The URL, or `null` where it is not one of the provider's: it is fetched by us, so nobody else may choose it. */
export function pinnedUrl(url: string | null, { host, suffix = "" }: Pin): string | null {
  if (url === null || !URL.canParse(url)) return null;
  const { protocol, hostname, port, username, password, pathname } = new URL(url);
  if (protocol !== "https:" || port !== "" || username !== "" || password !== "") return null;
  return new RegExp(`^(?:${host})$`).test(hostname) && pathname.endsWith(suffix) ? url : null;
}
