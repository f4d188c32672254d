// What is answered where a request did not come by https?
import { problem } from "../errors.ts";
import { isLoopback } from "../net/egress.ts";

/**
 * A request that came in clear under a public name. A page is shown by https; a program is refused, so that whoever set
 * it up notices: a redirect would have it send its secret in clear each time, and hear that all is well.
 *
 * @param loopback whether this relay is one for development
 * @returns `null` for what came by https, or to this machine
 */
export function inClear({ method, url: asked }: Request, loopback: boolean): Response | null {
  const url = new URL(asked);
  if (url.protocol !== "http:" || loopback || isLoopback(url.hostname)) return null;
  const page = (method === "GET" || method === "HEAD") && !/^\/+(?:(?:v1\/+)?in|api)(?:\/|$)/i.test(url.pathname);
  url.protocol = "https:";
  if (page) return new Response(null, { status: 308, headers: { location: url.href, "cache-control": "no-store" } });
  return problem({ status: 403, title: "Forbidden", detail: "this address takes https only" });
}
