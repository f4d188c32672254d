// The cookie that a signed-in browser carries; touches nothing.

const SESSION = /^[0-9a-f]{64}$/;

/** The session that a request carries, or `null` if there is none that could be one. */
export function readCookie(request: Request): string | null {
  const name = nameFor(request);
  for (const pair of (request.headers.get("cookie") ?? "").split(";")) {
    const [key, value] = pair.trim().split("=", 2);
    if (key === name && value !== undefined && SESSION.test(value)) return value;
  }
  return null;
}

/** @param lifeMs how long the browser keeps it */
export function writeCookie(request: Request, session: string, lifeMs: number): string {
  const secure = isLocal(request) ? "" : "Secure; ";
  return `${nameFor(request)}=${session}; Path=/; ${secure}HttpOnly; SameSite=Strict; Max-Age=${Math.floor(lifeMs / 1000)}`;
}

/** Makes the browser forget. */
export function expiredCookie(request: Request): string {
  return writeCookie(request, "", 0);
}

/**
 * `__Host-` has the browser refuse a cookie that a neighbouring host has set. Without https it would refuse every one.
 */
function nameFor(request: Request): string {
  return isLocal(request) ? "hookline" : "__Host-hookline";
}

function isLocal(request: Request): boolean {
  const { protocol, hostname } = new URL(request.url);
  return protocol === "http:" && ["127.0.0.1", "localhost", "[::1]"].includes(hostname);
}
