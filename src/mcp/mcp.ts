// /mcp: the relay's tools for assistants, by the Model Context Protocol over HTTP. Each request stands alone.
import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { type Access, ambient } from "../access/access.ts";
import type { ApiEnv } from "../api/env.ts";
import { guard } from "../api/guard.ts";
import { parseJson } from "../bytes/json.ts";
import { type Problem, problem } from "../errors.ts";
import { answerTo, type Reply, type ServeDeps } from "./serve.ts";

export interface McpDeps extends ServeDeps {
  readonly access: Pick<Access, "identify" | "sameOrigin">;
}

/** Largest message, in bytes: a dry run may bring a body, as over the API. */
const MOST_BYTES = 1024 * 1024;
/** Members and levels of a message: arguments are flat, and a body in them is text. */
const MOST_PARTS = 20_000;
const DEEPEST = 32;

/** What is under `/mcp`, all of it behind the guard of the API: nobody's body is read before it is known who asks. */
export function mcp(deps: McpDeps) {
  const app = new Hono<ApiEnv>();
  app.use(guard(deps.access));
  app.use(async (c, next) => {
    const why = whyNot(c.req.raw, c.var.caller.how);
    return why === null ? await next() : problem(why);
  });
  app.post("/", bodyLimit({ maxSize: MOST_BYTES, onError: () => problem(TOO_LARGE) }), async (c) => {
    const message = parseJson(await c.req.text(), MOST_PARTS, DEEPEST);
    return toResponse(await answerTo(message, c.req.raw, c.var.caller, deps));
  });
  // No stream is offered, and there is no session to end.
  app.all("/", () => problem({ status: 405, title: "Method Not Allowed", headers: { allow: "POST" } }));
  app.all("*", () => problem({ status: 404, title: "Not Found", detail: "tools are at /mcp" }));
  return app;
}

const TOO_LARGE: Problem = {
  status: 413,
  title: "Content Too Large",
  detail: `a message may have ${MOST_BYTES} bytes at most`,
};

/** Why a request with a good credential is not heard: a browser may have been made to send it. */
function whyNot({ method, headers, url }: Request, how: ApiEnv["Variables"]["caller"]["how"]): Problem | null {
  if (ambient({ how })) {
    const detail = "an assistant takes an API key: make one with hookline keys create NAME --role viewer";
    return { status: 403, title: "Forbidden", detail };
  }
  // By the specification, against a page that has its own name lead to this address.
  const origin = headers.get("origin");
  if (origin !== null && origin !== new URL(url).origin)
    return { status: 403, title: "Forbidden", detail: "a page of another site sent this" };
  if (method !== "POST") return null;
  if (!/^application\/json *(?:;|$)/i.test(headers.get("content-type") ?? ""))
    return { status: 415, title: "Unsupported Media Type", detail: "a message is sent as application/json" };
  const accept = headers.get("accept");
  return accept === null || /application\/(?:json|\*)|\*\/\*/i.test(accept)
    ? null
    : { status: 406, title: "Not Acceptable", detail: "answers are application/json" };
}

function toResponse({ status, body }: Reply): Response {
  return body === null
    ? new Response(null, { status })
    : new Response(JSON.stringify(body), { status, headers: { "content-type": "application/json" } });
}
