// Which bodies the pages take: forms as browsers write them, and small.
// Whatever else comes is the sender's mistake, not the relay's.
import type { MiddlewareHandler } from "hono";
import { mostAt } from "../contract/acts.ts";
import type { Result } from "../errors.ts";
import type { PageDeps } from "./page.tsx";
import { toWire } from "../reasons.ts";

/**
 * Reads the form before anybody works with it, so that `formData()` cannot fail afterwards. It stands behind what says
 * who sends it: a stranger's bytes are not waited for.
 *
 * @param most largest form, in bytes; left out, as large as the order that it stands for may be
 */
export function forms({ bodies }: Pick<PageDeps, "bodies">, most?: number): MiddlewareHandler {
  return async function readForm(c, next) {
    const { raw } = c.req;
    if (raw.method === "GET" || raw.method === "HEAD") return await next();
    const type = raw.headers.get("content-type")?.split(";")[0]?.trim().toLowerCase();
    if (type !== "application/x-www-form-urlencoded") return c.text("Not a form.", 415);
    const read = async (body: Result<Uint8Array>): Promise<Response | void> => {
      if (!body.ok) {
        const { status, title, headers = {} } = toWire(body.rejection);
        return new Response(title, { status, headers });
      }
      c.req.raw = new Request(raw, { method: raw.method, body: body.value });
      await next();
    };
    return await bodies.with(raw, most ?? mostAt(c.req.path), read, c.req.header("cf-connecting-ip") ?? "");
  };
}
