// Which bodies the pages take: forms as browsers write them, and small. Whatever else comes is the sender's mistake, not the relay's.
import type { MiddlewareHandler } from "hono";

/** Largest form, in bytes. */
const FORM_BYTES = 64 * 1024;

/** Reads the form before anybody works with it, so that `formData()` cannot fail afterwards. */
export const forms: MiddlewareHandler = async function forms(c, next) {
  const { raw } = c.req;
  if (raw.method === "GET" || raw.method === "HEAD") return next();
  const type = raw.headers.get("content-type")?.split(";")[0]?.trim().toLowerCase();
  if (type !== "application/x-www-form-urlencoded") return c.text("Not a form.", 415);
  const body = await readAtMost(raw.body, FORM_BYTES);
  if (body === null) return c.text("The form is too large.", 413);
  c.req.raw = new Request(raw, { method: raw.method, body });
  return next();
};

/** `null` for a body that is longer, or that breaks off. */
async function readAtMost(stream: ReadableStream<Uint8Array> | null, most: number): Promise<Uint8Array | null> {
  if (stream === null) return new Uint8Array();
  const body = new Uint8Array(most);
  let length = 0;
  try {
    for await (const piece of stream) {
      if (length + piece.length > most) return null;
      body.set(piece, length);
      length += piece.length;
    }
  } catch {
    return null;
  }
  return body.subarray(0, length);
}
