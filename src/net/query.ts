// A URL with more parameters than it had. Pure.

/** The URL with more parameters. What they hold is percent-encoded: it can be nothing else than a parameter. */
export function withQuery(url: string, parameters: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(parameters).map((pair) =>
    pair.map((text) => encodeURIComponent(text.toWellFormed())).join("="),
  );
  return pairs.length === 0 ? url : `${url}${url.includes("?") ? "&" : "?"}${pairs.join("&")}`;
}
