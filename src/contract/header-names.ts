// Which headers may be written down of a request, and sent on by whoever has them? Pure.

const TOKEN = /^[\w!#$%&'*+.^`|~-]{1,128}$/;
/** No control character, which some readers take for the end of a header. */
const VALUE = /^[^\p{Cc}]{0,16384}$/u;

/** Of the connection (RFC 9110, 7.6.1), or written by whoever sends the bytes. */
export const OF_CONNECTION: ReadonlySet<string> = new Set(
  (
    "host connection keep-alive proxy-connection proxy-authenticate proxy-authorization te trailer trailers transfer-encoding " +
    "upgrade expect content-length http2-settings via"
  ).split(" "),
);

/** Whether a text, in lower case, can be the name of a header. */
export function isHeaderName(name: string): boolean {
  return TOKEN.test(name);
}

/** Whether a relay may have kept these of a request: each is a header, and none belongs to the connection. */
export function isKeptHeaders(headers: Readonly<Record<string, string>>): boolean {
  return Object.entries(headers).every(
    ([name, value]) =>
      isHeaderName(name) && name === name.toLowerCase() && !OF_CONNECTION.has(name) && VALUE.test(value),
  );
}
